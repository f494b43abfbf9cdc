-- One row is an order line whose price is not the list price of today.
select
    order_lines.source_key as key,
    order_lines.record_id,
    lines.customer_id as master_id,
    order_lines.order_id,
    'charged ' || cast(order_lines.unit_price as varchar) || ', the list price is ' || cast(inventory.list_price as varchar) as detail,
    cast(abs(order_lines.unit_price - inventory.list_price) * order_lines.quantity as decimal(18, 2)) as value_at_risk
from validated.order_lines
join mastered.order_lines as lines
    on lines.order_id = order_lines.order_id
    and lines.product_id = order_lines.product_id
join mastered.inventory
    on inventory.product_id = order_lines.product_id
where order_lines.unit_price <> inventory.list_price
