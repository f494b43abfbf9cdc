-- one row is an open order, of which nothing has left, of a customer who has a namesake at another place
with pairs as (
    select distinct
        l.master_id as customer_id,
        r.master_id as other_id
    from linked.customer_confusable as confusable
    join mastered.xref as l
        on l.entity = 'customer'
        and l.record_id = confusable.record_id_l
    join mastered.xref as r
        on r.entity = 'customer'
        and r.record_id = confusable.record_id_r
    where confusable.kind in ('namesake', 'branch')
),
-- A parcel may go to anyone who has a home; where both live together it reaches the right door.
mistaken as (
    select
        pairs.customer_id,
        pairs.other_id
    from pairs
    union all
    select
        pairs.other_id as customer_id,
        pairs.customer_id as other_id
    from pairs
),
others as (
    select
        mistaken.customer_id,
        count(distinct mistaken.other_id) as others,
        min(mistaken.other_id) as other_id
    from mistaken
    join mastered.customer as own
        on own.customer_id = mistaken.customer_id
    join mastered.customer as other
        on other.customer_id = mistaken.other_id
        and other.address_id is not null
        and other.address_id is distinct from own.address_id
    join mastered.address as home
        on home.address_id = other.address_id
        and home.line1 is not null
    group by mistaken.customer_id
)
select
    orders.source_key as key,
    orders.record_id,
    mastered_orders.customer_id as master_id,
    orders.order_id,
    'not to be sent to ' || others.other_id
        || case when others.others > 1 then ' or ' || cast(others.others - 1 as varchar) || ' more of that name' else '' end as detail,
    orders.order_total as value_at_risk
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
join others
    on others.customer_id = mastered_orders.customer_id
left join (select distinct order_id from raw.shipments) as sent
    on sent.order_id = orders.order_id
where orders.status = 'open'
    and sent.order_id is null
