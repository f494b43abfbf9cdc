-- One row is one member of a household, with what shows that this customer lives with the others.
with limits as (
    select
        12 as most_persons, -- more people at one place are no home: an apartment house, or an institution
        5 as most_surnames, -- nor are more family names
        6 as most_holders -- what more people use is a desk's: a phone, an e-mail address, an account
),
persons as (
    select
        customer_id,
        address_id,
        std_surname(last_name) as surname
    from mastered.customer_golden
    where customer_type = 'person'
        and address_id is not null
),
places as (
    select
        persons.address_id,
        count(*) <= max(limits.most_persons)
        and count(distinct persons.surname) <= max(limits.most_surnames) as is_home
    from persons
    cross join limits
    group by persons.address_id
),
accounts as (
    select
        customer_id,
        source_key as account
    from mastered.customer_records
    where role = 'account'
    union all
    select
        customer_id,
        customer_ref as account
    from mastered.customer_records
    where role = 'buyer'
    union all
    select
        received.customer_id,
        bought.customer_ref as account
    from mastered.customer_records as received
    join mastered.customer_records as bought
        on bought.order_ref = received.order_ref
        and bought.role = 'buyer'
    where received.role = 'recipient'
),
used as (
    select distinct
        customer_id,
        'account' as kind,
        account as value
    from accounts
    where account is not null
    union all
    select distinct
        customer_id,
        'phone' as kind,
        phone_key as value
    from mastered.customer_records
    where phone_key is not null
    union all
    select distinct
        customer_id,
        'email' as kind,
        email_key as value
    from mastered.customer_records
    where email_key is not null
),
of_few as (
    select
        used.kind,
        used.value
    from used
    cross join limits
    group by
        used.kind,
        used.value
    having count(*) between 2 and max(limits.most_holders)
),
shared as (
    select
        used.customer_id,
        used.kind,
        used.value,
        persons.address_id,
        persons.surname
    from used
    join of_few
        on of_few.kind = used.kind
        and of_few.value = used.value
    join persons
        on persons.customer_id = used.customer_id
),
found as (
    select
        l.customer_id as customer_id_l,
        r.customer_id as customer_id_r,
        l.surname as surname_l,
        r.surname as surname_r,
        l.address_id,
        'surname' as kind
    from persons as l
    join persons as r
        on r.address_id = l.address_id
        and r.customer_id > l.customer_id
    join places
        on places.address_id = l.address_id
        and places.is_home
    union all
    select
        l.customer_id as customer_id_l,
        r.customer_id as customer_id_r,
        l.surname as surname_l,
        r.surname as surname_r,
        l.address_id,
        l.kind
    from shared as l
    join shared as r
        on r.address_id = l.address_id
        and r.kind = l.kind
        and r.value = l.value
        and r.customer_id > l.customer_id
),
pairs as (
    select
        customer_id_l,
        customer_id_r,
        address_id,
        max(
            case
                when contains(' ' || surname_l || ' ', ' ' || surname_r || ' ') then 1
                when contains(' ' || surname_r || ' ', ' ' || surname_l || ' ') then 1
                else 0
            end
        ) as surname,
        max(case when kind = 'phone' then 1 else 0 end) as phone,
        max(case when kind = 'email' then 1 else 0 end) as email,
        max(case when kind = 'account' then 1 else 0 end) as account
    from found
    group by
        customer_id_l,
        customer_id_r,
        address_id
),
together as (
    select
        pairs.customer_id_l,
        pairs.customer_id_r,
        pairs.address_id,
        pairs.surname,
        pairs.phone,
        pairs.email,
        pairs.account
    from pairs
    join places
        on places.address_id = pairs.address_id
    where pairs.surname + greatest(pairs.phone, pairs.email, pairs.account) >= case when places.is_home then 1 else 2 end
),
evidence as (
    select
        customer_id_l as customer_id,
        customer_id_r as other_id,
        address_id,
        surname,
        phone,
        email,
        account
    from together
    union all
    select
        customer_id_r as customer_id,
        customer_id_l as other_id,
        address_id,
        surname,
        phone,
        email,
        account
    from together
),
-- Who is reached over one, two, four, eight, sixteen others: a household has fewer members than that.
within_1 as (
    select
        customer_id,
        other_id
    from evidence
    union
    select
        customer_id,
        customer_id as other_id
    from evidence
),
within_2 as (
    select distinct
        near.customer_id,
        far.other_id
    from within_1 as near
    join within_1 as far
        on far.customer_id = near.other_id
),
within_4 as (
    select distinct
        near.customer_id,
        far.other_id
    from within_2 as near
    join within_2 as far
        on far.customer_id = near.other_id
),
within_8 as (
    select distinct
        near.customer_id,
        far.other_id
    from within_4 as near
    join within_4 as far
        on far.customer_id = near.other_id
),
within_16 as (
    select distinct
        near.customer_id,
        far.other_id
    from within_8 as near
    join within_8 as far
        on far.customer_id = near.other_id
),
births as (
    select
        master_id as customer_id,
        min(run_date) as born
    from mastered.id_history
    where entity = 'customer'
        and event = 'created'
    group by master_id
),
named as (
    select
        within_16.customer_id,
        min(coalesce(cast(births.born as varchar), '') || ' ' || within_16.other_id) as oldest
    from within_16
    cross join limits
    left join births
        on births.customer_id = within_16.other_id
    group by within_16.customer_id
    having count(*) <= max(limits.most_persons)
)
select
    'HH-' || upper(left(md5(split_part(named.oldest, ' ', 2)), 16)) as household_id, -- the household: household.household_id
    evidence.customer_id, -- who: customer.customer_id
    evidence.address_id, -- where they live: address.address_id
    concat_ws(
        ', ',
        'same_address',
        case when max(evidence.surname) = 1 then 'same_surname' end,
        case when max(evidence.phone) = 1 then 'shared_phone' end,
        case when max(evidence.email) = 1 then 'shared_email' end,
        case when max(evidence.account) = 1 then 'shared_account' end
    ) as evidence, -- what this member has in common with at least one other
    split_part(named.oldest, ' ', 2) = evidence.customer_id as is_oldest -- whether the household is named by this member
from evidence
join named
    on named.customer_id = evidence.customer_id
group by
    evidence.customer_id,
    evidence.address_id,
    named.oldest
