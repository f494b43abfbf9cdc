-- One row is one order, with the golden buyer and place.
select
    orders.order_id, -- the order's number
    buyer.master_id as customer_id, -- who bought: customer.customer_id
    place.master_id as ship_to_address_id, -- where it goes: address.address_id
    orders.customer_id as source_customer_id, -- the buyer's number as the shop has it; null for a guest
    orders.ship_to_name, -- who receives it, as typed
    orders.channel, -- web, phone or store
    orders.ordered_at, -- when it was ordered
    orders.promised_at, -- when it was promised
    orders.status, -- open, shipped, delivered or cancelled
    orders.order_total -- the sum charged
from validated.orders
left join mastered.xref as buyer
    on buyer.entity = 'customer'
    and buyer.record_id = orders.record_id
left join mastered.xref as place
    on place.entity = 'address'
    and place.record_id = orders.record_id
