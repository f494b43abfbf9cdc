-- one row is one defect and what it costs the overall score: what repairing all its rows would give back
with weighed as (
    select
        measures.code,
        measures.dimension,
        coalesce(sources.weight, 1) as weight,
        measures.passed,
        measures.failed
    from scored.measures
    left join scored.source_weights as sources
        on sources.source = measures.source
),
dimensions as (
    select
        weighed.dimension,
        sum(weighed.weight * (weighed.passed + weighed.failed)) as checks,
        coalesce(max(weights.weight), 1) as weight
    from weighed
    left join scored.dimension_weights as weights
        on weights.dimension = weighed.dimension
    group by weighed.dimension
    having sum(weighed.passed + weighed.failed) > 0
)
select
    weighed.code,
    sum(weighed.weight * weighed.failed / dimensions.checks * dimensions.weight / totals.weight) as loss
from weighed
join dimensions
    on dimensions.dimension = weighed.dimension
cross join (select sum(weight) as weight from dimensions) as totals
group by weighed.code
