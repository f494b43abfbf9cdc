-- One row is one shipment, with the golden recipient and place.
select
    shipments.shipment_id, -- the shipment's number
    shipments.order_id, -- the order it fulfils: orders.order_id
    orders.customer_id, -- who bought: customer.customer_id
    recipient.master_id as recipient_customer_id, -- whose name is on the label: customer.customer_id
    place.master_id as address_id, -- the place on the label: address.address_id
    shipments.carrier, -- who carries it
    shipments.tracking_number, -- the carrier's number
    shipments.shipped_at, -- when it left
    shipments.delivered_at, -- when it arrived
    shipments.status, -- in_transit, delivered or lost
    shipments.condition -- ok or damaged; null where unknown
from validated.shipments
left join mastered.orders
    on orders.order_id = shipments.order_id
left join mastered.xref as recipient
    on recipient.entity = 'customer'
    and recipient.record_id = shipments.record_id
left join mastered.xref as place
    on place.entity = 'address'
    and place.record_id = shipments.record_id
