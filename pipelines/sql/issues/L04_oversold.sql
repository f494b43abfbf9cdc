-- one row is an order line of which less was left than was sold, counting what was sold before it
select
    order_lines.source_key as key,
    order_lines.record_id,
    orders.customer_id as master_id,
    order_lines.order_id,
    'sold ' || cast(service.ordered as varchar) || ', ' || cast(service.remaining as varchar) || ' were left' as detail,
    cast((service.ordered - service.remaining) * order_lines.unit_price as decimal(18, 2)) as value_at_risk,
    cast(orders.ordered_at as date) as since
from mastered.order_line_service as service
join validated.order_lines
    on order_lines.order_id = service.order_id
    and order_lines.line_no = service.line_no
join mastered.orders
    on orders.order_id = service.order_id
where service.remaining > 0
    and service.ordered > service.remaining
