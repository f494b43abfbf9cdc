-- One row is one order that was not cancelled, as a measurement of what arrived on the committed date (SCOR RL.2.2).
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when on_time then 1 else 0 end as good,
    case when not on_time then 1 else 0 end as bad,
    case when on_time is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
