-- One row is an article of which open orders ask for more than is on the shelf.
with wanted as (
    select
        order_lines.product_id,
        sum(order_lines.quantity) as quantity
    from mastered.order_lines
    join mastered.orders
        on orders.order_id = order_lines.order_id
    where orders.status = 'open'
    group by order_lines.product_id
)
select
    inventory.source_key as key,
    inventory.record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    cast(wanted.quantity as varchar) || ' wanted, ' || cast(inventory.on_hand as varchar) || ' on the shelf' as detail,
    cast((wanted.quantity - inventory.on_hand) * inventory.list_price as decimal(18, 2)) as value_at_risk
from validated.inventory
join wanted
    on wanted.product_id = inventory.product_id
where wanted.quantity > inventory.on_hand
