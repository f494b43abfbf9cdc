-- one row is a master with what is at stake where it is taken for another: what it ordered, and which orders are open
with placed as (
    select
        entity,
        master_id,
        order_id,
        max(value) as value,
        max(case when is_open then 1 else 0 end) = 1 as is_open
    from mastered.stake
    where master_id is not null
    group by
        entity,
        master_id,
        order_id
),
still_open as (
    select
        entity,
        master_id,
        list_sort(list(order_id)) as open_order_ids
    from placed
    where is_open
    group by
        entity,
        master_id
),
valued as (
    select
        entity,
        master_id,
        cast(coalesce(sum(value), 0) as double) as value
    from placed
    group by
        entity,
        master_id
)
select
    valued.entity,
    valued.master_id,
    valued.value,
    still_open.open_order_ids
from valued
left join still_open
    on still_open.entity = valued.entity
    and still_open.master_id = valued.master_id
