-- One row is one line of an order that was not cancelled, as a measurement of what waits and cannot be sent; bad is a line on backorder.
select
    orders.touchpoint,
    orders.channel,
    orders.carrier,
    lines.location,
    orders.tier,
    case when not lines.backordered then 1 else 0 end as good,
    case when lines.backordered then 1 else 0 end as bad,
    case when lines.backordered is null then 1 else 0 end as unknown
from mastered.order_line_service as lines
join mastered.order_service as orders
    on orders.order_id = lines.order_id
where orders.status is distinct from 'cancelled'
