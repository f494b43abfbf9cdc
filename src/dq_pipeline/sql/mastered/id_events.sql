-- one row is something that happened to a master id tonight
with moved as (
    select
        known.entity,
        known.master_id as old_id,
        xref.master_id as new_id,
        count(*) as records
    from mastered.known_before as known
    join mastered.xref
        on xref.entity = known.entity
        and xref.record_id = known.record_id
    group by
        known.entity,
        known.master_id,
        xref.master_id
),
live_before as (
    select distinct
        entity,
        master_id
    from mastered.known_before
    where is_live
),
gone as (
    select
        live_before.entity,
        live_before.master_id
    from live_before
    left join (select distinct entity, master_id from mastered.xref) as alive
        on alive.entity = live_before.entity
        and alive.master_id = live_before.master_id
    where alive.master_id is null
),
destinations as (
    select
        gone.entity,
        gone.master_id,
        moved.new_id,
        row_number() over (
            partition by gone.entity, gone.master_id
            order by moved.records desc nulls last, moved.new_id
        ) as choice
    from gone
    left join moved
        on moved.entity = gone.entity
        and moved.old_id = gone.master_id
),
arrived as (
    select
        alive.entity,
        alive.master_id
    from (select distinct entity, master_id from mastered.xref) as alive
    left join live_before
        on live_before.entity = alive.entity
        and live_before.master_id = alive.master_id
    where live_before.master_id is null
)
select
    entity,
    master_id,
    'created' as event,
    cast(null as varchar) as into_master_id
from arrived
union all
select
    moved.entity,
    moved.old_id as master_id,
    'split' as event,
    moved.new_id as into_master_id
from moved
join arrived
    on arrived.entity = moved.entity
    and arrived.master_id = moved.new_id
where moved.old_id <> moved.new_id
union all
select
    entity,
    master_id,
    case when new_id is null then 'retired' else 'merged' end as event,
    new_id as into_master_id
from destinations
where choice = 1
