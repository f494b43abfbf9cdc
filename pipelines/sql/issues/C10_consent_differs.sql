-- one row is the last word of a touchpoint on a customer's consent, where the customer's newest word says otherwise
select
    source_key as key,
    record_id,
    customer_id as master_id,
    cast(null as varchar) as order_id,
    touchpoint || ' heard another consent on ' || cast(said_on as varchar) || ' than ' || newest_touchpoint || ' on '
        || cast(newest_said_on as varchar) as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    since
from mastered.customer_preference
where preference = 'consent'
    and differs
