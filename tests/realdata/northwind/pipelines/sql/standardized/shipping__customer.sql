-- One row is the recipient of one order.
select
    record_id,
    'shipping' as source,
    source_key,
    'recipient' as role,
    customer_id as customer_ref,
    ship_to_name as name,
    ship_to_country as country,
    shipped_at as updated_at
from validated.shipping
