-- One row is one order, with the golden buyer and place.
-- Whose account an order names bought it, wherever it goes, but where its own e-mail, phone or name says otherwise.
with buyers as (
    select
        said.record_id,
        case
            when account.customer_id is null then said.customer_id
            when said.email_key = account.email_key or said.phone_key = account.phone_key then account.customer_id
            when said.email_key <> account.email_key or said.phone_key <> account.phone_key then said.customer_id
            when coalesce(said.org_key, said.name_key) <> coalesce(account.org_key, account.name_key) then said.customer_id
            else account.customer_id
        end as customer_id
    from mastered.customer_records as said
    left join mastered.customer_records as account
        on account.record_id = 'crm_customers:' || said.customer_ref
    where said.role = 'buyer'
)
select
    orders.order_id, -- the order's number
    buyers.customer_id, -- who bought: customer.customer_id; the account that the order names, else as identity.xref
    place.master_id as ship_to_address_id, -- where it goes: address.address_id
    orders.customer_id as source_customer_id, -- the buyer's number as the shop has it; null for a guest
    orders.ship_to_name, -- who receives it, as typed
    orders.channel, -- web, phone or store
    orders.ordered_at, -- when it was ordered
    orders.promised_at, -- when it was promised
    orders.status, -- open, shipped, delivered or cancelled
    orders.order_total -- the sum charged
from validated.orders
left join buyers
    on buyers.record_id = orders.record_id
left join mastered.xref as place
    on place.entity = 'address'
    and place.record_id = orders.record_id
