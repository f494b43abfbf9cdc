-- one row is a label with another place than the order's own ship-to (which may be a gift: the golden address is no yardstick)
-- Few labels are of another place; only those are looked at letter by letter.
with elsewhere as materialized (
    select
        labels.shipment_id,
        orders.order_id,
        orders.customer_id,
        orders.order_total
    from mastered.shipments as labels
    join mastered.orders
        on orders.order_id = labels.order_id
    where labels.address_id <> orders.ship_to_address_id
)
select
    shipments.source_key as key,
    shipments.record_id,
    elsewhere.customer_id as master_id,
    elsewhere.order_id,
    'the label names another place than the order' as detail,
    elsewhere.order_total as value_at_risk,
    cast(shipments.shipped_at as date) as since
from elsewhere
join validated.shipments
    on shipments.shipment_id = elsewhere.shipment_id
join standardized.address as label
    on label.record_id = 'shipments:' || elsewhere.shipment_id
join standardized.address as ship_to
    on ship_to.record_id = 'orders:' || elsewhere.order_id
-- A slip of the pen in the street is no other place: number, ZIP, or most of the first line must differ.
where regexp_extract(label.line1, '[0-9]+') <> regexp_extract(ship_to.line1, '[0-9]+')
    or left(label.postal_code5, 5) <> left(ship_to.postal_code5, 5)
    or std_similarity(std_fold(label.line1), std_fold(ship_to.line1)) < 0.8
