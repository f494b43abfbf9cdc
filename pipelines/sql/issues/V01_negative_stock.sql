-- one row is an article of which a location has less than nothing
select
    source_key as key,
    record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    'on hand: ' || cast(on_hand as varchar) as detail,
    cast(-on_hand * list_price as decimal(18, 2)) as value_at_risk
from validated.inventory
where on_hand < 0
