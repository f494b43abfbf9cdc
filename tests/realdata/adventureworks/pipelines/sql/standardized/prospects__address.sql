-- One row is the address of one prospect.
select
    record_id,
    'prospects' as source,
    source_key,
    address_line1,
    address_line2,
    city,
    state,
    postal_code,
    'US' as country,
    concat_ws(', ', address_line1, nullif(address_line2, address_line1), city, state, postal_code) as address_text,
    cast(null as timestamp) as updated_at
from validated.prospects
where address_line1 is not null
