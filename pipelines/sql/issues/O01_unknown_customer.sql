-- one row is an order that names a customer whom the CRM did not deliver
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
where orders.customer_id is not null
    and delivered.customer_id is null
