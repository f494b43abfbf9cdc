-- One row is one order that has left.
select
    shipping.order_id, -- the order: orders.order_id
    orders.customer_id, -- who bought: customer.customer_id
    recipient.master_id as recipient_customer_id, -- whose name is on the label: customer.customer_id
    place.master_id as address_id, -- the place on the label: address.address_id
    shippers.company_name as carrier, -- who carries it
    shipping.shipped_at, -- when it left
    orders.required_at, -- when the customer needs it
    shipping.shipped_at > orders.required_at as is_late -- whether it left after that
from validated.shipping
left join mastered.orders
    on orders.order_id = shipping.order_id
left join validated.shippers
    on shippers.shipper_id = shipping.shipper_id
left join mastered.xref as recipient
    on recipient.entity = 'customer'
    and recipient.record_id = shipping.record_id
left join mastered.xref as place
    on place.entity = 'address'
    and place.record_id = shipping.record_id
where shipping.shipped_at is not null
