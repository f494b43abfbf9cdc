-- one row is a label with another place than the order's own ship-to (which may be a gift: the golden address is no yardstick)
select
    shipments.source_key as key,
    shipments.record_id,
    orders.customer_id as master_id,
    shipments.order_id,
    'the label names another place than the order' as detail,
    orders.order_total as value_at_risk
from validated.shipments
join mastered.orders
    on orders.order_id = shipments.order_id
join standardized.address as label
    on label.record_id = shipments.record_id
join standardized.address as ship_to
    on ship_to.record_id = 'orders:' || shipments.order_id
join mastered.shipments as mastered_shipments
    on mastered_shipments.shipment_id = shipments.shipment_id
where mastered_shipments.address_id <> orders.ship_to_address_id
    -- A slip of the pen in the street is no other place: number, ZIP, or most of the first line must differ.
    and (
        regexp_extract(label.line1, '[0-9]+') <> regexp_extract(ship_to.line1, '[0-9]+')
        or left(label.postal_code5, 5) <> left(ship_to.postal_code5, 5)
        or std_similarity(std_fold(label.line1), std_fold(ship_to.line1)) < 0.8
    )
