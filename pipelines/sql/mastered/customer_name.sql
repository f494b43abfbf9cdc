-- One row is one name that a customer is known by, or likes to be called.
with said as (
    select
        customer_id,
        'name' as kind,
        coalesce(display_name, organization_name) as name,
        cast(coalesce(updated_at, created_at) as date) as said_on
    from mastered.customer_records
    union all
    select
        customer_id,
        'preferred' as kind,
        preferred_name as name,
        cast(coalesce(updated_at, created_at) as date) as said_on
    from mastered.customer_records
    union all
    select
        customer_id,
        'preferred' as kind,
        std_blank(preferred_name) as name,
        cast(occurred_at as date) as said_on
    from mastered.interactions
),
used as (
    select
        customer_id,
        kind,
        name,
        count(*) as times,
        min(said_on) as first_said_on,
        max(said_on) as last_said_on
    from said
    where customer_id is not null
        and name is not null
    group by
        customer_id,
        kind,
        name
)
select
    customer_id, -- who: customer.customer_id
    kind, -- name: as records have it; preferred: what they like to be called
    name, -- the name
    times, -- how many records or contacts say so
    first_said_on, -- the day it was said first
    last_said_on, -- the day it was said last
    row_number() over (
        partition by
            customer_id,
            kind
        order by
            last_said_on desc nulls last,
            times desc,
            name
    ) = 1 as is_latest -- whether it is the one that was said last
from used
