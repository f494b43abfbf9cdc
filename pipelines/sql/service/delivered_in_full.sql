-- One row is one order that was not cancelled, as a measurement of what arrived in full (SCOR RL.2.1).
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when in_full then 1 else 0 end as good,
    case when not in_full then 1 else 0 end as bad,
    case when in_full is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
