-- one row is an active customer, shown by the account changed last, of whom no system knows a place to deliver to
-- Abroad a place is good that has a first line and a town or a code.
with places as (
    select address_id
    from mastered.address
    where is_deliverable
        or (country <> 'US' and line1 is not null and coalesce(city, postal_code) is not null)
),
wanting as materialized (
    select
        customer.customer_id,
        customer.account_key
    from mastered.customer
    left join (
        select distinct records.customer_id
        from mastered.customer_records as records
        join places
            on places.address_id = records.address_id
    ) as reached
        on reached.customer_id = customer.customer_id
    where customer.account_key is not null
        and coalesce(customer.status, 'active') = 'active'
        and reached.customer_id is null
),
-- An order that has not left yet may name a place for its own buyer.
promised as (
    select distinct wanting.customer_id
    from wanting
    join mastered.orders
        on orders.customer_id = wanting.customer_id
    join places
        on places.address_id = orders.ship_to_address_id
    join validated.orders as taken
        on taken.order_id = orders.order_id
        and std_fold(taken.ship_to_name) = std_fold(taken.customer_name)
)
select
    wanting.account_key as key,
    'crm_customers:' || wanting.account_key as record_id,
    wanting.customer_id as master_id,
    cast(null as varchar) as order_id,
    'no system knows a complete place' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from wanting
left join promised
    on promised.customer_id = wanting.customer_id
where promised.customer_id is null
