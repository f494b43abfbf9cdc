-- One row is a reseller without any order.
select
    resellers.source_key as key,
    resellers.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    'no year of a first order' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.resellers
left join mastered.xref
    on xref.entity = 'customer'
    and xref.record_id = resellers.record_id
where resellers.first_order_year is null
