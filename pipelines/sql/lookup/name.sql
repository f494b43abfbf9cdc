-- One row is a word of a name that a customer has or likes to be called, short forms written out, or the sound of one.
-- An organization's legal form is no word of its name. The town stands beside: it tells namesakes apart.
-- A word stays beside what it is short for: Bradford is a surname before it is short for Bradley.
with called as (
    select
        customer_id,
        array_to_string(list_sort(list(distinct std_fold(preferred_name))), ' ') as words
    from mastered.customer_records
    where std_fold(preferred_name) is not null
    group by customer_id
),
towns as (
    select
        customer_id,
        array_to_string(list_sort(list(distinct concat_ws(' ', city_key, state_key, left(postal_key, 5)))), ' ') as beside
    from mastered.customer_records
    where coalesce(city_key, postal_key) is not null
    group by customer_id
),
names as (
    select
        customer_id,
        display_name as name,
        min(coalesce(org_key, std_fold(display_name))) as folded,
        min(last_key) as surname
    from mastered.customer_records
    where display_name is not null
    group by
        customer_id,
        display_name
),
split as (
    select
        names.customer_id,
        names.name,
        unnest(string_split(concat_ws(' ', names.folded, names.surname, called.words), ' ')) as word
    from names
    left join called
        on called.customer_id = names.customer_id
),
rooted as (
    select
        customer_id,
        name,
        word as root
    from split
    where word <> ''
    union
    select
        split.customer_id,
        split.name,
        nicknames.name as root
    from split
    join lookup.nicknames
        on nicknames.nickname = split.word
),
whole as (
    select
        customer_id,
        name,
        array_to_string(list_sort(list(root)), ' ') as compared
    from rooted
    group by
        customer_id,
        name
)
select
    'name' as kind,
    rooted.root as key,
    rooted.customer_id,
    rooted.name as shown,
    whole.compared,
    towns.beside
from rooted
join whole
    on whole.customer_id = rooted.customer_id
    and whole.name = rooted.name
left join towns
    on towns.customer_id = rooted.customer_id
union all
select distinct
    'sound' as kind,
    std_phonetic(rooted.root) as key,
    rooted.customer_id,
    rooted.name as shown,
    whole.compared,
    towns.beside
from rooted
join whole
    on whole.customer_id = rooted.customer_id
    and whole.name = rooted.name
left join towns
    on towns.customer_id = rooted.customer_id
where length(rooted.root) > 2
    and std_phonetic(rooted.root) is not null
