-- One row is one record of a customer in one role: names, dates and numbers for display, and keys for comparison.
with typed as (
    select
        record_id,
        source,
        source_key,
        role,
        customer_type,
        -- A blank or a placeholder is no name; whoever typed first and last name apart knew them best.
        case when not std_is_placeholder(full_name) then std_blank(full_name) end as full_name,
        case when not std_is_placeholder(first_name) then std_blank(first_name) end as first_name,
        case when not std_is_placeholder(last_name) then std_blank(last_name) end as last_name,
        case when not std_is_placeholder(preferred_name) then std_blank(preferred_name) end as preferred_name,
        email,
        phone,
        birth_date,
        country,
        customer_ref,
        order_ref,
        channel,
        status,
        created_at,
        updated_at
    from standardized.customer_conformed
),
named as (
    select
        *,
        coalesce(full_name, nullif(concat_ws(' ', first_name, last_name), '')) as name
    from typed
),
-- Every name is taken apart once, however many records bear it.
distinct_names as (
    select
        name,
        first_name,
        last_name,
        coalesce(customer_type, 'unknown') as customer_type
    from named
    group by
        name,
        first_name,
        last_name,
        coalesce(customer_type, 'unknown')
),
kinds as (
    select
        *,
        case
            when customer_type in ('person', 'organization') then customer_type
            when std_is_organization(name) then 'organization'
            else 'person'
        end as kind
    from distinct_names
),
cores as materialized (
    select
        *,
        case when kind = 'person' then std_person_core(name) end as core,
        case when kind = 'person' then std_person_suffix(name) end as suffix,
        case when kind = 'person' then std_person_core(first_name) end as first_core,
        case when kind = 'person' then std_person_core(last_name) end as last_core
    from kinds
),
surnames as materialized (
    select
        *,
        std_person_surname(core) as core_surname
    from cores
),
parts as materialized (
    select
        *,
        coalesce(last_core, core_surname) as last_part,
        coalesce(first_core, std_person_given(core)) as given_part
    from surnames
),
keys as materialized (
    select
        name,
        first_name,
        last_name,
        customer_type,
        kind,
        suffix,
        last_part,
        split_part(given_part, ' ', 1) as first_part,
        nullif(trim(regexp_replace(given_part, '^[^ ]+', '')), '') as middle_part,
        nullif(std_given(given_part), '') as first_key,
        std_surname(last_part) as last_key,
        case when kind = 'organization' then std_organization(name) end as org_key,
        case
            when kind = 'organization' then std_display_organization(name)
            else std_display_name(
                coalesce(
                    nullif(concat_ws(' ', given_part, last_part, suffix), ''),
                    name
                )
            )
        end as display_name
    from parts
),
spelled as materialized (
    select
        keys.*,
        split_part(last_key, ' ', 1) as last_main,
        std_phonetic(split_part(last_key, ' ', 1)) as last_phonetic,
        coalesce(nicknames.name, first_key) as first_root
    from keys
    left join lookup.nicknames
        on nicknames.nickname = keys.first_key
),
reached as materialized (
    select
        email as typed_email,
        phone as typed_phone,
        country as typed_country,
        std_email(email) as email,
        std_email_key(email) as email_key,
        std_phone(phone, coalesce(country, 'US')) as phone,
        case when not std_phone_is_placeholder(phone) then std_phone_digits(phone) end as phone_key
    from named
    group by
        email,
        phone,
        country
),
records as materialized (
    select
        named.record_id,
        named.source,
        named.source_key,
        named.role,
        spelled.kind as customer_type,
        spelled.display_name,
        case when spelled.kind = 'person' then std_display_name(spelled.first_part) end as first_name,
        case when spelled.kind = 'person' then std_display_name(spelled.middle_part) end as middle_name,
        case when spelled.kind = 'person' then std_display_name(spelled.last_part) end as last_name,
        spelled.suffix,
        std_display_name(named.preferred_name) as preferred_name,
        case when spelled.kind = 'organization' then spelled.display_name end as organization_name,
        spelled.first_key,
        spelled.first_root,
        std_fold(spelled.middle_part) as middle_key,
        spelled.last_key,
        nullif(spelled.last_main, '') as last_main,
        spelled.last_phonetic,
        lower(spelled.suffix) as suffix_key,
        case when spelled.kind = 'person' then spelled.first_key || ' ' || spelled.last_key end as name_key,
        spelled.org_key,
        std_birth_date(named.birth_date) as birth_date,
        reached.email,
        reached.email_key,
        reached.phone,
        reached.phone_key,
        named.customer_ref,
        named.order_ref,
        named.channel,
        named.status,
        named.created_at,
        named.updated_at
    from named
    left join spelled
        on spelled.name is not distinct from named.name
        and spelled.first_name is not distinct from named.first_name
        and spelled.last_name is not distinct from named.last_name
        and spelled.customer_type = coalesce(named.customer_type, 'unknown')
    left join reached
        on reached.typed_email is not distinct from named.email
        and reached.typed_phone is not distinct from named.phone
        and reached.typed_country is not distinct from named.country
),
-- A number that a shop types for everybody belongs to nobody: more people than a large family use it.
shared_emails as (
    select email_key
    from records
    where email_key is not null
    group by email_key
    having count(distinct coalesce(org_key, coalesce(first_root, '') || ' ' || coalesce(last_main, ''))) > 8
),
shared_phones as (
    select phone_key
    from records
    where phone_key is not null
    group by phone_key
    having count(distinct coalesce(org_key, coalesce(first_root, '') || ' ' || coalesce(last_main, ''))) > 8
)
select
    records.record_id,
    records.source,
    records.source_key,
    records.role,
    records.customer_type,
    records.display_name,
    records.first_name,
    records.middle_name,
    records.last_name,
    records.suffix,
    records.preferred_name,
    records.organization_name,
    records.first_key,
    records.first_root,
    records.middle_key,
    records.last_key,
    records.last_main,
    records.last_phonetic,
    records.suffix_key,
    records.name_key,
    records.org_key,
    records.birth_date,
    records.email,
    case when shared_emails.email_key is null then records.email_key end as email_key,
    records.phone,
    case when shared_phones.phone_key is null then records.phone_key end as phone_key,
    records.customer_ref,
    records.order_ref,
    records.channel,
    records.status,
    records.created_at,
    records.updated_at
from records
left join shared_emails
    on shared_emails.email_key = records.email_key
left join shared_phones
    on shared_phones.phone_key = records.phone_key
