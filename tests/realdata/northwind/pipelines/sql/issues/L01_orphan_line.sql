-- One row is an order line whose order was not delivered.
select
    order_lines.source_key as key,
    order_lines.record_id,
    cast(null as varchar) as master_id,
    order_lines.order_id,
    'order ' || order_lines.order_id || ' was not delivered' as detail,
    cast(order_lines.quantity * order_lines.unit_price as decimal(18, 2)) as value_at_risk
from validated.order_lines
left join (select distinct order_id from raw.orders) as delivered
    on delivered.order_id = order_lines.order_id
where delivered.order_id is null
