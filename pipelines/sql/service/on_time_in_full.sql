-- One row is one order that was not cancelled, as a measurement of what arrived on time and in full.
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when otif then 1 else 0 end as good,
    case when not otif then 1 else 0 end as bad,
    case when otif is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
