-- One row is the place on the label of one shipment, as its parts were printed.
select
    record_id,
    'shipments' as source,
    source_key,
    line1 as address_line1,
    line2 as address_line2,
    city,
    state,
    postal_code,
    'US' as country,
    nullif(concat_ws(', ', line1, line2, city, state, postal_code), '') as address_text,
    shipped_at as updated_at
from validated.shipments
