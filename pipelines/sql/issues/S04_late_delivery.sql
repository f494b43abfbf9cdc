-- one row is a shipment that arrived after the promised day
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'promised for ' || cast(cast(orders.promised_at as date) as varchar) || ', arrived ' || cast(cast(shipments.delivered_at as date) as varchar) as detail,
    orders.order_total as value_at_risk,
    cast(orders.promised_at as date) as since
from validated.shipments
join mastered.orders
    on orders.order_id = shipments.order_id
where cast(shipments.delivered_at as date) > cast(orders.promised_at as date)
