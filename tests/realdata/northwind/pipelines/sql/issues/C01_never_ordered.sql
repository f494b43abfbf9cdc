-- One row is a customer without any order.
select
    customers.source_key as key,
    customers.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    'no order names ' || customers.customer_id as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.customers
join mastered.xref
    on xref.entity = 'customer'
    and xref.record_id = customers.record_id
left join (select distinct customer_id from mastered.orders) as bought
    on bought.customer_id = xref.master_id
where bought.customer_id is null
