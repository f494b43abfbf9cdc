-- One row is one reason why one row of a source is kept out, or was until it was repaired, released or gone.
with kept_out as (
    select
        source,
        record_id,
        source_key,
        expectation,
        column_name as "column",
        code,
        reason,
        dimension,
        owner,
        cast(null as varchar) as released_by,
        cast(null as varchar) as released_at,
        cast(null as varchar) as release_reason
    from quarantined.findings
    where severity = 'critical'
    union all
    select
        source,
        record_id,
        source_key,
        expectation,
        column_name as "column",
        code,
        reason,
        dimension,
        owner,
        released_by,
        released_at,
        release_reason
    from quarantined.released_findings
),
now as (
    select
        source,
        record_id,
        expectation,
        "column",
        code,
        min(source_key) as source_key,
        min(reason) as reason,
        min(dimension) as dimension,
        min(owner) as owner,
        min(released_by) as released_by,
        min(released_at) as released_at,
        min(release_reason) as release_reason
    from kept_out
    group by
        source,
        record_id,
        expectation,
        "column",
        code
),
joined as (
    select
        coalesce(now.source, before.source) as source,
        coalesce(now.record_id, before.record_id) as record_id,
        coalesce(now.source_key, before.source_key) as source_key,
        coalesce(now.expectation, before.expectation) as expectation,
        coalesce(now."column", before."column") as "column",
        coalesce(now.code, before.code) as code,
        coalesce(now.reason, before.reason) as reason,
        coalesce(now.dimension, before.dimension) as dimension,
        coalesce(now.owner, before.owner) as owner,
        before.first_seen,
        before.since,
        before.last_seen,
        coalesce(before.returns, 0) as returns,
        before.status as status_before,
        case when now.source is null then before.released_by else now.released_by end as released_by,
        case when now.source is null then before.released_at else now.released_at end as released_at,
        case when now.source is null then before.release_reason else now.release_reason end as release_reason,
        before.raw as raw_before,
        now.source is not null as is_found,
        now.released_by is not null as is_released
    from now
    full join scored.quarantine_before as before
        on before.source = now.source
        and before.record_id = now.record_id
        and before.expectation = now.expectation
        and before.code = now.code
        and before."column" is not distinct from now."column"
),
judged as (
    select
        joined.*,
        coalesce(content.raw, joined.raw_before) as raw,
        case
            when is_found and is_released then 'released'
            when is_found then 'open'
            when content.record_id is not null then 'repaired'
            else 'gone'
        end as status,
        is_found and status_before in ('repaired', 'gone') as came_back
    from joined
    left join scored.quarantine_content as content
        on content.source = joined.source
        and content.record_id = joined.record_id
),
dated as (
    select
        judged.*,
        case when is_found and (came_back or since is null) then run_date() else since end as open_since,
        case when is_found then run_date() else last_seen end as seen_last
    from judged
)
select
    source, -- the source
    record_id, -- the record: source and key
    source_key, -- the key as the source delivered it; null where it is missing
    expectation, -- the critical expectation it failed
    "column", -- the column it looks at
    code, -- the short name of what is wrong
    reason, -- what is wrong, in a sentence
    dimension, -- completeness, validity, uniqueness, consistency, timeliness or accuracy
    owner, -- the department that answers for it
    case when is_found or raw_before is null then raw else raw_before end as raw, -- the row as it was when it failed, as JSON
    coalesce(first_seen, run_date()) as first_seen, -- the date of the first run that found it
    coalesce(open_since, seen_last) as since, -- the date since which it fails without a break
    seen_last as last_seen, -- the date of the last run that found it
    cast(date_diff('day', coalesce(open_since, seen_last), seen_last) as integer) as age_days, -- days from since to last_seen
    cast(returns + case when came_back then 1 else 0 end as integer) as returns, -- how often it came back after it was repaired or gone
    status, -- open, released (a steward lets it pass), repaired (it came again and passes) or gone (it did not come again)
    released_by, -- who released it
    released_at, -- when
    release_reason -- and why
from dated
