-- One row is an order that left before it was ordered.
select
    shipping.source_key as key,
    shipping.record_id,
    orders.customer_id as master_id,
    orders.order_id,
    'ordered on ' || cast(cast(orders.ordered_at as date) as varchar) || ', left on ' || cast(cast(orders.shipped_at as date) as varchar) as detail,
    orders.order_total as value_at_risk
from validated.shipping
join mastered.orders
    on orders.order_id = shipping.order_id
where cast(orders.shipped_at as date) < cast(orders.ordered_at as date)
