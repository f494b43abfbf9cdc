-- one row is one measurement of one dimension: how many looked-at rows passed and how many failed
select
    dimension,
    source,
    cast(null as varchar) as entity,
    evaluated - failed as passed,
    failed
from quarantined.rule_results
where error is null
    and evaluated > 0
union all
select
    checks.dimension,
    checks.source,
    cast(null as varchar) as entity,
    greatest(checks.examined - coalesce(found.rows, 0), 0) as passed,
    coalesce(found.rows, 0) as failed
from scored.issue_checks as checks
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
    'uniqueness' as dimension,
    source,
    entity,
    count(distinct master_id) as passed,
    count(*) - count(distinct master_id) as failed
from scored.should_be_unique
group by
    source,
    entity
