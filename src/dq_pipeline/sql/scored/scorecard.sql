-- One row is the score of one dimension in one source or entity; 'all' is the whole project.
with summed as (
    select
        dimension,
        source,
        coalesce(entity, 'all') as entity,
        sum(passed) as passed,
        sum(failed) as failed
    from scored.measures
    group by
        dimension,
        source,
        coalesce(entity, 'all')
    union all
    select
        dimension,
        'all' as source,
        'all' as entity,
        sum(passed) as passed,
        sum(failed) as failed
    from scored.measures
    group by dimension
)
select
    run_id() as run_id, -- the run
    summed.dimension, -- completeness, validity, uniqueness, consistency, timeliness or accuracy
    summed.source, -- the source, or 'all'
    summed.entity, -- the kind of master the score is about, or 'all'
    coalesce(sources.touchpoint, 'all') as touchpoint, -- where the customer meets this source, or 'all'
    cast(summed.passed as bigint) as passed, -- checks that passed, counted row by row
    cast(summed.failed as bigint) as failed, -- checks that failed
    round(summed.passed / (summed.passed + summed.failed), 6) as score, -- passed as a share of both, 0 to 1
    targets.target, -- what the project wants it to be; null where it names none
    case
        when targets.target is null then 'no target'
        when summed.passed / (summed.passed + summed.failed) >= targets.target then 'met'
        else 'missed'
    end as status -- met, missed, or no target
from summed
left join scored.targets
    on targets.dimension = summed.dimension
left join scored.sources
    on sources.source = summed.source
where summed.passed + summed.failed > 0
