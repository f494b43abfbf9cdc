-- One row is the recipient on the label of one shipment: the order's customer only where the label bears the buyer's name.
with buyers as (
    select
        order_id,
        std_fold(customer_name) as buyer,
        min(customer_id) as customer_id
    from validated.orders
    group by
        order_id,
        std_fold(customer_name)
)
select
    shipments.record_id,
    'shipments' as source,
    shipments.source_key,
    'recipient' as role,
    shipments.recipient_name as full_name,
    shipments.line1 as address_line1,
    shipments.line2 as address_line2,
    shipments.city,
    shipments.state,
    shipments.postal_code,
    buyers.customer_id as customer_ref,
    shipments.order_id as order_ref,
    shipments.shipped_at as created_at,
    shipments.shipped_at as updated_at
from validated.shipments as shipments
left join buyers
    on buyers.order_id = shipments.order_id
    and buyers.buyer = std_fold(shipments.recipient_name)
