-- One row is a steward's decision on a pair of records, and what became of it in this run.
select
    entity, -- the kind of thing
    judgement_id, -- the id of this decision
    record_id_l, -- the record with the smaller id
    record_id_r, -- the other record
    judgement, -- same, different or unsure
    decided_by, -- who decided
    decided_at, -- when, as written
    why, -- the reason given
    status, -- applied, reopened (applied, and asked again), record_missing, unsure, superseded or contradicted
    changed -- reopened: the columns whose values are others than those that were judged
from linked.all_judgements
