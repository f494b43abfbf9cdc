-- one row is a row of a source that failed an expectation, as a row of an issue
select
    findings.source || '.' || findings.code as code,
    xref.entity,
    findings.source_key as key,
    findings.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    findings.reason as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    cast(null as date) as since
from (
    select
        source,
        code,
        record_id,
        any_value(source_key) as source_key,
        min(reason) as reason
    from quarantined.findings
    group by
        source,
        code,
        record_id
) as findings
left join scored.main_entities
    on main_entities.source = findings.source
left join mastered.xref
    on xref.record_id = findings.record_id
    and xref.entity = main_entities.entity
