-- one row is an order and a master that suffers where it is taken for another: who bought, whose account, which place
with accounts as (
    select
        source_key as customer_id,
        master_id
    from mastered.xref
    where entity = 'customer'
        and source = 'crm_customers'
)
select
    'customer' as entity,
    customer_id as master_id,
    order_id,
    case when status <> 'cancelled' then order_total else 0 end as value,
    status = 'open' as is_open
from mastered.orders
where customer_id is not null
union all
select
    'customer' as entity,
    accounts.master_id,
    orders.order_id,
    case when orders.status <> 'cancelled' then orders.order_total else 0 end as value,
    orders.status = 'open' as is_open
from mastered.orders as orders
join accounts
    on accounts.customer_id = orders.source_customer_id
union all
select
    'address' as entity,
    ship_to_address_id as master_id,
    order_id,
    case when status <> 'cancelled' then order_total else 0 end as value,
    status = 'open' as is_open
from mastered.orders
where ship_to_address_id is not null
