-- One row is one order that was not cancelled, as a measurement of what arrived in perfect condition (SCOR RL.2.4).
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when undamaged then 1 else 0 end as good,
    case when not undamaged then 1 else 0 end as bad,
    case when undamaged is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
