-- one row is an order whose total is not the sum of its lines; orders with a line in quarantine are left out
with delivered as (
    select
        order_id,
        count(*) as lines
    from raw.order_lines
    where repeat_no = 1
    group by order_id
),
summed as (
    select
        order_id,
        count(*) as lines,
        sum(quantity * unit_price) as amount
    from validated.order_lines
    group by order_id
)
select
    orders.source_key as key,
    orders.record_id,
    mastered_orders.customer_id as master_id,
    orders.order_id,
    'charged ' || cast(cast(orders.order_total as decimal(18, 2)) as varchar) || ', the lines add up to ' || cast(cast(summed.amount as decimal(18, 2)) as varchar) as detail,
    cast(abs(orders.order_total - summed.amount) as decimal(18, 2)) as value_at_risk
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
join summed
    on summed.order_id = orders.order_id
join delivered
    on delivered.order_id = orders.order_id
    and delivered.lines = summed.lines
where abs(orders.order_total - summed.amount) > 0.01
