-- one row is an order line whose price is not the list price at any location
with prices as (
    select
        sku,
        min(list_price) as lowest,
        max(list_price) as highest
    from validated.inventory
    group by sku
)
select
    order_lines.source_key as key,
    order_lines.record_id,
    lines.customer_id as master_id,
    order_lines.order_id,
    'charged ' || cast(order_lines.unit_price as varchar) || ', the list price is ' || cast(prices.lowest as varchar) as detail,
    cast(abs(order_lines.unit_price - prices.lowest) * order_lines.quantity as decimal(18, 2)) as value_at_risk
from validated.order_lines
join mastered.order_lines as lines
    on lines.order_id = order_lines.order_id
    and lines.line_no = order_lines.line_no
join prices
    on prices.sku = order_lines.sku
where order_lines.unit_price < prices.lowest - 0.01
    or order_lines.unit_price > prices.highest + 0.01
