-- One row is one stage of this run, up to the one that writes this file.
select
    run_id() as run_id, -- the run
    position, -- 1 is the first
    stage, -- ingest, validate, standardize, link, master or score
    rows, -- rows in the tables it made
    seconds -- how long it took
from scored.stage_times
