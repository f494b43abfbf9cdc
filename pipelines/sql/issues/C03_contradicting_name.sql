-- one row is an account of a person whom orders and parcels since its last change call by another name
with accounts as (
    select
        records.customer_id,
        records.record_id,
        records.source_key,
        records.first_key,
        records.first_root,
        records.last_key,
        records.last_main,
        records.middle_key,
        concat_ws(' ', records.middle_key, records.last_key) as surnames,
        std_fold(records.preferred_name) as preferred,
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
        and records.first_key is not null
        and records.last_key is not null
),
-- What names the account of somebody else says nothing of this one.
named as (
    select
        records.customer_id,
        records.record_id,
        records.role,
        records.order_ref as order_id,
        records.first_key,
        records.first_root,
        records.last_key,
        records.last_main,
        concat_ws(' ', records.middle_key, records.last_key) as surnames,
        records.updated_at as said_at,
        row_number() over (
            partition by records.customer_id
            order by records.updated_at desc nulls last, records.record_id
        ) as choice
    from mastered.customer_records as records
    join mastered.orders
        on orders.order_id = records.order_ref
        and orders.status <> 'cancelled'
    join accounts
        on accounts.customer_id = records.customer_id
        and accounts.choice = 1
        and (accounts.updated_at is null or records.updated_at > accounts.updated_at)
    left join mastered.xref as own_account
        on own_account.entity = 'customer'
        and own_account.record_id = 'crm_customers:' || records.customer_ref
    where records.role <> 'account'
        and coalesce(own_account.master_id, records.customer_id) = records.customer_id
        and records.first_key is not null
        and records.last_key is not null
),
said as (
    select
        latest.customer_id,
        latest.role,
        latest.order_id,
        latest.first_key,
        latest.first_root,
        latest.last_key,
        latest.last_main,
        latest.surnames,
        min(cast(named.said_at as date)) as since
    from named as latest
    join named
        on named.customer_id = latest.customer_id
        and named.first_root is not distinct from latest.first_root
        and named.last_main is not distinct from latest.last_main
    where latest.choice = 1
    group by
        latest.customer_id,
        latest.role,
        latest.order_id,
        latest.first_key,
        latest.first_root,
        latest.last_key,
        latest.last_main,
        latest.surnames
),
-- Spellings, short forms, initials, swapped names and one of two family names are one name; so is one that any account has.
compared as (
    select
        said.customer_id,
        said.role,
        said.order_id,
        said.since,
        max(
            case
                when (
                    accounts.first_root = said.first_root
                    or std_similarity(accounts.first_key, said.first_key) >= 0.65
                    or contains(accounts.first_key, said.first_key)
                    or contains(said.first_key, accounts.first_key)
                    or coalesce(starts_with(accounts.middle_key, said.first_key), false)
                    or coalesce(accounts.preferred = said.first_key, false)
                )
                and (
                    accounts.last_main = said.last_main
                    or std_similarity(accounts.last_key, said.last_key) >= 0.8
                    or contains(' ' || accounts.surnames || ' ', ' ' || said.last_main || ' ')
                    or contains(' ' || said.surnames || ' ', ' ' || accounts.last_main || ' ')
                ) then 1
                when std_similarity(accounts.first_key, said.last_key) >= 0.85
                    and std_similarity(accounts.last_key, said.first_key) >= 0.85 then 1
                when contains(' ' || said.surnames || ' ', ' ' || accounts.first_key || ' ')
                    and accounts.last_key = said.first_key then 1
                else 0
            end
        ) as is_known
    from said
    join accounts
        on accounts.customer_id = said.customer_id
    group by
        said.customer_id,
        said.role,
        said.order_id,
        said.since
)
select
    accounts.source_key as key,
    accounts.record_id,
    accounts.customer_id as master_id,
    compared.order_id,
    case compared.role when 'buyer' then 'order ' else 'the parcel of order ' end || compared.order_id
        || ' has another name than the account; the golden record takes it from ' || coalesce(golden.record_id, 'none') as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    compared.since
from compared
join accounts
    on accounts.customer_id = compared.customer_id
    and accounts.choice = 1
left join mastered.provenance as golden
    on golden.entity = 'customer'
    and golden.master_id = accounts.customer_id
    and golden.field = 'name'
where compared.is_known = 0
