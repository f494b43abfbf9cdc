-- One row is a resolved record with a mark of what it said: where the mark changes, its source changed the record.
select
    entity, -- the kind of thing
    record_id, -- the record
    content -- a hash of the values that its source gave for this kind of thing
from mastered.contents
