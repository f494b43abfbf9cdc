-- one row is a delivered shipment whose order is still open
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'delivered, but the order is open' as detail,
    orders.order_total as value_at_risk
from validated.shipments
join mastered.orders
    on orders.order_id = shipments.order_id
where shipments.status = 'delivered'
    and orders.status = 'open'
