-- one row is stock at a location that nobody has counted for ninety days
select
    source_key as key,
    record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    'counted ' || cast(date_diff('day', cast(counted_at as date), run_date()) as varchar) || ' days ago' as detail,
    cast(greatest(on_hand, 0) * list_price as decimal(18, 2)) as value_at_risk,
    cast(counted_at as date) as since
from validated.inventory
where date_diff('day', cast(counted_at as date), run_date()) > 90
