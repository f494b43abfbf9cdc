-- one row is an article of which a location has promised more than it has
select
    source_key as key,
    record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    cast(allocated as varchar) || ' promised, ' || cast(on_hand as varchar) || ' on hand' as detail,
    cast((allocated - on_hand) * list_price as decimal(18, 2)) as value_at_risk
from validated.inventory
where on_hand >= 0
    and allocated > on_hand
