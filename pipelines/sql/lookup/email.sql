-- One row is an e-mail address that a record of a customer has: whole, and by the part before the @ where the rest is misspelt.
with used as (
    select distinct
        customer_id,
        coalesce(std_email_key(email), email, email_key) as email_key,
        coalesce(email, email_key) as email
    from mastered.customer_records
    where coalesce(std_email_key(email), email, email_key) is not null
)
select
    'email' as kind,
    email_key as key,
    customer_id,
    email as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from used
union all
select
    'email_part' as kind,
    std_key(split_part(email_key, '@', 1)) as key,
    customer_id,
    email as shown,
    std_key(split_part(email_key, '@', 1)) as compared,
    std_fold(split_part(email_key, '@', 2)) as beside
from used
where std_key(split_part(email_key, '@', 1)) is not null
