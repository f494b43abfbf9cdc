-- One row is one account that the CRM holds.
select
    record_id,
    'crm_customers' as source,
    source_key,
    'account' as role,
    customer_type,
    full_name,
    first_name,
    last_name,
    preferred_name,
    email,
    phone,
    date_of_birth as birth_date,
    country,
    customer_id as customer_ref,
    cast(null as varchar) as order_ref,
    channel,
    status,
    created_at,
    updated_at
from validated.crm_customers
