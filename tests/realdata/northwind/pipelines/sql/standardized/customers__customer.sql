-- One row is one customer as the customer file has it.
select
    record_id,
    'customers' as source,
    source_key,
    'account' as role,
    customer_id as customer_ref,
    company_name as name,
    contact_name,
    contact_title,
    phone,
    fax,
    country,
    cast(null as timestamp) as updated_at
from validated.customers
