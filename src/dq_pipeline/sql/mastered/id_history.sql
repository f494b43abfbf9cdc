-- One row is one thing that happened to a master id: created, merged into another, split, or retired.
select
    entity, -- the kind of thing
    master_id, -- the id it happened to
    event, -- created, merged, split or retired
    into_master_id, -- merged: the survivor; split: the id that took part of its records; else null
    run_id, -- the run in which it happened
    run_date -- the date of that run
from mastered.history_before
union all
select
    entity,
    master_id,
    event,
    into_master_id,
    run_id() as run_id,
    run_date() as run_date
from mastered.id_events
