-- One row is an order, and who bought it.
select
    'order_number' as kind,
    reverse(std_key(order_id)) as key,
    customer_id,
    concat_ws(', ', order_id, 'ordered ' || cast(cast(ordered_at as date) as varchar), status) as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from mastered.orders
where customer_id is not null
