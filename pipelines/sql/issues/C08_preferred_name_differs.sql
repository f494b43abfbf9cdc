-- one row is the last word of a touchpoint, or of the CRM, on a customer's preferred name, where the newest word says otherwise
select
    source_key as key,
    record_id,
    customer_id as master_id,
    cast(null as varchar) as order_id,
    touchpoint || ' heard another preferred name on ' || cast(said_on as varchar) || ' than ' || newest_touchpoint || ' on '
        || cast(newest_said_on as varchar) as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    since
from mastered.customer_preference
where preference = 'preferred_name'
    and differs
