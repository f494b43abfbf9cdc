-- one row is stock that is not what was there, plus what came, minus what left, plus what was corrected
select
    source_key as key,
    record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    cast(opening_on_hand + received - shipped + adjusted as varchar) || ' by the books, '
        || cast(on_hand as varchar) || ' on hand' as detail,
    cast(abs(opening_on_hand + received - shipped + adjusted - on_hand) * list_price as decimal(18, 2)) as value_at_risk
from validated.inventory
where opening_on_hand + received - shipped + adjusted <> on_hand
