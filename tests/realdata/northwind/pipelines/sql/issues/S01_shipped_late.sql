-- One row is an order that left after the day on which it was required.
select
    shipping.source_key as key,
    shipping.record_id,
    shipments.customer_id as master_id,
    shipments.order_id,
    'left on ' || cast(cast(shipments.shipped_at as date) as varchar) || ', required on ' || cast(cast(shipments.required_at as date) as varchar) as detail,
    orders.order_total as value_at_risk
from validated.shipping
join mastered.shipments
    on shipments.order_id = shipping.order_id
join mastered.orders
    on orders.order_id = shipments.order_id
where shipments.is_late
