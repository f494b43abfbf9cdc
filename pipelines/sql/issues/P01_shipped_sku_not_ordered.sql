-- one row is a shipped article that is not on the order
select
    shipped.source_key as key,
    shipped.record_id,
    orders.customer_id as master_id,
    shipped.order_id,
    shipped.sku || ' was shipped and is not on the order' as detail,
    orders.order_total as value_at_risk
from validated.shipment_lines as shipped
join mastered.orders
    on orders.order_id = shipped.order_id
left join (select distinct order_id, sku from raw.order_lines) as ordered
    on ordered.order_id = shipped.order_id
    and ordered.sku = shipped.sku
where ordered.sku is null
