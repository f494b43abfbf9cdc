-- One row is the recipient on the label of one shipment; whether that is the buyer is found out by linkage.
select
    record_id,
    'shipments' as source,
    source_key,
    'recipient' as role,
    recipient_name as full_name,
    order_id as order_ref,
    shipped_at as created_at,
    shipped_at as updated_at
from validated.shipments
