-- One row is one household: people of one family name at one place. It never merges people.
with members as (
    select
        address_id,
        std_surname(last_name) as surname,
        count(*) as members
    from mastered.customer_golden
    where customer_type = 'person'
        and address_id is not null
    group by
        address_id,
        std_surname(last_name)
)
select
    'HH-' || upper(left(md5(address_id || ' ' || surname), 16)) as household_id, -- made of the place and the family name
    address_id, -- where they live: address.address_id
    surname, -- the family name, folded
    members -- how many customers it has
from members
where members > 1
