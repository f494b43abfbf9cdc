-- One row is one prospect: a person.
select
    record_id,
    'prospects' as source,
    source_key,
    'person' as customer_type,
    first_name,
    middle_name,
    last_name,
    birth_date,
    gender,
    salutation,
    email,
    phone,
    'US' as country,
    cast(null as timestamp) as updated_at
from validated.prospects
