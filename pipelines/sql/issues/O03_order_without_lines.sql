-- one row is an order without any line
select
    orders.source_key as key,
    orders.record_id,
    mastered_orders.customer_id as master_id,
    orders.order_id,
    'no line was delivered for this order' as detail,
    orders.order_total as value_at_risk
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
left join (select distinct order_id from raw.order_lines) as lines
    on lines.order_id = orders.order_id
where lines.order_id is null
