-- one row is the target of one score: of all declared ones that fit, the one that names most, then the first
with fitting as (
    select
        parts.cut,
        parts.dimension,
        parts.source,
        parts.entity,
        parts.touchpoint,
        parts.owner,
        rules.target,
        row_number() over (
            partition by
                parts.cut,
                parts.dimension,
                parts.source,
                parts.entity,
                parts.touchpoint,
                parts.owner
            order by
                rules.fields desc,
                rules.position
        ) as choice
    from scored.score_parts as parts
    join scored.target_rules as rules
        on (rules.dimension is null or rules.dimension = parts.dimension)
        and (rules.source is null or rules.source = parts.source)
        and (rules.entity is null or rules.entity = parts.entity)
        and (rules.touchpoint is null or rules.touchpoint = parts.touchpoint)
        and (rules.owner is null or rules.owner = parts.owner)
)
select
    cut,
    dimension,
    source,
    entity,
    touchpoint,
    owner,
    target
from fitting
where choice = 1
