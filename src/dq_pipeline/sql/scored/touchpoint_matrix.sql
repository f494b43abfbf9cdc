-- One row is one attribute at one touchpoint: whether what its records say is the golden value.
with compared as (
    select
        counts.entity,
        counts.attribute,
        counts.touchpoint,
        counts.agree,
        counts.contradict,
        counts.missing,
        cast(counts.agree as double) / (counts.agree + counts.contradict) as agreement,
        coalesce(targets.agreement, settings.agreement) as target
    from scored.touchpoint_counts as counts
    cross join scored.touchpoint_settings as settings
    left join scored.touchpoint_targets as targets
        on targets.name = counts.entity || '.' || counts.attribute
    where counts.agree + counts.contradict > 0
)
select
    run_id() as run_id, -- the run
    run_date() as run_date, -- its date
    compared.entity, -- the kind of master
    compared.attribute, -- the field of the golden record
    compared.touchpoint, -- where the records come from: what the row says, or its source's touchpoint
    compared.agree, -- records that say what the golden record says
    compared.contradict, -- records that say something else
    compared.missing, -- records that say nothing, where the golden record has a value
    round(compared.agreement, 6) as agreement, -- agree, as a share of those that say something
    compared.target, -- the share from which on it is good
    case when compared.agreement >= compared.target then 'met' else 'missed' end as status, -- met or missed
    case
        when compared.agreement >= compared.target then null
        else coalesce(before.below_since, run_date())
    end as below_since, -- the first night without a break that missed it
    cast(
        case
            when compared.agreement >= compared.target then 0
            -- A second run of a night is no further night.
            when before.run_date = run_date() then greatest(before.nights_below, 1)
            else coalesce(before.nights_below, 0) + 1
        end as integer
    ) as nights_below -- for how many nights in a row
from compared
left join scored.touchpoint_matrix_before as before
    on before.entity = compared.entity
    and before.attribute = compared.attribute
    and before.touchpoint = compared.touchpoint
