-- one row is a shipped line of which more left than was ordered, or of which a delivered order is short
with shipped as (
    select
        order_id,
        line_no,
        sku,
        sum(quantity) as quantity,
        max(record_id) as record_id,
        max(source_key) as source_key
    from validated.shipment_lines
    group by
        order_id,
        line_no,
        sku
)
select
    shipped.source_key as key,
    shipped.record_id,
    lines.customer_id as master_id,
    shipped.order_id,
    cast(lines.quantity as varchar) || ' ordered, ' || cast(shipped.quantity as varchar) || ' shipped' as detail,
    cast(abs(shipped.quantity - lines.quantity) * lines.unit_price as decimal(18, 2)) as value_at_risk
from shipped
join mastered.order_lines as lines
    on lines.order_id = shipped.order_id
    and lines.line_no = shipped.line_no
    and lines.sku = shipped.sku
left join mastered.orders
    on orders.order_id = shipped.order_id
where shipped.quantity > lines.quantity
    or (orders.status = 'delivered' and shipped.quantity < lines.quantity)
