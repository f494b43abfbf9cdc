-- one row is a shipment that left before its order was placed
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'left ' || cast(cast(shipments.shipped_at as date) as varchar) || ', ordered ' || cast(cast(orders.ordered_at as date) as varchar) as detail,
    orders.order_total as value_at_risk
from validated.shipments
join mastered.orders
    on orders.order_id = shipments.order_id
where shipments.shipped_at < orders.ordered_at
