-- one row is an order that names a customer whom the CRM never delivered, and no master id
select
    orders.source_key as key,
    orders.record_id,
    mastered_orders.customer_id as master_id,
    orders.order_id,
    'the CRM did not deliver customer ' || orders.customer_id as detail,
    orders.order_total as value_at_risk
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
left join (select distinct customer_id from raw.crm_customers) as delivered
    on delivered.customer_id = orders.customer_id
-- Who was known before is retired, not unknown.
left join mastered.known_records as known
    on known.entity = 'customer'
    and known.record_id = 'crm_customers:' || orders.customer_id
left join mastered.redirects
    on redirects.entity = 'customer'
    and redirects.master_id = orders.customer_id
where orders.customer_id is not null
    and delivered.customer_id is null
    and known.record_id is null
    and redirects.master_id is null
