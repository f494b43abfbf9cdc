-- One row is one line of an order that was not cancelled, as a measurement of promises within the stock; bad is a line oversold.
select
    orders.touchpoint,
    orders.channel,
    orders.carrier,
    lines.location,
    orders.tier,
    case when not lines.oversold then 1 else 0 end as good,
    case when lines.oversold then 1 else 0 end as bad,
    case when lines.oversold is null then 1 else 0 end as unknown
from mastered.order_line_service as lines
join mastered.order_service as orders
    on orders.order_id = lines.order_id
where orders.status is distinct from 'cancelled'
