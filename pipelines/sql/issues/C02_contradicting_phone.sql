-- one row is an account of a person who orders under another phone since the CRM last changed it
with accounts as (
    select
        records.customer_id,
        records.record_id,
        records.source_key,
        records.phone_key as value,
        records.updated_at,
        row_number() over (
            partition by records.customer_id
            order by records.updated_at desc nulls last, records.record_id
        ) as choice
    from mastered.customer_records as records
    join mastered.customer
        on customer.customer_id = records.customer_id
        and customer.customer_type = 'person'
    where records.role = 'account'
        and records.phone_key is not null
),
known as (
    select distinct
        customer_id,
        value
    from accounts
),
-- An order that names the account of somebody else says nothing of this one.
ordered as (
    select
        records.customer_id,
        records.record_id,
        records.order_ref as order_id,
        records.phone_key as value,
        cast(orders.ordered_at as date) as ordered_on,
        row_number() over (
            partition by records.customer_id
            order by orders.ordered_at desc nulls last, records.record_id
        ) as choice
    from mastered.customer_records as records
    join mastered.orders
        on orders.order_id = records.order_ref
        and orders.status <> 'cancelled'
    join accounts
        on accounts.customer_id = records.customer_id
        and accounts.choice = 1
        and (accounts.updated_at is null or orders.ordered_at > accounts.updated_at)
    left join mastered.xref as own_account
        on own_account.entity = 'customer'
        and own_account.record_id = 'crm_customers:' || records.customer_ref
    where records.role = 'buyer'
        and coalesce(own_account.master_id, records.customer_id) = records.customer_id
        and records.phone_key is not null
),
-- What was said last counts; the first time that it was said is since when.
said as (
    select
        latest.customer_id,
        latest.order_id,
        latest.value,
        min(ordered.ordered_on) as since
    from ordered as latest
    join ordered
        on ordered.customer_id = latest.customer_id
        and ordered.value = latest.value
    where latest.choice = 1
    group by
        latest.customer_id,
        latest.order_id,
        latest.value
)
select
    accounts.source_key as key,
    accounts.record_id,
    accounts.customer_id as master_id,
    said.order_id,
    'order ' || said.order_id || ' has another phone than the account; the golden record takes it from ' || coalesce(golden.record_id, 'none') as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    said.since
from accounts
join said
    on said.customer_id = accounts.customer_id
left join mastered.provenance as golden
    on golden.entity = 'customer'
    and golden.master_id = accounts.customer_id
    and golden.field = 'phone'
left join known
    on known.customer_id = said.customer_id
    and known.value = said.value
where accounts.choice = 1
    and known.customer_id is null
