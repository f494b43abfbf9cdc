-- one row is an order of the same things for the same customer and place as another one within the day before
with contents as (
    select
        order_id,
        array_to_string(list_sort(list(sku || ' ' || cast(quantity as varchar))), ', ') as content
    from validated.order_lines
    group by order_id
),
placed as (
    select
        orders.order_id,
        orders.customer_id,
        orders.order_total,
        orders.ordered_at,
        lag(orders.order_id) over (
            partition by orders.customer_id, orders.ship_to_address_id, contents.content
            order by orders.ordered_at, orders.order_id
        ) as earlier_id,
        lag(orders.ordered_at) over (
            partition by orders.customer_id, orders.ship_to_address_id, contents.content
            order by orders.ordered_at, orders.order_id
        ) as earlier_at
    from mastered.orders
    join contents
        on contents.order_id = orders.order_id
    where orders.customer_id is not null
        and orders.status <> 'cancelled'
)
select
    orders.source_key as key,
    orders.record_id,
    placed.customer_id as master_id,
    placed.order_id,
    'the same as order ' || placed.earlier_id || ' of ' || cast(cast(placed.earlier_at as date) as varchar) as detail,
    placed.order_total as value_at_risk,
    cast(placed.ordered_at as date) as since
from placed
join validated.orders
    on orders.order_id = placed.order_id
where date_diff('second', placed.earlier_at, placed.ordered_at) <= 86400
