-- One row is the address of one reseller, in the town that its number names.
select
    resellers.record_id,
    'resellers' as source,
    resellers.source_key,
    resellers.address_line1,
    resellers.address_line2,
    geography.city,
    geography.state,
    geography.postal_code,
    geography.country,
    concat_ws(', ', resellers.address_line1, nullif(resellers.address_line2, resellers.address_line1), geography.city, geography.state, geography.postal_code) as address_text,
    cast(null as timestamp) as updated_at
from validated.resellers
left join validated.geography
    on geography.geography_id = resellers.geography_id
where resellers.address_line1 is not null
