-- One row is one order that was not cancelled, as a measurement of orders all of whose pieces left.
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when filled then 1 else 0 end as good,
    case when not filled then 1 else 0 end as bad,
    case when filled is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
