-- One row is the buyer of one order, as typed at the checkout. Where it was sent says nothing of the buyer.
select
    record_id,
    'orders' as source,
    source_key,
    'buyer' as role,
    customer_name as full_name,
    email,
    phone,
    customer_id as customer_ref,
    order_id as order_ref,
    channel,
    ordered_at as created_at,
    ordered_at as updated_at
from validated.orders
