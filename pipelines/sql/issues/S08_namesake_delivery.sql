-- one row is a label with the buyer's name and the home of another person of that name, where the buyer is not known
with labels as (
    select
        shipments.source_key,
        shipments.record_id,
        shipments.order_id,
        orders.customer_id,
        orders.order_total,
        cast(shipments.shipped_at as date) as since,
        mastered_shipments.address_id,
        label.first_root,
        label.last_main
    from validated.shipments
    join mastered.shipments as mastered_shipments
        on mastered_shipments.shipment_id = shipments.shipment_id
        and mastered_shipments.address_id is not null
    join mastered.orders
        on orders.order_id = shipments.order_id
    join standardized.customer as label
        on label.record_id = shipments.record_id
    join standardized.customer as buyer
        on buyer.record_id = 'orders:' || shipments.order_id
        and std_similarity(buyer.first_root, label.first_root) >= 0.85
        and std_similarity(buyer.last_main, label.last_main) >= 0.85
),
-- Who lives where, under which names.
residents as (
    select distinct
        customer.customer_id,
        customer.address_id,
        customer.household_id,
        records.first_root,
        records.last_main
    from mastered.customer_records as records
    join mastered.customer
        on customer.customer_id = records.customer_id
        and customer.address_id is not null
        and customer.customer_type = 'person'
    where records.role = 'account'
),
-- Where the buyer is known from an account, or from the parcels of other orders.
places as (
    select
        customer_id,
        address_id,
        max(coalesce(order_ref, '')) as last_order,
        min(coalesce(order_ref, '')) as first_order
    from mastered.customer_records
    where address_id is not null
    group by
        customer_id,
        address_id
),
mistaken as (
    select
        labels.record_id,
        min(residents.customer_id) as other_id
    from labels
    join residents
        on residents.address_id = labels.address_id
        and std_similarity(residents.first_root, labels.first_root) >= 0.85
        and std_similarity(residents.last_main, labels.last_main) >= 0.85
        and residents.customer_id <> labels.customer_id
    left join mastered.customer as buyer
        on buyer.customer_id = labels.customer_id
    left join places
        on places.customer_id = labels.customer_id
        and places.address_id = labels.address_id
        and (places.first_order <> labels.order_id or places.last_order <> labels.order_id)
    where places.customer_id is null
        and (buyer.household_id is null or residents.household_id is distinct from buyer.household_id)
    group by labels.record_id
)
select
    labels.source_key as key,
    labels.record_id,
    labels.customer_id as master_id,
    labels.order_id,
    'the place is the home of ' || mistaken.other_id || ', who has the name of the buyer' as detail,
    labels.order_total as value_at_risk,
    labels.since
from labels
join mistaken
    on mistaken.record_id = labels.record_id
