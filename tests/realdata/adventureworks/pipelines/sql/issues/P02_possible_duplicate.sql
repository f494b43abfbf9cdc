-- One row is a prospect who is another row's person as well.
with people as (
    select
        master_id,
        count(*) as records
    from mastered.xref
    where entity = 'customer'
        and source = 'prospects'
    group by master_id
)
select
    prospects.source_key as key,
    prospects.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    'one of ' || cast(people.records as varchar) || ' rows' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.prospects
join mastered.xref
    on xref.entity = 'customer'
    and xref.record_id = prospects.record_id
join people
    on people.master_id = xref.master_id
where people.records > 1
