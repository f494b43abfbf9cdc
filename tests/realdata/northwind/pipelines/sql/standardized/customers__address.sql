-- One row is the address of one customer.
select
    record_id,
    'customers' as source,
    source_key,
    address,
    city,
    region,
    postal_code,
    country,
    cast(null as timestamp) as updated_at
from validated.customers
where address is not null
