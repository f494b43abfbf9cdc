-- One row is a number of a parcel, ours or the carrier's, and one whom it concerns: who bought it, or who receives it.
with concerned as (
    select
        shipment_id,
        order_id,
        carrier,
        tracking_number,
        customer_id,
        'bought by them' as why
    from mastered.shipments
    where customer_id is not null
    union all
    select
        shipment_id,
        order_id,
        carrier,
        tracking_number,
        recipient_customer_id as customer_id,
        'addressed to them' as why
    from mastered.shipments
    where recipient_customer_id is not null
        and recipient_customer_id is distinct from customer_id
)
select
    'shipment_number' as kind,
    reverse(std_key(shipment_id)) as key,
    customer_id,
    concat_ws(', ', shipment_id, 'order ' || order_id, why) as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from concerned
union all
select
    'tracking_number' as kind,
    reverse(std_key(tracking_number)) as key,
    customer_id,
    concat_ws(', ', concat_ws(' ', carrier, tracking_number), 'order ' || order_id, why) as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from concerned
where std_key(tracking_number) is not null
