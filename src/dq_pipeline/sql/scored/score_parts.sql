-- one row is one score without its target: of a dimension, or of all ('all'), in one cut through the project
with parts as (
    select
        cuts.cut,
        measures.dimension,
        case when cuts.cut in ('source', 'part') then measures.source else 'all' end as source,
        case when cuts.cut in ('entity', 'part') then coalesce(measures.entity, 'all') else 'all' end as entity,
        case when cuts.cut in ('touchpoint', 'part') then coalesce(measures.touchpoint, 'all') else 'all' end as touchpoint,
        case when cuts.cut in ('owner', 'part') then coalesce(measures.owner, 'all') else 'all' end as owner,
        coalesce(weights.weight, 1) as weight,
        measures.passed,
        measures.failed
    from scored.measures
    cross join scored.cuts
    left join scored.source_weights as weights
        on weights.source = measures.source
    where (cuts.cut <> 'entity' or measures.entity is not null)
        and (cuts.cut <> 'touchpoint' or measures.touchpoint is not null)
        and (cuts.cut <> 'owner' or measures.owner is not null)
),
dimensions as (
    select
        parts.cut,
        parts.dimension,
        parts.source,
        parts.entity,
        parts.touchpoint,
        parts.owner,
        sum(parts.passed) as passed,
        sum(parts.failed) as failed,
        sum(parts.weight * parts.passed) / sum(parts.weight * (parts.passed + parts.failed)) as score,
        coalesce(max(weights.weight), 1) as weight
    from parts
    left join scored.dimension_weights as weights
        on weights.dimension = parts.dimension
    group by
        parts.cut,
        parts.dimension,
        parts.source,
        parts.entity,
        parts.touchpoint,
        parts.owner
    having sum(parts.passed + parts.failed) > 0
)
select
    cut,
    dimension,
    source,
    entity,
    touchpoint,
    owner,
    passed,
    failed,
    score,
    weight
from dimensions
union all
select
    case when cut = 'dimension' then 'overall' else cut end as cut,
    'all' as dimension,
    source,
    entity,
    touchpoint,
    owner,
    sum(passed) as passed,
    sum(failed) as failed,
    sum(weight * score) / sum(weight) as score,
    sum(weight) as weight
from dimensions
where cut <> 'part'
group by
    cut,
    source,
    entity,
    touchpoint,
    owner
