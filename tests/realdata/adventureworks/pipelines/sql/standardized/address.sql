-- One row is one address record: as typed, and taken apart or folded for comparison.
with typed as (
    select
        record_id,
        source,
        source_key,
        std_blank(address_line1) as line1,
        -- Line 1 typed again is no unit.
        case when std_fold(address_line2) <> std_fold(address_line1) then std_blank(address_line2) end as line2,
        std_blank(city) as city,
        std_blank(state) as state,
        std_postal_code(postal_code, country) as postal_code,
        country,
        case when country = 'US' then address_text end as address_text,
        updated_at
    from standardized.address_conformed
)
select
    typed.record_id,
    typed.source,
    typed.source_key,
    typed.line1,
    typed.line2,
    typed.city,
    typed.state,
    typed.postal_code,
    typed.country,
    std_fold(typed.line1) as line1_key,
    nullif(coalesce(std_key(parsed.number), regexp_extract(std_fold(typed.line1), '[0-9]+')), '') as number,
    coalesce(std_fold(parsed.street), std_fold(regexp_replace(typed.line1, '[0-9]+', ' ', 'g'))) as street_key,
    coalesce(types.standard, std_fold(parsed.street_type)) as street_type,
    coalesce(std_key(parsed.unit), std_key(typed.line2)) as unit_key,
    std_key(typed.postal_code) as postal_key,
    std_city(typed.city) as city_key,
    typed.state as state_key,
    typed.updated_at
from typed
left join standardized.address_parsed as parsed
    on parsed.address_text = typed.address_text
left join lookup.street_types as types
    on types.type = std_fold(parsed.street_type)
