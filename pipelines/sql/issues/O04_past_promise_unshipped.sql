-- one row is an open order whose promised day is over and of which nothing was shipped
select
    orders.source_key as key,
    orders.record_id,
    mastered_orders.customer_id as master_id,
    orders.order_id,
    'promised for ' || cast(cast(orders.promised_at as date) as varchar) || ', nothing has left' as detail,
    orders.order_total as value_at_risk,
    cast(orders.promised_at as date) as since
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
left join (select distinct order_id from raw.shipments) as shipped
    on shipped.order_id = orders.order_id
where orders.status = 'open'
    and cast(orders.promised_at as date) < run_date()
    and shipped.order_id is null
