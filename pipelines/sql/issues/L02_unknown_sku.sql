-- one row is an order line for an article that the inventory does not know
select
    order_lines.source_key as key,
    order_lines.record_id,
    lines.customer_id as master_id,
    order_lines.order_id,
    'the inventory does not know ' || order_lines.sku as detail,
    lines.amount as value_at_risk
from validated.order_lines
join mastered.order_lines as lines
    on lines.order_id = order_lines.order_id
    and lines.line_no = order_lines.line_no
left join (select distinct sku from raw.inventory) as stocked
    on stocked.sku = order_lines.sku
where stocked.sku is null
