-- one row is an order for an account or a master id that is retired: placed after that, or not yet delivered
with delivered as (
    select distinct customer_id
    from raw.crm_customers
),
accounts as (
    select
        record_id,
        master_id,
        last_seen
    from mastered.known_records
    where entity = 'customer'
        and not is_live
),
ids as (
    select
        redirects.master_id,
        redirects.current_id,
        max(history.run_date) as retired_on
    from mastered.redirects
    join mastered.id_history as history
        on history.entity = redirects.entity
        and history.master_id = redirects.master_id
        and history.event <> 'created'
    where redirects.entity = 'customer'
        and redirects.current_id is distinct from redirects.master_id
    group by
        redirects.master_id,
        redirects.current_id
)
select
    orders.source_key as key,
    orders.record_id,
    coalesce(ids.current_id, mastered_orders.customer_id) as master_id,
    orders.order_id,
    orders.customer_id || ' is retired since '
        || cast(coalesce(ids.retired_on, accounts.last_seen) as varchar)
        || coalesce(', now ' || ids.current_id, '') as detail,
    orders.order_total as value_at_risk,
    coalesce(ids.retired_on, accounts.last_seen) as since
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
left join delivered
    on delivered.customer_id = orders.customer_id
left join accounts
    on accounts.record_id = 'crm_customers:' || orders.customer_id
left join ids
    on ids.master_id = orders.customer_id
where delivered.customer_id is null
    and coalesce(ids.retired_on, accounts.last_seen) is not null
    and (
        orders.status in ('open', 'shipped')
        or (orders.status = 'delivered' and cast(orders.ordered_at as date) > coalesce(ids.retired_on, accounts.last_seen))
    )
