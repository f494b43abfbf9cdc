-- one row is a shipment whose order was not delivered
select
    shipments.source_key as key,
    shipments.record_id,
    mastered_shipments.recipient_customer_id as master_id,
    shipments.order_id,
    'order ' || coalesce(shipments.order_id, '(blank)') || ' was not delivered' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.shipments
join mastered.shipments as mastered_shipments
    on mastered_shipments.shipment_id = shipments.shipment_id
left join (select distinct order_id from raw.orders) as delivered
    on delivered.order_id = shipments.order_id
where delivered.order_id is null
