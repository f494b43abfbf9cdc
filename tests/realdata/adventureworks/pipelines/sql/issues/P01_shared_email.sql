-- One row is a prospect whose e-mail address people with another birth date give too.
with shared as (
    select
        lower(email) as email,
        count(distinct birth_date) as birth_dates
    from validated.prospects
    group by lower(email)
)
select
    prospects.source_key as key,
    prospects.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    cast(shared.birth_dates as varchar) || ' birth dates go with this address' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.prospects
join shared
    on shared.email = lower(prospects.email)
left join mastered.xref
    on xref.entity = 'customer'
    and xref.record_id = prospects.record_id
where shared.birth_dates > 1
