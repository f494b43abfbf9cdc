-- one row is a shipped line of which more left than was ordered, or of which a delivered order is short
-- What was lost or damaged may be sent again, and what left once more after all had left is a defect of its own.
with sent as (
    select
        packed.record_id,
        packed.source_key,
        packed.order_id,
        packed.line_no,
        packed.sku,
        packed.quantity,
        lines.quantity as ordered,
        lines.unit_price,
        lines.customer_id,
        case
            when shipments.status = 'lost' or shipments.condition = 'damaged' then 0
            else packed.quantity
        end as kept,
        shipments.shipped_at
    from validated.shipment_lines as packed
    join mastered.order_lines as lines
        on lines.order_id = packed.order_id
        and lines.line_no = packed.line_no
        and lines.sku = packed.sku
    left join validated.shipments
        on shipments.shipment_id = packed.shipment_id
),
running as (
    select
        *,
        sum(kept) over (
            partition by order_id, line_no, sku
            order by shipped_at, record_id
            rows between unbounded preceding and current row
        ) - kept as kept_before
    from sent
),
shipped as (
    select
        order_id,
        line_no,
        sku,
        ordered,
        unit_price,
        customer_id,
        sum(quantity) as quantity,
        sum(case when kept_before < ordered then kept else 0 end) as kept,
        max(case when kept_before < ordered then record_id end) as record_id,
        max(case when kept_before < ordered then source_key end) as source_key
    from running
    group by
        order_id,
        line_no,
        sku,
        ordered,
        unit_price,
        customer_id
)
select
    shipped.source_key as key,
    shipped.record_id,
    shipped.customer_id as master_id,
    shipped.order_id,
    cast(shipped.ordered as varchar) || ' ordered, ' || cast(greatest(shipped.kept, least(shipped.quantity, shipped.ordered)) as varchar) || ' shipped' as detail,
    cast(abs(greatest(shipped.kept, least(shipped.quantity, shipped.ordered)) - shipped.ordered) * shipped.unit_price as decimal(18, 2)) as value_at_risk
from shipped
left join mastered.orders
    on orders.order_id = shipped.order_id
where shipped.kept > shipped.ordered
    or (orders.status = 'delivered' and shipped.quantity < shipped.ordered)
