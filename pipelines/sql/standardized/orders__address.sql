-- One row is where one order goes, as its parts were typed. Orders go to places in the United States only.
select
    record_id,
    'orders' as source,
    source_key,
    ship_to_line1 as address_line1,
    ship_to_line2 as address_line2,
    ship_to_city as city,
    ship_to_state as state,
    ship_to_postal_code as postal_code,
    'US' as country,
    nullif(concat_ws(', ', ship_to_line1, ship_to_line2, ship_to_city, ship_to_state, ship_to_postal_code), '') as address_text,
    ordered_at as updated_at
from validated.orders
