-- One row is the address of one CRM customer, as its parts were typed.
select
    record_id,
    'crm_customers' as source,
    source_key,
    address_line1,
    address_line2,
    city,
    state,
    postal_code,
    country,
    nullif(concat_ws(', ', address_line1, address_line2, city, state, postal_code, country), '') as address_text,
    updated_at
from validated.crm_customers
