-- One row is one thing that a failed order hangs on: a record of its own, its parcels' or its articles' stock, or who and where.
with failed as (
    select distinct
        outcome.order_id,
        orders.customer_id,
        orders.ship_to_address_id
    from mastered.order_outcome as outcome
    join mastered.orders
        on orders.order_id = outcome.order_id
    where outcome.failure is not null
)
select
    order_id, -- the order: orders.order_id
    'order' as through, -- order, shipment, stock, customer or address
    'orders:' || order_id as record_id, -- the record of a source; null where it is a master
    cast(null as varchar) as entity, -- the kind of master; null where it is a record
    cast(null as varchar) as master_id -- the master
from failed
union all
select
    failed.order_id,
    'order' as through,
    lines.record_id,
    cast(null as varchar) as entity,
    cast(null as varchar) as master_id
from failed
join raw.order_lines as lines
    on lines.order_id = failed.order_id
union all
select
    failed.order_id,
    'shipment' as through,
    parcels.record_id,
    cast(null as varchar) as entity,
    cast(null as varchar) as master_id
from failed
join raw.shipments as parcels
    on parcels.order_id = failed.order_id
union all
select
    failed.order_id,
    'shipment' as through,
    packed.record_id,
    cast(null as varchar) as entity,
    cast(null as varchar) as master_id
from failed
join raw.shipment_lines as packed
    on packed.order_id = failed.order_id
union all
select distinct
    failed.order_id,
    'stock' as through,
    stock.record_id,
    cast(null as varchar) as entity,
    cast(null as varchar) as master_id
from failed
join mastered.order_line_service as lines
    on lines.order_id = failed.order_id
join raw.inventory as stock
    on stock.sku = lines.sku
    and (lines.location is null or stock.location = lines.location)
union all
select
    order_id,
    'customer' as through,
    cast(null as varchar) as record_id,
    'customer' as entity,
    customer_id as master_id
from failed
where customer_id is not null
union all
select
    order_id,
    'address' as through,
    cast(null as varchar) as record_id,
    'address' as entity,
    ship_to_address_id as master_id
from failed
where ship_to_address_id is not null
