-- one row is a parcel to its own buyer at a place that nothing else links to them, where it is one of four or more in a year
with homes as (
    select distinct
        records.customer_id,
        records.address_id
    from mastered.customer_records as records
    where records.role = 'account'
        and records.address_id is not null
),
families as (
    select distinct
        one.customer_id,
        other.address_id
    from mastered.customer as one
    join mastered.customer as other
        on other.household_id = one.household_id
    where other.address_id is not null
),
unlinked as (
    select
        shipments.shipment_id,
        shipments.order_id,
        shipments.customer_id,
        shipments.address_id,
        cast(shipments.shipped_at as date) as sent_on
    from mastered.shipments
    join mastered.customer
        on customer.customer_id = shipments.customer_id
        and customer.customer_type = 'person'
    left join homes
        on homes.customer_id = shipments.customer_id
        and homes.address_id = shipments.address_id
    left join families
        on families.customer_id = shipments.customer_id
        and families.address_id = shipments.address_id
    -- What goes to somebody else is a gift.
    where shipments.recipient_customer_id = shipments.customer_id
        and shipments.address_id is not null
        and date_diff('day', cast(shipments.shipped_at as date), run_date()) between 0 and 365
        and homes.customer_id is null
        and families.customer_id is null
),
spread as (
    select
        customer_id,
        count(distinct address_id) as places,
        min(sent_on) as since
    from unlinked
    group by customer_id
    having count(distinct address_id) >= 4
)
select
    shipments.source_key as key,
    shipments.record_id,
    unlinked.customer_id as master_id,
    unlinked.order_id,
    'one of ' || cast(spread.places as varchar) || ' places in a year that only parcels know' as detail,
    orders.order_total as value_at_risk,
    spread.since
from unlinked
join spread
    on spread.customer_id = unlinked.customer_id
join validated.shipments
    on shipments.shipment_id = unlinked.shipment_id
left join mastered.orders
    on orders.order_id = unlinked.order_id
