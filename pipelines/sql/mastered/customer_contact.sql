-- One row is one e-mail address or phone number that a customer uses.
with said as (
    select
        customer_id,
        'email' as kind,
        email as value,
        email_key is not null as is_valid,
        source,
        cast(coalesce(updated_at, created_at) as date) as said_on
    from mastered.customer_records
    where email is not null
    union all
    select
        customer_id,
        'phone' as kind,
        phone as value,
        phone_key is not null as is_valid,
        source,
        cast(coalesce(updated_at, created_at) as date) as said_on
    from mastered.customer_records
    where phone is not null
),
used as (
    select
        customer_id,
        kind,
        value,
        max(case when is_valid then 1 else 0 end) as is_valid,
        count(*) as times,
        count(distinct source) as sources,
        min(said_on) as first_said_on,
        max(case when said_on <= run_date() then said_on end) as last_confirmed_on
    from said
    group by
        customer_id,
        kind,
        value
)
select
    customer_id, -- who: customer.customer_id
    kind, -- email or phone
    value, -- the address or number
    is_valid = 1 as is_valid, -- whether it is well formed and the customer's own: no placeholder, no desk's
    times, -- how many records say so
    sources, -- how many systems do
    first_said_on, -- the day it was said first
    last_confirmed_on, -- the day it was said last; a day to come confirms nothing
    row_number() over (
        partition by
            customer_id,
            kind
        order by
            is_valid desc,
            last_confirmed_on desc nulls last,
            times desc,
            value
    ) = 1 and is_valid = 1 as is_working -- whether it is the one to use: valid, and confirmed last
from used
