-- One row is a field of a master record: the value that won, the record and rule that won it, and the values that lost.
select
    entity, -- the kind of thing
    master_id, -- the master record
    field, -- the field of the golden record
    value, -- the value that won, as text
    record_id, -- the record that it comes from
    rule, -- the survivorship rule that chose it
    losing_values -- other values that records of this master have
from mastered.winners
