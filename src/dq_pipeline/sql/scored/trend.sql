-- One row is one score of one run, this one and those before.
select
    run_id, -- the run
    run_date, -- its date
    cut, -- the cut through the project, as in scorecard; null where an older version wrote it
    dimension, -- the dimension, or 'all'
    source, -- the source, or 'all'
    entity, -- the entity, or 'all'
    touchpoint, -- the touchpoint, or 'all'
    owner, -- the owner, or 'all'
    score -- the share of checks that passed, 0 to 1
from scored.trend_before
where run_id <> run_id()
union all
select
    run_id,
    run_date() as run_date,
    cut,
    dimension,
    source,
    entity,
    touchpoint,
    owner,
    score
from scored.scorecard
