-- one row is an account of a person whom orders and parcels since its last change call by another name
-- Spellings, short forms, initials, swapped names and one of two family names are one name; so is one that any account has.
with names as (
    select
        customer_id,
        record_id,
        role,
        first_key,
        first_root,
        last_key,
        last_main,
        middle_key,
        concat_ws(' ', middle_key, last_key) as surnames,
        std_fold(preferred_name) as preferred
    from mastered.customer_records
    where first_key is not null
        and last_key is not null
),
compared as (
    select
        word.customer_id,
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
    from mastered.customer_last_word as word
    join names as said
        on said.record_id = word.record_id
    join names as accounts
        on accounts.customer_id = word.customer_id
        and accounts.role = 'account'
    where word.field = 'name'
        and not word.is_known
    group by word.customer_id
)
select
    word.account_key as key,
    word.account_record_id as record_id,
    word.customer_id as master_id,
    word.order_id,
    case word.role when 'buyer' then 'order ' else 'the parcel of order ' end || word.order_id
        || ' has another name than the account; the golden record takes it from ' || coalesce(word.golden_record_id, 'no record') as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    word.since
from mastered.customer_last_word as word
join compared
    on compared.customer_id = word.customer_id
where word.field = 'name'
    and compared.is_known = 0
