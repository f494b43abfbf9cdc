-- one row is an active customer, shown by the account changed last, of whom nothing was heard for three years
with heard as (
    select
        customer_id,
        cast(coalesce(updated_at, created_at) as date) as heard_on
    from mastered.customer_records
    where role <> 'recipient'
    union all
    select
        customer_id,
        cast(occurred_at as date) as heard_on
    from mastered.interactions
    where customer_id is not null
),
last_heard as (
    select
        customer_id,
        max(heard_on) as heard_on
    from heard
    where heard_on <= run_date()
    group by customer_id
)
select
    customer.account_key as key,
    'crm_customers:' || customer.account_key as record_id,
    customer.customer_id as master_id,
    cast(null as varchar) as order_id,
    'neither changed nor ordered nor spoken to since ' || cast(last_heard.heard_on as varchar) as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    last_heard.heard_on as since
from mastered.customer
join last_heard
    on last_heard.customer_id = customer.customer_id
where customer.account_key is not null
    and coalesce(customer.status, 'active') = 'active'
    and date_diff('day', last_heard.heard_on, run_date()) > 1095
