-- One row is one address record: as typed, and folded for comparison. Numbers and words of the street are told apart.
with folded as (
    select
        record_id,
        source,
        source_key,
        std_blank(address) as line1,
        std_blank(city) as city,
        std_blank(region) as region,
        std_blank(postal_code) as postal_code,
        std_country(country) as country,
        std_fold(address) as street,
        updated_at
    from standardized.address_conformed
)
select
    record_id,
    source,
    source_key,
    line1,
    city,
    region,
    postal_code,
    country,
    nullif(array_to_string(regexp_extract_all(street, '\b[0-9]+[a-z]?\b'), ' '), '') as number_key,
    std_fold(regexp_replace(street, '\b[0-9]+[a-z]?\b', ' ', 'g')) as street_key,
    std_key(postal_code) as postal_key,
    std_fold(city) as city_key,
    updated_at
from folded
