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
alive as (
    select distinct
        entity,
        master_id
    from mastered.xref
),
known_ids as (
    select
        entity,
        master_id,
        max(case when is_live then 1 else 0 end) = 1 as is_live
    from mastered.known_before
    group by
        entity,
        master_id
),
-- An id retired before is gone again, for good, when its records come back as part of another.
gone as (
    select
        known_ids.entity,
        known_ids.master_id
    from known_ids
    left join alive
        on alive.entity = known_ids.entity
        and alive.master_id = known_ids.master_id
    left join (select distinct entity, old_id from moved) as returned
        on returned.entity = known_ids.entity
        and returned.old_id = known_ids.master_id
    where alive.master_id is null
        and (known_ids.is_live or returned.old_id is not null)
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
)
select
    alive.entity,
    alive.master_id,
    'created' as event,
    cast(null as varchar) as into_master_id
from alive
left join known_ids
    on known_ids.entity = alive.entity
    and known_ids.master_id = alive.master_id
    and known_ids.is_live
where known_ids.master_id is null
union all
select
    moved.entity,
    moved.old_id as master_id,
    'split' as event,
    moved.new_id as into_master_id
from moved
left join destinations
    on destinations.entity = moved.entity
    and destinations.master_id = moved.old_id
    and destinations.new_id = moved.new_id
    and destinations.choice = 1
where moved.old_id <> moved.new_id
    and destinations.master_id is null
union all
select
    entity,
    master_id,
    case when new_id is null then 'retired' else 'merged' end as event,
    new_id as into_master_id
from destinations
where choice = 1
