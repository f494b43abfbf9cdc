-- One row is one record's address: its parts for display, and keys for comparison. What cannot be delivered to is kept.
with typed as (
    select
        record_id,
        source,
        source_key,
        std_blank(address_line1) as line1,
        std_blank(address_line2) as line2,
        city,
        state,
        postal_code,
        country,
        address_text,
        updated_at
    from standardized.address_conformed
),
-- Street names hold types and directions too (Gazebo East Dr, 19th Avenue Ct), so all their words are spelled one way: types in
-- full, because a typing error in a long word is still seen to be one.
full_types as (
    select
        standard,
        substr(max(lpad(cast(length(type) as varchar), 3, '0') || type), 4) as longest
    from lookup.street_types
    group by standard
),
-- The first character says which list is believed first.
listed as (
    select
        types.type as word,
        '3' || full_types.longest as spelling
    from lookup.street_types as types
    inner join full_types
        on full_types.standard = types.standard
    union all
    select
        direction as word,
        '2' || standard as spelling
    from lookup.directions
    union all
    select
        word,
        '1' || standard as spelling
    from lookup.street_words
),
spelled as (
    select
        word,
        substr(min(spelling), 2) as spelling
    from listed
    group by word
),
words as (
    select map_from_entries(list_sort(list({'word': word, 'spelling': spelling}))) as spellings
    from spelled
),
parts as materialized (
    select
        parsed.address_text,
        parsed.city,
        parsed.state,
        parsed.postal_code,
        std_key(parsed.number) as number,
        std_spell_words(std_fold(parsed.street), words.spellings) as street,
        coalesce(types.standard, std_fold(parsed.street_type)) as street_type,
        nullif(
            concat_ws(
                ' ',
                coalesce(before.standard, std_fold(parsed.predirection)),
                coalesce(after.standard, std_fold(parsed.postdirection))
            ),
            ''
        ) as direction,
        case when std_fold(parsed.unit_type) in ('floor', 'fl') then 'fl' else '' end
            || coalesce(nullif(ltrim(std_key(parsed.unit), '0'), ''), std_key(parsed.unit)) as unit_key,
        std_key(parsed.po_box) as po_box
    from standardized.address_parsed as parsed
    cross join words
    left join lookup.street_types as types
        on types.type = std_fold(parsed.street_type)
    left join lookup.directions as before
        on before.direction = std_fold(parsed.predirection)
    left join lookup.directions as after
        on after.direction = std_fold(parsed.postdirection)
),
-- Where no direction was seen, one at either end of a longer name is it: Gazebo East Drive is Gazebo Dr E.
directed as (
    select
        *,
        case
            when direction is null
                then nullif(
                    coalesce(
                        nullif(regexp_extract(street, '^(n|s|e|w|ne|nw|se|sw) .', 1), ''),
                        regexp_extract(street, '. (n|s|e|w|ne|nw|se|sw)$', 1)
                    ),
                    ''
                )
        end as hidden_direction
    from parts
),
joined as materialized (
    select
        typed.record_id,
        typed.source,
        typed.source_key,
        typed.line1,
        typed.line2,
        typed.city as typed_city,
        typed.state as typed_state,
        typed.postal_code as typed_postal_code,
        typed.country as typed_country,
        directed.city as parsed_city,
        directed.state as parsed_state,
        directed.postal_code as parsed_postal_code,
        typed.updated_at,
        directed.number,
        case
            when directed.hidden_direction is null then directed.street
            when left(directed.street, length(directed.hidden_direction) + 1) = directed.hidden_direction || ' '
                then substr(directed.street, length(directed.hidden_direction) + 2)
            else left(directed.street, length(directed.street) - length(directed.hidden_direction) - 1)
        end as street_key,
        directed.street_type,
        coalesce(directed.direction, directed.hidden_direction) as direction,
        directed.unit_key,
        directed.po_box,
        -- A place that could not be taken apart is compared by its first line as a whole, but for the house number.
        case
            when directed.street is null and directed.po_box is null
                then std_spell_words(std_fold(typed.line1), words.spellings)
        end as whole_line
    from typed
    cross join words
    left join directed
        on directed.address_text = typed.address_text
),
-- Every town is put in one form once, however many records name it.
towns as materialized (
    select
        typed_city,
        typed_state,
        typed_postal_code,
        typed_country,
        parsed_city,
        parsed_state,
        parsed_postal_code,
        coalesce(std_blank(typed_city), parsed_city) as city,
        coalesce(std_blank(typed_state), parsed_state) as state,
        coalesce(std_blank(typed_postal_code), parsed_postal_code) as postal_code,
        coalesce(std_country(typed_country), 'US') as country
    from joined
    group by
        typed_city,
        typed_state,
        typed_postal_code,
        typed_country,
        parsed_city,
        parsed_state,
        parsed_postal_code
),
coded as materialized (
    select
        typed_city,
        typed_state,
        typed_postal_code,
        typed_country,
        parsed_city,
        parsed_state,
        parsed_postal_code,
        city,
        state,
        std_postal_code(postal_code, country) as postal_code,
        country,
        std_city(city) as city_key,
        std_state(state) as state_key,
        std_state_is_us(state) as is_us_state
    from towns
),
places as materialized (
    select
        *,
        case when country = 'US' then left(postal_code, 5) else postal_code end as postal_code5,
        country = 'US'
            and city is not null
            and is_us_state
            and std_postal_code_is_valid(postal_code, country) as is_in_us
    from coded
),
placed as (
    select
        joined.record_id,
        joined.source,
        joined.source_key,
        joined.line1,
        joined.line2,
        places.city,
        places.state,
        places.postal_code,
        places.country,
        places.is_in_us,
        coalesce(
            joined.number,
            nullif(regexp_extract(joined.whole_line, '(^| )([0-9]+[a-z]?)( |$)', 2), '')
        ) as number,
        coalesce(
            joined.street_key,
            nullif(trim(regexp_replace(joined.whole_line, '(^| )[0-9]+[a-z]?( |$)', ' ')), ''),
            joined.whole_line
        ) as street_key,
        joined.street_type,
        joined.direction,
        joined.unit_key,
        joined.po_box,
        places.city_key,
        places.state_key,
        places.postal_code5,
        joined.updated_at
    from joined
    left join places
        on places.typed_city is not distinct from joined.typed_city
        and places.typed_state is not distinct from joined.typed_state
        and places.typed_postal_code is not distinct from joined.typed_postal_code
        and places.typed_country is not distinct from joined.typed_country
        and places.parsed_city is not distinct from joined.parsed_city
        and places.parsed_state is not distinct from joined.parsed_state
        and places.parsed_postal_code is not distinct from joined.parsed_postal_code
)
select
    record_id,
    source,
    source_key,
    line1,
    line2,
    city,
    case when country = 'US' then state_key else state end as state,
    postal_code,
    country,
    country = 'US' as is_us,
    coalesce(
        is_in_us and (po_box is not null or (number is not null and street_key is not null)),
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
from placed
