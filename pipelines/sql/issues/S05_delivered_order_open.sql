-- one row is a delivered shipment whose order is still open though none of it is still to come
with arrived as (
    select
        packed.order_id,
        packed.line_no,
        packed.sku,
        sum(case when shipments.status = 'delivered' then packed.quantity else 0 end) as quantity
    from validated.shipment_lines as packed
    join validated.shipments
        on shipments.shipment_id = packed.shipment_id
    group by
        packed.order_id,
        packed.line_no,
        packed.sku
),
packed_orders as (
    select distinct order_id
    from arrived
),
outstanding as (
    select distinct lines.order_id
    from mastered.order_lines as lines
    join packed_orders
        on packed_orders.order_id = lines.order_id
    left join arrived
        on arrived.order_id = lines.order_id
        and arrived.line_no = lines.line_no
        and arrived.sku = lines.sku
    where coalesce(arrived.quantity, 0) < lines.quantity
)
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'delivered, but the order is open' as detail,
    orders.order_total as value_at_risk,
    cast(shipments.delivered_at as date) as since
from validated.shipments
join mastered.orders
    on orders.order_id = shipments.order_id
left join outstanding
    on outstanding.order_id = shipments.order_id
where shipments.status = 'delivered'
    and orders.status = 'open'
    and outstanding.order_id is null
