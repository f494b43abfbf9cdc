-- One row is a steward's decision on a pair of records, and what became of it in this run.
select
    entity, -- the kind of thing
    record_id_l, -- the record with the smaller id
    record_id_r, -- the other record
    judgement, -- same, different or unsure
    decided_by, -- who decided
    decided_at, -- when, as written
    why, -- the reason given
    status -- applied, or why it could not be
from linked.all_judgements
