-- One row is an order whose customer was not delivered.
select
    orders.source_key as key,
    orders.record_id,
    cast(null as varchar) as master_id,
    orders.order_id,
    'the customer file has no ' || coalesce(orders.customer_id, '(blank)') as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.orders
left join (select distinct customer_id from raw.customers) as delivered
    on delivered.customer_id = orders.customer_id
where delivered.customer_id is null
