-- One row is an order line for an article that was not delivered.
select
    order_lines.source_key as key,
    order_lines.record_id,
    lines.customer_id as master_id,
    order_lines.order_id,
    'the inventory has no article ' || order_lines.product_id as detail,
    lines.amount as value_at_risk
from validated.order_lines
join mastered.order_lines as lines
    on lines.order_id = order_lines.order_id
    and lines.product_id = order_lines.product_id
left join (select distinct product_id from raw.inventory) as stocked
    on stocked.product_id = order_lines.product_id
where stocked.product_id is null
