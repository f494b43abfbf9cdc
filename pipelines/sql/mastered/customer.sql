-- One row is one customer: the golden record of everything that any system says about one person or organization.
with roles as (
    select
        customer_id,
        count(*) as records,
        count(distinct case when role = 'account' then record_id end) as accounts,
        count(distinct source) as sources,
        max(case when role = 'buyer' then 1 else 0 end) = 1 as is_buyer,
        max(case when role = 'recipient' then 1 else 0 end) = 1 as is_recipient
    from mastered.customer_records
    group by customer_id
),
accounts as (
    select
        customer_id,
        source_key,
        row_number() over (
            partition by customer_id
            order by updated_at desc nulls last, record_id
        ) as choice
    from mastered.customer_records
    where role = 'account'
)
select
    golden.customer_id, -- the stable id of the customer
    golden.customer_type, -- person or organization
    golden.display_name, -- the name to print
    golden.preferred_name, -- what the customer likes to be called
    golden.first_name, -- given name
    golden.middle_name, -- middle name or initial
    golden.last_name, -- family name or names
    golden.suffix, -- generation: Jr, Sr, II, III
    golden.organization_name, -- the organization's name
    golden.email, -- an address that is valid and is the customer's own
    golden.phone, -- a number that is valid and is the customer's own, as E.164
    golden.birth_date, -- date of birth
    golden.address_id, -- where the customer lives: address.address_id
    household_member.household_id, -- with whom: household.household_id
    golden.status, -- active, inactive or prospect, as the CRM says
    golden.channel, -- where the customer was won
    golden.created_at, -- the earliest record
    golden.updated_at, -- the latest record
    roles.records, -- how many records it was made of
    roles.accounts, -- how many accounts the CRM holds for this customer; more than one is a duplicate
    accounts.source_key as account_key, -- the number of the account that was changed last; null for a guest
    roles.sources, -- how many systems know the customer
    roles.is_buyer, -- whether an order was placed in this name
    roles.is_recipient -- whether a parcel was addressed to this name
from mastered.customer_golden as golden
join roles
    on roles.customer_id = golden.customer_id
left join accounts
    on accounts.customer_id = golden.customer_id
    and accounts.choice = 1
left join mastered.household_member
    on household_member.customer_id = golden.customer_id
