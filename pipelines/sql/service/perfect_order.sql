-- One row is one order that was not cancelled, as a measurement of the perfect order (SCOR RL.1.1).
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when perfect then 1 else 0 end as good,
    case when not perfect then 1 else 0 end as bad,
    case when perfect is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
