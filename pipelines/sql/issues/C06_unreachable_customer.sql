-- one row is an active customer, shown by the account changed last, of whom no system knows a valid e-mail or phone
select
    account_key as key,
    'crm_customers:' || account_key as record_id,
    customer_id as master_id,
    cast(null as varchar) as order_id,
    'neither a valid e-mail nor a valid phone' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from mastered.customer
where account_key is not null
    and coalesce(status, 'active') = 'active'
    and email is null
    and phone is null
