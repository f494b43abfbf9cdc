-- One row is one reason why one row of a source is kept out, or was until it was repaired.
with now as (
    select
        findings.source,
        findings.record_id,
        findings.expectation,
        findings.column_name as "column",
        findings.code,
        min(findings.reason) as reason,
        min(kept.raw) as raw
    from quarantined.findings
    left join quarantined.rows as kept
        on kept.source = findings.source
        and kept.record_id = findings.record_id
    where findings.severity = 'critical'
    group by
        findings.source,
        findings.record_id,
        findings.expectation,
        findings.column_name,
        findings.code
),
before as (
    select
        source,
        record_id,
        expectation,
        "column",
        code,
        reason,
        raw,
        first_seen,
        last_seen
    from scored.quarantine_before
)
select
    coalesce(now.source, before.source) as source, -- the source
    coalesce(now.record_id, before.record_id) as record_id, -- the record: source and key
    coalesce(now.expectation, before.expectation) as expectation, -- the critical expectation it failed
    coalesce(now."column", before."column") as "column", -- the column it looks at
    coalesce(now.code, before.code) as code, -- the short name of what is wrong
    coalesce(now.reason, before.reason) as reason, -- what is wrong, in a sentence
    coalesce(now.raw, before.raw) as raw, -- the row as delivered, as JSON
    coalesce(before.first_seen, run_date()) as first_seen, -- the date of the first run that kept it out
    case when now.source is null then before.last_seen else run_date() end as last_seen, -- the date of the last one
    case when now.source is null then 'repaired' else 'open' end as status -- open, or repaired: it did not come again
from now
full join before
    on before.source = now.source
    and before.record_id = now.record_id
    and before.expectation = now.expectation
    and before.code = now.code
    and before."column" is not distinct from now."column"
