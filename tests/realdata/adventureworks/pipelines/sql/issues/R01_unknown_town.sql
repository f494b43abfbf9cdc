-- One row is a reseller whose town was not delivered.
select
    resellers.source_key as key,
    resellers.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    'no town has the number ' || coalesce(resellers.geography_id, '(blank)') as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.resellers
left join mastered.xref
    on xref.entity = 'customer'
    and xref.record_id = resellers.record_id
left join (select distinct geography_id from raw.geography) as delivered
    on delivered.geography_id = resellers.geography_id
where delivered.geography_id is null
