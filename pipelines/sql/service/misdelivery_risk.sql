-- One row is one order that was not cancelled, as a measurement of parcels that may reach somebody else; bad is an order at risk.
select
    touchpoint,
    channel,
    carrier,
    location,
    tier,
    case when not misdelivery_risk then 1 else 0 end as good,
    case when misdelivery_risk then 1 else 0 end as bad,
    case when misdelivery_risk is null then 1 else 0 end as unknown
from mastered.order_service
where status is distinct from 'cancelled'
