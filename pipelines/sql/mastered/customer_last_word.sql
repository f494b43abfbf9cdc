-- One row is a field of a person's account, and what their orders and parcels said of it last since the CRM changed the account.
-- What is sent to another name is a gift, and says nothing of where the buyer lives.
with told as (
    select
        records.customer_id,
        records.record_id,
        records.source_key,
        records.role,
        records.order_ref,
        records.customer_ref,
        records.updated_at,
        fields.field,
        case
            when fields.field = 'email' then records.email_key
            when fields.field = 'phone' then records.phone_key
            when fields.field = 'name' then records.first_root || ' ' || records.last_main
            when records.role = 'account' and coalesce(records.street_key, records.place_key) is not null then records.address_id
            when taken.ship_to_name = taken.customer_name then records.address_id
            when std_fold(taken.ship_to_name) = std_fold(taken.customer_name) then records.address_id
        end as value
    from mastered.customer_records as records
    cross join (values ('email'), ('phone'), ('name'), ('address_id')) as fields(field)
    left join validated.orders as taken
        on taken.record_id = records.record_id
),
accounts as (
    select
        told.*,
        row_number() over (
            partition by told.customer_id, told.field
            order by told.updated_at desc nulls last, told.record_id
        ) as choice
    from told
    join mastered.customer
        on customer.customer_id = told.customer_id
        and customer.customer_type = 'person'
    where told.role = 'account'
        and told.value is not null
),
known as (
    select distinct
        customer_id,
        field,
        value
    from accounts
),
-- An older order is history, a cancelled one no word, and what names the account of somebody else says nothing of this one.
since_then as (
    select
        told.*,
        accounts.record_id as account_record_id,
        accounts.source_key as account_key,
        cast(min(told.updated_at) over (partition by told.customer_id, told.field, told.value) as date) as since,
        row_number() over (
            partition by told.customer_id, told.field
            order by told.updated_at desc nulls last, told.record_id
        ) as choice
    from told
    join accounts
        on accounts.customer_id = told.customer_id
        and accounts.field = told.field
        and accounts.choice = 1
        and (accounts.updated_at is null or told.updated_at > accounts.updated_at)
    join mastered.orders
        on orders.order_id = told.order_ref
        and orders.status <> 'cancelled'
    left join mastered.xref as own_account
        on own_account.entity = 'customer'
        and own_account.record_id = 'crm_customers:' || told.customer_ref
    where told.role <> 'account'
        and told.value is not null
        and coalesce(own_account.master_id, told.customer_id) = told.customer_id
)
select
    word.customer_id, -- who: customer.customer_id
    word.field, -- email, phone, name or address_id
    word.account_record_id, -- the account that says something of the field, and was changed last
    word.account_key, -- its number in the CRM
    word.record_id, -- the record that said it last: an order, or for the name also a parcel
    word.role, -- buyer: the order says so; recipient: a label does
    word.order_ref as order_id, -- the order: orders.order_id
    word.since, -- the day since when orders and parcels say the same
    known.value is not null as is_known, -- whether an account of theirs says the same; a short form of a first name is the same
    golden.record_id as golden_record_id -- the record from which the golden record has the field
from since_then as word
left join known
    on known.customer_id = word.customer_id
    and known.field = word.field
    and known.value = word.value
left join mastered.provenance as golden
    on golden.entity = 'customer'
    and golden.master_id = word.customer_id
    and golden.field = word.field
where word.choice = 1
