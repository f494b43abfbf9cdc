-- One row is one line of an order that was not cancelled, as a measurement of pieces that left.
select
    orders.touchpoint,
    orders.channel,
    orders.carrier,
    lines.location,
    orders.tier,
    least(lines.shipped + lines.lost, lines.ordered) as good,
    case when not lines.filled then lines.ordered - least(lines.shipped + lines.lost, lines.ordered) else 0 end as bad,
    case when lines.filled is null then lines.ordered - least(lines.shipped + lines.lost, lines.ordered) else 0 end as unknown
from mastered.order_line_service as lines
join mastered.order_service as orders
    on orders.order_id = lines.order_id
where orders.status is distinct from 'cancelled'
