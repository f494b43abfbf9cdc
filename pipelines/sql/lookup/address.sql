-- One row is a house number with a word of its street, its sound or first letter, and a customer of whom a record names it.
with places as (
    select distinct
        customer_id,
        number_key,
        street_key,
        unit_key,
        city_key,
        state_key,
        left(postal_key, 5) as postal_key
    from mastered.customer_records
    where number_key is not null
        and street_key is not null
),
told as (
    select
        customer_id,
        number_key,
        street_key,
        concat_ws(
            ', ',
            std_display_name(number_key || ' ' || street_key) || coalesce(' #' || upper(unit_key), ''),
            nullif(concat_ws(' ', std_display_name(city_key), upper(state_key), postal_key), '')
        ) as shown,
        street_key || ' ' || number_key as compared,
        nullif(concat_ws(' ', city_key, state_key, postal_key, unit_key), '') as beside
    from places
),
split as (
    select
        customer_id,
        number_key,
        unnest(string_split(street_key, ' ')) as word,
        shown,
        compared,
        beside
    from told
)
select
    'address' as kind,
    number_key || ' ' || word as key,
    customer_id,
    shown,
    compared,
    beside
from split
where word <> ''
union all
select
    'address_sound' as kind,
    number_key || ' ' || std_phonetic(word) as key,
    customer_id,
    shown,
    compared,
    beside
from split
where length(word) > 3
    and std_phonetic(word) is not null
union all
select distinct
    'address_sound' as kind,
    number_key || ' ' || left(word, 1) as key,
    customer_id,
    shown,
    compared,
    beside
from split
where length(word) > 3
