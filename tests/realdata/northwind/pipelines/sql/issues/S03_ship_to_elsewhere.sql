-- One row is an order that goes to another place than the customer's own.
select
    shipping.source_key as key,
    shipping.record_id,
    orders.customer_id as master_id,
    orders.order_id,
    'goes to ' || coalesce(place.city, '(no town)') || ', the customer is in ' || coalesce(home.city, '(no town)') as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.shipping
join mastered.orders
    on orders.order_id = shipping.order_id
join mastered.customer
    on customer.customer_id = orders.customer_id
join mastered.address as home
    on home.address_id = customer.address_id
join mastered.address as place
    on place.address_id = orders.ship_to_address_id
where place.address_id <> home.address_id
