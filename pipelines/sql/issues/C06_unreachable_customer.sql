-- one row is an active customer, shown by the account changed last, of whom no system knows a valid e-mail or phone
with accounts as (
    select
        customer_id,
        record_id,
        source_key,
        row_number() over (
            partition by customer_id
            order by updated_at desc nulls last, record_id
        ) as choice
    from mastered.customer_records
    where role = 'account'
)
select
    accounts.source_key as key,
    accounts.record_id,
    accounts.customer_id as master_id,
    cast(null as varchar) as order_id,
    'neither a valid e-mail nor a valid phone' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from accounts
join mastered.customer
    on customer.customer_id = accounts.customer_id
    and coalesce(customer.status, 'active') = 'active'
where accounts.choice = 1
    and customer.email is null
    and customer.phone is null
