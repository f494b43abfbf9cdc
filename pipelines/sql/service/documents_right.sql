-- One row is one order that was not cancelled, as a measurement of right documents (SCOR RL.2.3).
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when documents_right then 1 else 0 end as good,
    case when not documents_right then 1 else 0 end as bad,
    case when documents_right is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
