-- One row is a phone number that a record of a customer has: whole, and without its area.
with used as (
    select distinct
        customer_id,
        coalesce(std_phone_digits(phone), phone_key) as phone_key,
        coalesce(phone, phone_key) as phone
    from mastered.customer_records
    where coalesce(std_phone_digits(phone), phone_key) is not null
)
select
    'phone' as kind,
    phone_key as key,
    customer_id,
    phone as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from used
where length(phone_key) = 10
union all
select
    'phone_part' as kind,
    right(phone_key, 7) as key,
    customer_id,
    phone as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from used
