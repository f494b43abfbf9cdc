-- One row is one customer with what they bought and what is still to be sent.
with bought as (
    select
        customer_id,
        count(*) as orders,
        sum(order_total) as value,
        max(ordered_at) as last_ordered_at,
        sum(case when status = 'open' then 1 else 0 end) as open_orders,
        min(case when status = 'open' then required_at end) as next_required_at
    from mastered.orders
    group by customer_id
),
sent as (
    select
        customer_id,
        count(*) as shipments,
        sum(case when is_late then 1 else 0 end) as late_shipments
    from mastered.shipments
    group by customer_id
)
select
    customer.customer_id, -- the stable id of the customer
    customer.display_name, -- the name to print
    customer.contact_name, -- whom to ask for
    customer.phone, -- phone as written in its country
    address.line1, -- where it is: street and number
    address.city, -- town
    address.country, -- country, ISO 3166 alpha-2
    coalesce(bought.orders, 0) as orders, -- orders placed
    coalesce(bought.value, 0) as value, -- what they come to in all
    bought.last_ordered_at, -- last order
    coalesce(bought.open_orders, 0) as open_orders, -- orders that have not left
    bought.next_required_at, -- the earliest day on which one of those is needed
    coalesce(sent.shipments, 0) as shipments, -- orders that have left
    coalesce(sent.late_shipments, 0) as late_shipments -- of these, after the day they were needed
from mastered.customer
left join mastered.address
    on address.address_id = customer.address_id
left join bought
    on bought.customer_id = customer.customer_id
left join sent
    on sent.customer_id = customer.customer_id
