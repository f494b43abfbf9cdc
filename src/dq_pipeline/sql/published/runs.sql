-- One row is one run, this one and those before.
select
    run_id, -- the run
    run_date, -- the date it was for
    verdict, -- published; a run that was held back publishes nothing and is found with `dq runs`
    fingerprint, -- SHA-256 over the inputs and the project's files
    code_version, -- version of dq_pipeline
    rows_read, -- rows in all extracts
    validated, -- of these, rows that passed every critical expectation
    quarantined, -- rows kept out
    unparsed, -- lines that could not be read
    started_at -- when it began, UTC
from scored.runs
