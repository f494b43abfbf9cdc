-- one row is an account of a person who has parcels for themselves sent to another place since the CRM last changed it
with accounts as (
    select
        records.customer_id,
        records.record_id,
        records.source_key,
        records.address_id,
        records.updated_at,
        row_number() over (
            partition by records.customer_id
            order by records.updated_at desc nulls last, records.record_id
        ) as choice
    from mastered.customer_records as records
    join mastered.customer
        on customer.customer_id = records.customer_id
        and customer.customer_type = 'person'
    where records.role = 'account'
        and records.address_id is not null
        and coalesce(records.street_key, records.place_key) is not null
),
known as (
    select distinct
        customer_id,
        address_id
    from accounts
),
-- What is sent to another name is a gift, and what names the account of somebody else says nothing of this one.
ordered as (
    select
        orders.customer_id,
        orders.order_id,
        orders.ship_to_address_id as address_id,
        cast(orders.ordered_at as date) as ordered_on,
        row_number() over (
            partition by orders.customer_id
            order by orders.ordered_at desc, taken.record_id
        ) as choice
    from mastered.orders
    join validated.orders as taken
        on taken.order_id = orders.order_id
        and (taken.ship_to_name = taken.customer_name or std_fold(taken.ship_to_name) = std_fold(taken.customer_name))
    join accounts
        on accounts.customer_id = orders.customer_id
        and accounts.choice = 1
        and (accounts.updated_at is null or orders.ordered_at > accounts.updated_at)
    left join mastered.xref as own_account
        on own_account.entity = 'customer'
        and own_account.record_id = 'crm_customers:' || orders.source_customer_id
    where coalesce(own_account.master_id, orders.customer_id) = orders.customer_id
        and orders.ship_to_address_id is not null
        and orders.status <> 'cancelled'
),
said as (
    select
        latest.customer_id,
        latest.order_id,
        latest.address_id,
        min(ordered.ordered_on) as since
    from ordered as latest
    join ordered
        on ordered.customer_id = latest.customer_id
        and ordered.address_id = latest.address_id
    where latest.choice = 1
    group by
        latest.customer_id,
        latest.order_id,
        latest.address_id
)
select
    accounts.source_key as key,
    accounts.record_id,
    accounts.customer_id as master_id,
    said.order_id,
    'order ' || said.order_id || ' goes to ' || said.address_id || ', the account says ' || accounts.address_id
        || '; the golden record takes its place from ' || coalesce(golden.record_id, 'none') as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    said.since
from accounts
join said
    on said.customer_id = accounts.customer_id
left join mastered.provenance as golden
    on golden.entity = 'customer'
    and golden.master_id = accounts.customer_id
    and golden.field = 'address_id'
left join known
    on known.customer_id = said.customer_id
    and known.address_id = said.address_id
join standardized.address as home
    on home.record_id = accounts.record_id
join standardized.address as goes
    on goes.record_id = 'orders:' || said.order_id
where accounts.choice = 1
    and known.customer_id is null
    -- A slip of the pen or a unit that one of them leaves out is no other place; a blank is none at all.
    and coalesce(home.street_key, home.po_box) is not null
    and coalesce(goes.street_key, goes.po_box) is not null
    and (
        home.number <> goes.number
        or home.unit_key <> goes.unit_key
        or home.postal_code5 <> goes.postal_code5
        or std_similarity(home.street_key, goes.street_key) < 0.8
    )
