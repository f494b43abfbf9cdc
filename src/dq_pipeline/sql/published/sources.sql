-- One row is one source in this run: rows_read = validated + quarantined + unparsed.
select
    run_id() as run_id, -- the run
    sources.source, -- its name
    sources.title, -- what it holds
    sources.owner, -- the department that answers for it
    sources.touchpoint, -- where the customer meets it
    sources.source_file, -- the files that were read
    sources.sha256, -- their SHA-256
    sources.bytes, -- their size
    sources.rows_read, -- rows and unreadable lines in them
    conserved.validated, -- rows that passed every critical expectation
    conserved.quarantined, -- rows kept out
    sources.unparsed -- lines that could not be read
from raw.sources
join scored.conserved as conserved
    on conserved.source = sources.source
