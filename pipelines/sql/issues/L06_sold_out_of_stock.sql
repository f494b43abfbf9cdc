-- one row is an order line of an article of which nothing was left when it was ordered
-- Stock is known as of its count: what was left then, less what was ordered since. Cancelled orders take nothing.
with delivered as (
    select
        sku,
        count(*) as locations
    from raw.inventory
    where repeat_no = 1
    group by sku
),
counted as (
    select
        sku,
        count(*) as locations,
        max(counted_at) as counted_at,
        sum(on_hand - allocated) as available
    from validated.inventory
    group by sku
    having count(counted_at) = count(*)
        and count(on_hand - allocated) = count(*)
),
placed as (
    select
        order_lines.source_key,
        order_lines.record_id,
        order_lines.order_id,
        order_lines.quantity,
        order_lines.unit_price,
        orders.customer_id,
        cast(orders.ordered_at as date) as since,
        counted.available,
        coalesce(
            sum(order_lines.quantity) over (
                partition by order_lines.sku
                order by orders.ordered_at, order_lines.record_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as taken
    from validated.order_lines
    join mastered.orders
        on orders.order_id = order_lines.order_id
        and orders.status <> 'cancelled'
    join counted
        on counted.sku = order_lines.sku
        and counted.counted_at < orders.ordered_at
    join delivered
        on delivered.sku = counted.sku
        and delivered.locations = counted.locations
)
select
    source_key as key,
    record_id,
    customer_id as master_id,
    order_id,
    'sold ' || cast(quantity as varchar) || ', nothing was left (' || cast(available - taken as varchar) || ')' as detail,
    cast(quantity * unit_price as decimal(18, 2)) as value_at_risk,
    since
from placed
where available - taken <= 0
