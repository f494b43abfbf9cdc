-- one row is an account of a person who orders under another e-mail since the CRM last changed it
select
    account_key as key,
    account_record_id as record_id,
    customer_id as master_id,
    order_id,
    'order ' || order_id || ' has another e-mail than the account; the golden record takes it from ' || coalesce(golden_record_id, 'no record') as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    since
from mastered.customer_last_word
where field = 'email'
    and not is_known
