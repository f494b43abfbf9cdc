-- One row is one record of a customer in one role: names, dates and numbers for display, and keys for comparison.
with typed as (
    select
        record_id,
        source,
        source_key,
        system,
        role,
        customer_type,
        full_name,
        first_name,
        middle_name,
        last_name,
        preferred_name,
        email,
        phone,
        birth_date,
        address_line1,
        address_line2,
        city,
        state,
        postal_code,
        country,
        customer_ref,
        order_ref,
        channel,
        status,
        created_at,
        updated_at
    from standardized.customer_conformed
),
-- Every name is taken apart once, however many records bear it.
distinct_names as (
    select
        full_name,
        first_name,
        middle_name,
        last_name,
        customer_type
    from typed
    group by
        full_name,
        first_name,
        middle_name,
        last_name,
        customer_type
),
-- A blank, a placeholder or a role (Occupant, Baby boy) is no name; whoever typed first and last name apart knew them best.
told as materialized (
    select
        full_name as typed_full_name,
        first_name as typed_first_name,
        middle_name as typed_middle_name,
        last_name as typed_last_name,
        customer_type as typed_customer_type,
        case
            when std_is_placeholder(full_name) or std_is_role(full_name) then null
            else std_nonempty(
                trim(
                    std_without_end(
                        std_without_start(std_blank(full_name), case when std_is_role(first_name) then std_blank(first_name) end),
                        case when std_is_role(last_name) then std_blank(last_name) end
                    )
                )
            )
        end as full_name,
        case when not (std_is_placeholder(first_name) or std_is_role(first_name) or std_is_title(first_name)) then std_blank(first_name) end as first_name,
        case when not std_is_placeholder(middle_name) then std_blank(middle_name) end as typed_middle,
        case when not (std_is_placeholder(last_name) or std_is_role(last_name) or std_is_title(last_name)) then std_blank(last_name) end as last_name,
        coalesce(customer_type, 'unknown') as customer_type
    from distinct_names
),
named as materialized (
    select
        *,
        coalesce(std_without_titles(full_name), nullif(concat_ws(' ', first_name, typed_middle, last_name), '')) as name
    from told
),
kinds as (
    select
        *,
        -- A company typed as a person has no first and last name beside its name.
        case
            when customer_type = 'organization' then 'organization'
            when customer_type <> 'organization' and first_name is not null and last_name is not null then 'person'
            when std_is_organization(name) then 'organization'
            else 'person'
        end as kind
    from named
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
        std_person_surname(core) as core_surname,
        std_person_given(core) as core_given
    from cores
),
parts as materialized (
    select
        *,
        -- One word alone in the full name may be the first name again.
        coalesce(last_core, case when lower(core_surname) is distinct from lower(first_core) then core_surname end) as last_part,
        -- The name in one field often knows a middle name that the first name's own field lacks. A lone initial before a
        -- surname is the middle name's where the first name was left out.
        case when first_core is null and last_core is not null and length(core_given) = 1 then core_given end as initial,
        case
            when first_core is null and last_core is not null and length(core_given) = 1 then null
            when first_core is null
                or (full_name is not null and lower(left(core_given, length(first_core) + 1)) = lower(first_core) || ' ')
                then core_given
            when typed_middle is not null then concat_ws(' ', first_core, typed_middle)
            else first_core
        end as given_part
    from surnames
),
-- Parts of names are few, and each is spelled once.
last_parts as (
    select distinct last_part
    from parts
    where last_part is not null
),
last_keys as materialized (
    select
        last_part,
        std_surname(last_part) as last_key,
        std_display_surname(last_part) as last_name
    from last_parts
),
last_names as materialized (
    select
        *,
        split_part(last_key, ' ', 1) as last_main,
        std_phonetic(split_part(last_key, ' ', 1)) as last_phonetic
    from last_keys
),
given_parts as (
    select distinct given_part
    from parts
    where given_part is not null
),
given_words as materialized (
    select
        given_part,
        split_part(given_part, ' ', 1) as first_part,
        nullif(trim(regexp_replace(given_part, '^[^ ]+', '')), '') as middle_part,
        nullif(std_given(given_part), '') as first_key,
        nullif(regexp_replace(std_fold(given_part), '^[^ ]+ ?', ''), '') as middle_key
    from given_parts
),
given_names as materialized (
    select
        given_words.given_part,
        std_display_name(given_words.first_part) as first_name,
        std_display_name(given_words.middle_part) as middle_name,
        given_words.middle_key,
        given_words.first_key,
        coalesce(nicknames.name, given_words.first_key) as first_root,
        std_phonetic(given_words.first_key) as first_phonetic
    from given_words
    left join lookup.nicknames
        on nicknames.nickname = given_words.first_key
),
spelled as materialized (
    select
        parts.typed_full_name,
        parts.typed_first_name,
        parts.typed_middle_name,
        parts.typed_last_name,
        parts.typed_customer_type,
        parts.kind,
        parts.suffix,
        parts.initial,
        given_names.first_name,
        given_names.middle_name,
        given_names.middle_key,
        given_names.first_key,
        given_names.first_root,
        given_names.first_phonetic,
        last_names.last_name,
        last_names.last_key,
        last_names.last_main,
        last_names.last_phonetic,
        case when parts.kind = 'organization' then std_organization(parts.name) end as org_key,
        case
            when parts.kind = 'organization' then std_display_organization(parts.name)
            else coalesce(
                nullif(
                    concat_ws(' ', std_display_name(concat_ws(' ', parts.given_part, parts.last_part)), parts.suffix),
                    ''
                ),
                std_display_name(parts.name)
            )
        end as display_name,
        case when parts.kind = 'person' then std_display_name(std_person_nickname(parts.name)) end as nickname
    from parts
    left join given_names
        on given_names.given_part = parts.given_part
    left join last_names
        on last_names.last_part = parts.last_part
),
-- The words of a street that say only what kind of way it is, or which end of it.
way_words as (
    select
        (
            select list_sort(list(word))
            from (
                select type as word
                from lookup.street_types
                union
                select direction as word
                from lookup.directions
            )
        ) as words,
        (
            select map_from_entries(list_sort(list({'word': word, 'standard': standard})))
            from lookup.street_words
        ) as spellings
),
-- A place as typed is taken apart roughly, in any country; the entity address does it well where it is resolved.
lines as materialized (
    select
        address_line1 as typed_line1,
        address_line2 as typed_line2,
        city as typed_city,
        state as typed_state,
        postal_code as typed_postal_code,
        country as typed_country,
        std_street_line(address_line1) as line,
        std_unit(address_line1, address_line2) as unit_key,
        case when not std_is_placeholder(city) then std_city(city) end as city_key,
        case when not std_is_placeholder(state) then lower(std_state(state)) end as state_key,
        replace(lower(std_postal_code(postal_code, country)), ' ', '') as postal_key
    from typed
    group by
        address_line1,
        address_line2,
        city,
        state,
        postal_code,
        country
),
places as materialized (
    select
        lines.*,
        std_house_number(lines.line) as number_key,
        std_spell_words(std_street_words(lines.line, way_words.words), way_words.spellings) as street_key
    from lines
    cross join way_words
),
reached as materialized (
    select
        email as typed_email,
        phone as typed_phone,
        country as typed_country,
        std_email(email) as email,
        coalesce(std_email_key(email), std_email_loose(email)) as email_key,
        std_phone(phone, coalesce(country, 'US')) as phone,
        case when not std_phone_is_placeholder(phone) then std_phone_digits(phone) end as phone_key
    from typed
    group by
        email,
        phone,
        country
),
records as materialized (
    select
        typed.record_id,
        typed.source,
        typed.source_key,
        coalesce(typed.system, typed.source) as system,
        typed.role,
        spelled.kind as customer_type,
        spelled.display_name,
        spelled.first_name,
        spelled.middle_name,
        spelled.last_name,
        spelled.suffix,
        coalesce(
            case when not std_is_placeholder(typed.preferred_name) then std_display_name(typed.preferred_name) end,
            spelled.nickname
        ) as preferred_name,
        case when spelled.kind = 'organization' then spelled.display_name end as organization_name,
        spelled.first_key,
        spelled.first_root,
        spelled.first_phonetic,
        coalesce(spelled.middle_key, lower(spelled.initial)) as middle_key,
        spelled.last_key,
        nullif(spelled.last_main, '') as last_main,
        spelled.last_phonetic,
        lower(spelled.suffix) as suffix_key,
        case when spelled.kind = 'person' then spelled.first_key || ' ' || spelled.last_key end as name_key,
        spelled.org_key,
        std_birth_date(typed.birth_date) as birth_date,
        std_birth_key(typed.birth_date) as birth_key,
        places.number_key,
        places.street_key,
        places.unit_key,
        places.city_key,
        places.state_key,
        places.postal_key,
        reached.email,
        reached.email_key,
        reached.phone,
        reached.phone_key,
        typed.customer_ref,
        typed.order_ref,
        typed.channel,
        typed.status,
        typed.created_at,
        typed.updated_at
    from typed
    left join spelled
        on spelled.typed_full_name is not distinct from typed.full_name
        and spelled.typed_first_name is not distinct from typed.first_name
        and spelled.typed_middle_name is not distinct from typed.middle_name
        and spelled.typed_last_name is not distinct from typed.last_name
        and spelled.typed_customer_type is not distinct from typed.customer_type
    left join reached
        on reached.typed_email is not distinct from typed.email
        and reached.typed_phone is not distinct from typed.phone
        and reached.typed_country is not distinct from typed.country
    left join places
        on places.typed_line1 is not distinct from typed.address_line1
        and places.typed_line2 is not distinct from typed.address_line2
        and places.typed_city is not distinct from typed.city
        and places.typed_state is not distinct from typed.state
        and places.typed_postal_code is not distinct from typed.postal_code
        and places.typed_country is not distinct from typed.country
),
-- A number that a shop types for everybody belongs to nobody: more people than a large family use it.
shared_emails as (
    select email_key
    from records
    where email_key is not null
    group by email_key
    having count(distinct coalesce(org_key, coalesce(first_root, '') || ' ' || coalesce(last_main, ''))) > 8
),
-- A rare word says more of an organization than Cafe or Center: its weight falls with the organizations that bear it.
organizations as materialized (
    select
        org_key,
        list_sort(list_distinct(string_split(org_key, ' '))) as org_words
    from records
    where org_key is not null
    group by org_key
),
bearers as (
    select
        word,
        ln(1 + (select count(*) from organizations) / count(*)) as weight
    from (
        select unnest(org_words) as word
        from organizations
    )
    group by word
),
organization_words as (
    select
        organizations.org_key,
        bearers.word,
        round(bearers.weight, 3) as weight
    from (
        select
            org_key,
            unnest(org_words) as word
        from organizations
    ) as organizations
    inner join bearers
        on bearers.word = organizations.word
),
weighed_organizations as (
    select
        org_key,
        list_sort(list(word)) as org_words,
        map_from_entries(list_sort(list({'word': word, 'weight': weight}))) as org_weights,
        min_by(word, (-weight, word)) as org_rarest
    from organization_words
    group by org_key
),
area_states as (
    select
        coalesce(postal_key, city_key) as area,
        state_key,
        count(*) as holders
    from records
    where coalesce(postal_key, city_key) is not null
        and state_key is not null
    group by area, state_key
),
areas as (
    select
        sum(holders) * (sum(holders) - 1) as pairs,
        sum(holders * (holders - 1)) as same_state
    from area_states
    group by area
),
-- In most data the state follows from the town, and says nothing of two people of one town.
shared_areas as (
    select coalesce(sum(same_state) >= 0.8 * sum(pairs), true) as state_follows
    from areas
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
    records.system,
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
    records.first_phonetic,
    records.middle_key,
    records.last_key,
    records.last_main,
    records.last_phonetic,
    coalesce(records.last_main, records.first_key) as only_key,
    records.suffix_key,
    records.name_key,
    records.org_key,
    weighed_organizations.org_words,
    weighed_organizations.org_weights,
    weighed_organizations.org_rarest,
    nullif(split_part(records.org_key, ' ', 1), '') as org_first,
    nullif(split_part(records.org_key, ' ', 2), '') as org_second,
    std_initials(records.org_key) as org_initials,
    records.birth_date,
    records.birth_key,
    records.number_key,
    records.street_key,
    nullif(concat_ws(' ', records.number_key, records.street_key), '') as place_key,
    records.unit_key,
    records.city_key,
    records.state_key,
    records.postal_key,
    count(coalesce(records.city_key, records.postal_key)) over () > 0 as towns_known,
    shared_areas.state_follows,
    records.email,
    case when shared_emails.email_key is null then records.email_key end as email_key,
    nullif(split_part(records.email_key, '@', 2), '') as email_domain,
    records.phone,
    case when shared_phones.phone_key is null then records.phone_key end as phone_key,
    records.customer_ref,
    records.order_ref,
    records.channel,
    records.status,
    records.created_at,
    records.updated_at
from records
cross join shared_areas
left join weighed_organizations
    on weighed_organizations.org_key = records.org_key
left join shared_emails
    on shared_emails.email_key = records.email_key
left join shared_phones
    on shared_phones.phone_key = records.phone_key
