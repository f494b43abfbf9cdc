-- One row is an id that a customer has or had, however long ago: an old one leads to the one that stands for it now.
-- Numbers are told apart by their ends, so they are written backwards: sorted keys then lie far apart.
select
    case when master_id = last_id then 'customer_id' else 'old_customer_id' end as kind,
    reverse(std_key(master_id)) as key,
    last_id as customer_id,
    case when master_id = last_id then master_id else master_id || ', now ' || last_id end as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from mastered.redirects
where entity = 'customer'
