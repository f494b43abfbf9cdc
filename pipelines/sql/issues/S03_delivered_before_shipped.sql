-- one row is a shipment that arrived before it left
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'arrived ' || cast(cast(shipments.delivered_at as date) as varchar) || ', left ' || cast(cast(shipments.shipped_at as date) as varchar) as detail,
    orders.order_total as value_at_risk
from validated.shipments
left join mastered.orders
    on orders.order_id = shipments.order_id
where shipments.delivered_at < shipments.shipped_at
