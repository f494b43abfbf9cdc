-- One row is a key that the text typed at the counter may mean; the keys it can meet are made by the other files here.
with given as (
    select
        text,
        std_key(regexp_replace(text, '^[A-Za-z0-9_]+:', '')) as number_key,
        coalesce(std_email_key(text), std_email(text)) as email_key,
        std_key(split_part(text, '@', 1)) as email_part,
        std_fold(split_part(text, '@', 2)) as email_rest,
        strpos(text, '@') > 1 or strpos(trim(text), ' ') = 0 as is_email_part,
        std_phone_digits(text) as phone_key,
        case when std_is_organization(text) then std_organization(text) else std_fold(std_without_titles(text)) end as folded,
        std_house_number(std_street_line(split_part(text, ',', 1))) as house_number
    from lookup.asked
),
typed as (
    select distinct word
    from (
        select unnest(string_split(folded, ' ')) as word
        from given
    ) as split
    where word <> ''
),
name_words as (
    select
        typed.word,
        coalesce(nicknames.name, typed.word) as root
    from typed
    cross join given
    left join lookup.nicknames
        on nicknames.nickname = typed.word
    where given.email_key is null
        and typed.word not in ('mr', 'mrs', 'ms', 'mx', 'miss', 'dr', 'sra', 'srta', 'the', 'and', 'of')
),
name_text as (
    select array_to_string(list_sort(list(distinct root)), ' ') as compared
    from name_words
),
-- O Brien is one word where the surname is a key, and so is Van der Berg.
surnames as (
    select unnest(string_split(std_surname(folded), ' ')) as root
    from given
),
roots as (
    select root
    from name_words
    union
    select root
    from surnames
),
place_words as (
    select coalesce(street_words.standard, typed.word) as word
    from typed
    cross join given
    left join lookup.street_types
        on street_types.type = typed.word
    left join lookup.directions
        on directions.direction = typed.word
    left join lookup.street_words
        on street_words.word = typed.word
    where street_types.type is null
        and directions.direction is null
        and typed.word <> given.house_number
),
place_text as (
    select array_to_string(list_sort(list(distinct place_words.word)), ' ') || ' ' || max(given.house_number) as compared
    from place_words
    cross join given
),
-- Every word is taken by its sound once. Digits have none: they find no person, but may be the postal code beside the name.
sounds as (
    select
        word,
        std_phonetic(word) as sound
    from (
        select root as word
        from roots
        union
        select word
        from place_words
    ) as words
),
numbers as (
    select reverse(number_key) as number_key
    from given
    where regexp_replace(number_key, '[^0-9]', '', 'g') <> ''
)
select
    kinds.kind,
    numbers.number_key as key,
    cast(null as varchar) as compared
from numbers
cross join (
    values
        ('customer_id'),
        ('old_customer_id'),
        ('account'),
        ('order_number'),
        ('shipment_number'),
        ('tracking_number')
) as kinds(kind)
union all
select
    'email' as kind,
    email_key as key,
    cast(null as varchar) as compared
from given
where email_key is not null
union all
select
    'email_part' as kind,
    email_part as key,
    concat_ws(' ', email_part, email_rest) as compared
from given
where is_email_part
    and email_part is not null
union all
select
    'phone' as kind,
    phone_key as key,
    cast(null as varchar) as compared
from given
where length(phone_key) = 10
union all
select
    'phone_part' as kind,
    right(phone_key, 7) as key,
    cast(null as varchar) as compared
from given
where phone_key is not null
union all
select
    'name' as kind,
    roots.root as key,
    name_text.compared
from roots
cross join name_text
join sounds
    on sounds.word = roots.root
where sounds.sound is not null
    and name_text.compared is not null
union all
select distinct
    'sound' as kind,
    sounds.sound as key,
    name_text.compared
from roots
cross join name_text
join sounds
    on sounds.word = roots.root
where length(roots.root) > 2
    and sounds.sound is not null
    and name_text.compared is not null
union all
select
    'address' as kind,
    given.house_number || ' ' || place_words.word as key,
    place_text.compared
from given
cross join place_words
cross join place_text
where given.house_number is not null
union all
select distinct
    'address_sound' as kind,
    given.house_number || ' ' || sounds.sound as key,
    place_text.compared
from given
cross join place_words
cross join place_text
join sounds
    on sounds.word = place_words.word
where given.house_number is not null
    and length(place_words.word) > 3
    and sounds.sound is not null
union all
select distinct
    'address_sound' as kind,
    given.house_number || ' ' || left(place_words.word, 1) as key,
    place_text.compared
from given
cross join place_words
cross join place_text
where given.house_number is not null
    and length(place_words.word) > 3
