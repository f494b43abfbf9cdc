-- One row is an order that has not left.
select
    validated_orders.source_key as key,
    validated_orders.record_id,
    orders.customer_id as master_id,
    orders.order_id,
    'required on ' || cast(cast(orders.required_at as date) as varchar) as detail,
    orders.order_total as value_at_risk
from validated.orders as validated_orders
join mastered.orders
    on orders.order_id = validated_orders.order_id
where orders.status = 'open'
