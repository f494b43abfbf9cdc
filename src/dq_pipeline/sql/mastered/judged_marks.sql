-- One row is a column of a record that a steward judged, or is asked about, with a mark of what stood there then.
select
    entity, -- the kind of thing
    judgement_id, -- the judgement, as in identity.judgements; null for a record that waits in the review queue
    record_id, -- the record
    column_name, -- what was compared: a column of the standardized record
    mark -- a short hash of its value, empty where it had none: another one opens the judgement again
from linked.all_judged_marks
union all
select
    entity,
    cast(null as varchar) as judgement_id,
    record_id,
    column_name,
    mark
from linked.all_queued_marks
