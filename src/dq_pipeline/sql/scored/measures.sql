-- one row is one measurement of one dimension: how many looked-at rows passed and how many failed
select
    rules.source || '.' || rules.code as code,
    rules.dimension,
    rules.source,
    entities.entity,
    sources.touchpoint,
    rules.owner,
    rules.evaluated - rules.failed as passed,
    rules.failed
from quarantined.rule_results as rules
left join scored.measured_entities as entities
    on entities.source = rules.source
left join scored.sources
    on sources.source = rules.source
where rules.error is null
    and rules.evaluated > 0
union all
select
    checks.code,
    checks.dimension,
    checks.source,
    entities.entity,
    checks.touchpoint,
    checks.owner,
    greatest(checks.examined - coalesce(found.rows, 0), 0) as passed,
    coalesce(found.rows, 0) as failed
from scored.issue_checks as checks
left join scored.measured_entities as entities
    on entities.source = checks.source
left join (
    select
        code,
        count(distinct record_id) as rows
    from scored.issue_rows
    group by code
) as found
    on found.code = checks.code
union all
select
    'unique.' || unique_rows.entity as code,
    'uniqueness' as dimension,
    unique_rows.source,
    unique_rows.entity,
    sources.touchpoint,
    sources.owner,
    unique_rows.passed,
    unique_rows.failed
from (
    select
        source,
        entity,
        count(distinct master_id) as passed,
        count(*) - count(distinct master_id) as failed
    from scored.should_be_unique
    group by
        source,
        entity
) as unique_rows
left join scored.sources
    on sources.source = unique_rows.source
