-- One row is one named defect that this run found, with what it touches.
with touched as (
    select
        code,
        count(distinct record_id) as rows,
        count(distinct case when entity = 'customer' then master_id end) as customers,
        count(distinct order_id) as orders,
        coalesce(sum(value_at_risk), 0) as value_at_risk
    from scored.issue_rows
    group by code
)
select
    declared.code, -- the defect; a source's name and an expectation's code, or the code of an issue check
    declared.name, -- its short name
    declared.title, -- what is wrong, in a sentence
    declared.dimension, -- completeness, validity, uniqueness, consistency, timeliness or accuracy
    declared.severity, -- critical, warning or info
    declared.source, -- the source whose rows have it
    declared.owner, -- the department that answers for it
    declared.touchpoint, -- where the customer meets it
    touched.rows, -- how many rows have it
    touched.customers, -- how many customers they concern
    touched.orders, -- how many orders they concern
    touched.value_at_risk, -- the money that hangs on those rows
    declared.effort_minutes, -- what one row takes to repair
    declared.remedy, -- how it is repaired
    declared.one_row -- what one row of it is
from touched
join scored.declared_issues as declared
    on declared.code = touched.code
