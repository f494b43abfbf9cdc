-- One row is one order, with its customer, the place it goes to, and its value.
with summed as (
    select
        order_id,
        cast(sum(quantity * unit_price * (1 - discount)) as decimal(18, 2)) as order_total
    from validated.order_lines
    group by order_id
)
select
    orders.order_id, -- number of the order
    buyer.master_id as customer_id, -- who bought: customer.customer_id
    place.master_id as ship_to_address_id, -- where it goes: address.address_id
    orders.customer_id as source_customer_id, -- the customer's code as the order has it
    orders.ordered_at, -- when it was ordered
    orders.required_at, -- when the customer needs it
    shipping.shipped_at, -- when it left; null while it is open
    case when shipping.shipped_at is null then 'open' else 'shipped' end as status, -- open or shipped
    orders.freight, -- freight charged
    summed.order_total -- the sum of its lines, discounts taken off
from validated.orders
left join validated.shipping
    on shipping.order_id = orders.order_id
left join summed
    on summed.order_id = orders.order_id
left join mastered.xref as buyer
    on buyer.entity = 'customer'
    and buyer.record_id = 'customers:' || orders.customer_id
left join mastered.xref as place
    on place.entity = 'address'
    and place.record_id = shipping.record_id
