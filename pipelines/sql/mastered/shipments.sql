-- One row is one shipment, with the golden recipient and place.
-- Whom linkage holds for the buyer of the order is the buyer, also where the order's account says better who that is.
select
    shipments.shipment_id, -- the shipment's number
    shipments.order_id, -- the order it fulfils: orders.order_id
    orders.customer_id, -- who bought: customer.customer_id
    case when recipient.master_id = buyer.master_id then orders.customer_id else recipient.master_id end as recipient_customer_id, -- whose name is on the label: customer.customer_id
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
left join mastered.xref as buyer
    on buyer.entity = 'customer'
    and buyer.record_id = 'orders:' || shipments.order_id
left join mastered.xref as place
    on place.entity = 'address'
    and place.record_id = shipments.record_id
