-- One row is one thing that happened between a customer and the company, at any touchpoint: read it by customer_id in the order of happened_at.
select
    orders.customer_id, -- with whom: customer.customer_id
    orders.ordered_at as happened_at, -- when
    'ordered' as kind, -- ordered, line, promised, shipped, arrived, received, contact or irregularity
    coalesce(orders.touchpoint, orders.channel) as touchpoint, -- where the customer met the company
    orders.order_id, -- the order, where it is about one
    orders.order_id as reference, -- the number of the order, line, shipment or contact, or the code of the issue
    concat_ws(', ', orders.status, cast(round(orders.order_total, 2) as varchar), cast(orders.lines as varchar) || ' lines') as what, -- what happened
    cast(null as bigint) as satisfaction -- 1 to 5 as the customer said
from mastered.order_service as orders
where orders.customer_id is not null
union all
select
    lines.customer_id,
    orders.ordered_at as happened_at,
    'line' as kind,
    coalesce(orders.touchpoint, orders.channel) as touchpoint,
    lines.order_id,
    lines.order_id || '/' || cast(lines.line_no as varchar) as reference,
    concat_ws(' ', cast(lines.quantity as varchar), 'x', coalesce(product.product_name, lines.sku), 'at', cast(round(lines.unit_price, 2) as varchar)) as what,
    cast(null as bigint) as satisfaction
from mastered.order_lines as lines
join mastered.order_service as orders
    on orders.order_id = lines.order_id
left join mastered.product
    on product.sku = lines.sku
where lines.customer_id is not null
union all
select
    orders.customer_id,
    orders.promised_at as happened_at,
    'promised' as kind,
    coalesce(orders.touchpoint, orders.channel) as touchpoint,
    orders.order_id,
    orders.order_id as reference,
    case when orders.on_time then 'kept' when not orders.on_time then 'broken' else 'open' end as what,
    cast(null as bigint) as satisfaction
from mastered.order_service as orders
where orders.customer_id is not null
    and orders.promised_at is not null
    and orders.status is distinct from 'cancelled'
union all
select
    shipments.customer_id,
    shipments.shipped_at as happened_at,
    'shipped' as kind,
    'delivery' as touchpoint,
    shipments.order_id,
    shipments.shipment_id as reference,
    concat_ws(' ', shipments.carrier, shipments.tracking_number) as what,
    cast(null as bigint) as satisfaction
from mastered.shipments
where shipments.customer_id is not null
union all
select
    shipments.customer_id,
    shipments.delivered_at as happened_at,
    'arrived' as kind,
    'delivery' as touchpoint,
    shipments.order_id,
    shipments.shipment_id as reference,
    coalesce(shipments.condition, 'condition unknown') as what,
    cast(null as bigint) as satisfaction
from mastered.shipments
where shipments.customer_id is not null
    and shipments.delivered_at is not null
union all
select
    shipments.recipient_customer_id as customer_id,
    shipments.delivered_at as happened_at,
    'received' as kind,
    'delivery' as touchpoint,
    shipments.order_id,
    shipments.shipment_id as reference,
    'a parcel that somebody else ordered' as what,
    cast(null as bigint) as satisfaction
from mastered.shipments
where shipments.recipient_customer_id is not null
    and shipments.recipient_customer_id is distinct from shipments.customer_id
    and shipments.delivered_at is not null
union all
select
    interactions.customer_id,
    interactions.occurred_at as happened_at,
    'contact' as kind,
    interactions.touchpoint,
    cast(null as varchar) as order_id,
    interactions.interaction_id as reference,
    concat_ws(': ', interactions.reason, interactions.outcome) as what,
    interactions.satisfaction
from mastered.interactions
where interactions.customer_id is not null
union all
select
    issue_rows.master_id as customer_id,
    cast(issue_rows.since as timestamp) as happened_at,
    'irregularity' as kind,
    issues.touchpoint,
    issue_rows.order_id,
    issue_rows.code as reference,
    concat_ws(': ', issues.title, issue_rows.detail) as what,
    cast(null as bigint) as satisfaction
from scored.issue_rows
join scored.issues
    on issues.code = issue_rows.code
where issue_rows.entity = 'customer'
    and issue_rows.master_id is not null
