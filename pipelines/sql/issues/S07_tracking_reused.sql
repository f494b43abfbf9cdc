-- one row is a shipment whose tracking number another shipment has too
with used as (
    select
        tracking_number,
        count(*) as shipments
    from validated.shipments
    where tracking_number is not null
    group by tracking_number
)
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'tracking number ' || shipments.tracking_number || ' is on ' || cast(used.shipments as varchar) || ' shipments' as detail,
    orders.order_total as value_at_risk
from validated.shipments
join used
    on used.tracking_number = shipments.tracking_number
    and used.shipments > 1
left join mastered.orders
    on orders.order_id = shipments.order_id
