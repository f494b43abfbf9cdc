-- One row is a master id that was ever given out, with the id that answers for it now (itself while it lives).
with recursive live as (
    select distinct
        entity,
        master_id
    from mastered.xref
),
merges as (
    select
        history.entity,
        history.master_id,
        history.into_master_id,
        row_number() over (
            partition by history.entity, history.master_id
            order by history.run_date desc, history.run_id desc, history.into_master_id
        ) as newest
    from mastered.id_history as history
    left join live
        on live.entity = history.entity
        and live.master_id = history.master_id
    where history.event = 'merged'
        and live.master_id is null
),
steps as (
    select distinct
        entity,
        master_id,
        master_id as current_id,
        0 as depth
    from mastered.id_history
    union all
    select
        steps.entity,
        steps.master_id,
        merges.into_master_id as current_id,
        steps.depth + 1 as depth
    from steps
    join merges
        on merges.entity = steps.entity
        and merges.master_id = steps.current_id
        and merges.newest = 1
    where steps.depth < 1000
),
furthest as (
    select
        entity,
        master_id,
        current_id,
        row_number() over (
            partition by entity, master_id
            order by depth desc, current_id
        ) as choice
    from steps
)
select
    furthest.entity, -- the kind of thing
    furthest.master_id, -- an id that was given out at some time
    case when live.master_id is null then null else furthest.current_id end as current_id, -- the id to use now; null where no record of it is left
    furthest.current_id as last_id -- the same; where no record is left, the last id that stood for it
from furthest
left join live
    on live.entity = furthest.entity
    and live.master_id = furthest.current_id
where furthest.choice = 1
