-- one row is a shipped line all pieces of which had left before; what was lost or damaged may be sent again
with sent as (
    select
        packed.source_key,
        packed.record_id,
        packed.shipment_id,
        packed.order_id,
        packed.line_no,
        packed.quantity,
        lines.quantity as ordered,
        lines.unit_price,
        lines.customer_id,
        shipments.shipped_at,
        sum(packed.quantity) over (
            partition by packed.order_id, packed.line_no, packed.sku
            order by shipments.shipped_at, packed.record_id
            rows between unbounded preceding and current row
        ) - packed.quantity as sent_before
    from validated.shipment_lines as packed
    join validated.shipments
        on shipments.shipment_id = packed.shipment_id
        and shipments.status <> 'lost'
        and coalesce(shipments.condition, 'ok') <> 'damaged'
    join mastered.order_lines as lines
        on lines.order_id = packed.order_id
        and lines.line_no = packed.line_no
        and lines.sku = packed.sku
)
select
    source_key as key,
    record_id,
    customer_id as master_id,
    order_id,
    'all ' || cast(ordered as varchar) || ' had left before, ' || cast(quantity as varchar) || ' left again' as detail,
    cast(quantity * unit_price as decimal(18, 2)) as value_at_risk,
    cast(shipped_at as date) as since
from sent
where sent_before >= ordered
