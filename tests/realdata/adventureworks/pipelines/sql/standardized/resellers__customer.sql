-- One row is one reseller: an organization, in the country of its town.
select
    resellers.record_id,
    'resellers' as source,
    resellers.source_key,
    'organization' as customer_type,
    resellers.reseller_name as organization_name,
    resellers.phone,
    geography.country,
    cast(null as timestamp) as updated_at
from validated.resellers
left join validated.geography
    on geography.geography_id = resellers.geography_id
