-- One row is an order without any line.
select
    validated_orders.source_key as key,
    validated_orders.record_id,
    orders.customer_id as master_id,
    orders.order_id,
    'no line was delivered for this order' as detail,
    orders.order_total as value_at_risk
from validated.orders as validated_orders
join mastered.orders
    on orders.order_id = validated_orders.order_id
left join (select distinct order_id from raw.order_lines) as lines
    on lines.order_id = orders.order_id
where lines.order_id is null
