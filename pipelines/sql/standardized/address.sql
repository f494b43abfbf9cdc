-- One row is one record's address: its parts for display, and keys for comparison. What cannot be delivered to is kept.
with typed as (
    select
        record_id,
        source,
        source_key,
        std_blank(address_line1) as line1,
        std_blank(address_line2) as line2,
        std_blank(city) as city,
        std_blank(state) as state,
        std_blank(postal_code) as postal_code,
        coalesce(std_country(country), 'US') as country,
        address_text,
        updated_at
    from standardized.address_conformed
),
joined as (
    select
        typed.record_id,
        typed.source,
        typed.source_key,
        typed.line1,
        typed.line2,
        coalesce(typed.city, parsed.city) as city,
        coalesce(typed.state, parsed.state) as state,
        coalesce(typed.postal_code, parsed.postal_code) as postal_code,
        typed.country,
        typed.updated_at,
        std_key(parsed.number) as number,
        -- A place that cannot be taken apart is compared by its first line as a whole.
        coalesce(std_fold(parsed.street), case when parsed.po_box is null then std_fold(typed.line1) end) as street_key,
        coalesce(types.standard, std_fold(parsed.street_type)) as street_type,
        coalesce(
            before.standard,
            after.standard,
            std_fold(parsed.predirection),
            std_fold(parsed.postdirection)
        ) as direction,
        coalesce(nullif(ltrim(std_key(parsed.unit), '0'), ''), std_key(parsed.unit)) as unit_key,
        std_key(parsed.po_box) as po_box
    from typed
    left join standardized.address_parsed as parsed
        on parsed.address_text = typed.address_text
    left join lookup.street_types as types
        on types.type = std_fold(parsed.street_type)
    left join lookup.directions as before
        on before.direction = std_fold(parsed.predirection)
    left join lookup.directions as after
        on after.direction = std_fold(parsed.postdirection)
),
keyed as (
    select
        *,
        std_city(city) as city_key,
        std_state(state) as state_key,
        case
            when country = 'US' then left(std_postal_code(postal_code, country), 5)
            else std_postal_code(postal_code, country)
        end as postal_code5
    from joined
)
select
    record_id,
    source,
    source_key,
    line1,
    line2,
    city,
    case when country = 'US' then state_key else state end as state,
    coalesce(std_postal_code(postal_code, country), postal_code) as postal_code,
    country,
    country = 'US' as is_us,
    coalesce(
        country = 'US'
        and (po_box is not null or (number is not null and street_key is not null))
        and city is not null
        and std_state_is_us(state)
        and std_postal_code_is_valid(postal_code, country),
        false
    ) as is_deliverable,
    number,
    street_key,
    street_type,
    direction,
    unit_key,
    po_box,
    city_key,
    state_key,
    postal_code5,
    nullif(
        concat_ws(
            ' ',
            number,
            direction,
            street_key,
            street_type,
            'unit ' || unit_key,
            'box ' || po_box,
            coalesce(postal_code5, city_key)
        ),
        ''
    ) as address_key,
    updated_at
from keyed
