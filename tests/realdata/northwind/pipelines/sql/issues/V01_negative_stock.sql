-- One row is an article of which there is less than nothing.
select
    source_key as key,
    record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    cast(on_hand as varchar) || ' on the shelf' as detail,
    cast(-on_hand * list_price as decimal(18, 2)) as value_at_risk
from validated.inventory
where on_hand < 0
