-- One row is one customer with what they bought, what is still promised, and how the last contacts went.
with bought as (
    select
        customer_id,
        count(*) as orders,
        sum(order_total) as value,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        sum(case when status = 'open' then 1 else 0 end) as open_orders,
        min(case when status = 'open' then promised_at end) as next_promised_at
    from mastered.orders
    group by customer_id
),
contacted as (
    select
        customer_id,
        count(*) as interactions,
        max(occurred_at) as last_contact_at,
        avg(satisfaction) as satisfaction
    from mastered.interactions
    group by customer_id
),
received as (
    select
        recipient_customer_id as customer_id,
        count(*) as parcels,
        sum(case when condition = 'damaged' or status = 'lost' then 1 else 0 end) as failed_parcels
    from mastered.shipments
    group by recipient_customer_id
)
select
    customer.customer_id, -- the stable id of the customer
    customer.display_name, -- the name to print
    coalesce(customer.preferred_name, customer.first_name, customer.display_name) as greeting, -- how to address them
    customer.customer_type, -- person or organization
    customer.email, -- an address that works
    customer.phone, -- a number that works, as E.164
    address.line1, -- where they live: street and number
    address.city, -- city
    address.state, -- state
    address.postal_code, -- postal code
    customer.household_id, -- with whom they live
    coalesce(bought.orders, 0) as orders, -- orders placed
    coalesce(bought.value, 0) as value, -- what they were charged in all
    bought.first_ordered_at, -- first order
    bought.last_ordered_at, -- last order
    coalesce(bought.open_orders, 0) as open_orders, -- orders not yet delivered
    bought.next_promised_at, -- the earliest promise still open
    coalesce(received.parcels, 0) as parcels, -- parcels addressed to them
    coalesce(received.failed_parcels, 0) as failed_parcels, -- of these, damaged or lost
    coalesce(contacted.interactions, 0) as interactions, -- contacts
    contacted.last_contact_at, -- last contact
    round(contacted.satisfaction, 2) as satisfaction, -- mean of what they said, 1 to 5
    customer.accounts -- accounts that the CRM holds for them
from mastered.customer
left join mastered.address
    on address.address_id = customer.address_id
left join bought
    on bought.customer_id = customer.customer_id
left join contacted
    on contacted.customer_id = customer.customer_id
left join received
    on received.customer_id = customer.customer_id
