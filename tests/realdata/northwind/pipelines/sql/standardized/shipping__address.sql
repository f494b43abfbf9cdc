-- One row is the place that one order goes to.
select
    record_id,
    'shipping' as source,
    source_key,
    ship_to_address as address,
    ship_to_city as city,
    ship_to_region as region,
    ship_to_postal_code as postal_code,
    ship_to_country as country,
    shipped_at as updated_at
from validated.shipping
where ship_to_address is not null
