-- One row is one way in which a source's columns differ, or differed, from its contract.
with tonight as (
    select
        source,
        change,
        column_name,
        coalesce(found_name, '') as other,
        max(found_name) as found_name,
        max(declared_type) as declared_type,
        max(found_type) as found_type,
        max(name_similarity) as name_similarity,
        max(content_similarity) as content_similarity,
        max(policy) as policy,
        max(effect) as effect,
        max(proposal) as proposal,
        max(source_file) as source_file
    from raw.schema_changes
    group by source, change, column_name, coalesce(found_name, '')
),

again as (
    select
        tonight.*,
        coalesce(before.first_seen, run_date()) as first_seen,
        run_date() as last_seen,
        run_id() as run_id
    from tonight
    left join scored.schema_changes_before as before
        on before.source = tonight.source
        and before.change = tonight.change
        and before.column_name = tonight.column_name
        and coalesce(before.found_name, '') = tonight.other
),

gone as (
    select before.*
    from scored.schema_changes_before as before
    left join tonight
        on tonight.source = before.source
        and tonight.change = before.change
        and tonight.column_name = before.column_name
        and tonight.other = coalesce(before.found_name, '')
    where tonight.source is null
),

seen as (
    select * exclude (other) from again
    union all by name
    select * from gone
)

select
    source, -- the source
    change, -- new, missing, renamed (proposed) or retyped
    column_name, -- the column: of the contract, or, where it is new, of the file
    found_name, -- what it is called in the file: of a rename, the name that is proposed; null where it is missing
    declared_type, -- the type that the contract declares; null where it is new
    found_type, -- the type that nearly all of its values have; null where it was not looked at
    name_similarity, -- of a rename: how alike the names are, 0 to 1
    content_similarity, -- of a rename: how alike the values are to the last published night's, 0 to 1; null if unknown
    policy, -- the source's policy that night: strict, warn or evolve
    effect, -- carried, left_out, empty, kept_out (values of another type are in quarantine) or proposed
    proposal, -- the line under `columns` of the contract that would accept it
    source_file, -- a file that it was seen in
    first_seen, -- the date of the first published night that had it
    last_seen, -- the date of the last one
    run_id -- the run of that last one
from seen
