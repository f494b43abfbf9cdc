-- one row is a master of either night: how many of its records came, went or changed, and how many masters it met
with sides as (
    select
        entity,
        master_id,
        0 as added,
        case when into_master_id is null then records else 0 end as removed,
        changed,
        case when into_master_id <> master_id then 1 else 0 end as met
    from diffed.flows
    where master_id is not null
    union all
    select
        entity,
        into_master_id as master_id,
        case when master_id is null then records else 0 end as added,
        0 as removed,
        case when master_id <> into_master_id then changed else 0 end as changed,
        case when master_id <> into_master_id then 1 else 0 end as met
    from diffed.flows
    where into_master_id is not null
)
select
    entity,
    master_id,
    sum(added) as added,
    sum(removed) as removed,
    sum(changed) as changed,
    sum(met) as met
from sides
group by
    entity,
    master_id
