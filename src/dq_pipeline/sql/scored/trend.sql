-- One row is one score of one run, this one and those before.
select
    run_id, -- the run
    run_date, -- its date
    dimension, -- the dimension
    source, -- the source, or 'all'
    entity, -- the entity, or 'all'
    score -- passed as a share of all checks, 0 to 1
from scored.trend_before
where run_id <> run_id()
union all
select
    run_id,
    run_date() as run_date,
    dimension,
    source,
    entity,
    score
from scored.scorecard
