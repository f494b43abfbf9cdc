-- one row is a contact that names a customer whom the CRM did not deliver
select
    interactions.source_key as key,
    interactions.record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    'the CRM did not deliver customer ' || coalesce(interactions.customer_id, '(blank)') as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.crm_interactions as interactions
left join (select distinct customer_id from raw.crm_customers) as delivered
    on delivered.customer_id = interactions.customer_id
where delivered.customer_id is null
