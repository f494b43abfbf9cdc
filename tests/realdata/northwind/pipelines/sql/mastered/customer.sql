-- One row is one customer: a business, whatever its labels call it.
with named as (
    select
        customer_id,
        count(distinct case when role = 'account' then record_id end) as accounts,
        min(customer_ref) as customer_ref,
        list_sort(list(distinct display_name)) as names
    from mastered.customer_records
    group by customer_id
)
select
    golden.customer_id, -- the stable id of the customer
    named.customer_ref, -- the code that sales uses, the first in the alphabet where there are several
    golden.display_name, -- the name to print
    named.names, -- every name it goes by, in the customer file and on labels
    golden.contact_name, -- whom to ask for
    golden.contact_title, -- what that person does
    golden.phone, -- phone as written in its country
    golden.fax, -- fax as written in its country
    golden.country, -- country, ISO 3166 alpha-2
    golden.address_id, -- where it is: address.address_id
    named.accounts, -- accounts in the customer file; more than one is a duplicate
    golden.records -- how many records it was made of
from mastered.customer_golden as golden
join named
    on named.customer_id = golden.customer_id
