-- One row is one place that a customer uses, and what for.
with said as (
    select
        customer_id,
        address_id,
        'home' as used_as,
        cast(coalesce(updated_at, created_at) as date) as used_on
    from mastered.customer_records
    where role = 'account'
    union all
    select
        customer_id,
        address_id,
        'receives' as used_as,
        cast(coalesce(updated_at, created_at) as date) as used_on
    from mastered.customer_records
    where role = 'recipient'
    union all
    select
        customer_id,
        ship_to_address_id as address_id,
        'sends to' as used_as,
        cast(ordered_at as date) as used_on
    from mastered.orders
    where status is distinct from 'cancelled'
),
used as (
    select
        customer_id,
        address_id,
        list_sort(list(distinct used_as)) as used_as,
        count(*) as times,
        min(used_on) as first_used_on,
        max(used_on) as last_used_on
    from said
    where customer_id is not null
        and address_id is not null
    group by
        customer_id,
        address_id
)
select
    used.customer_id, -- who: customer.customer_id
    used.address_id, -- which place: address.address_id
    coalesce(customer.address_id = used.address_id, false) as is_home, -- whether the golden record says that they live there
    used.used_as, -- home: an account says so; receives: a label did; sends to: an order did
    used.times, -- how many accounts, labels and orders say so
    used.first_used_on, -- the day of the first
    used.last_used_on, -- the day of the last
    address.is_deliverable, -- whether a parcel can be sent there
    concat_ws(', ', address.line1, address.line2, address.city, concat_ws(' ', address.state, address.postal_code)) as place -- the place in one line
from used
join mastered.customer
    on customer.customer_id = used.customer_id
left join mastered.address
    on address.address_id = used.address_id
