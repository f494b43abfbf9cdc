-- One row is one row of the data that has one named defect.
select
    code, -- the defect: a code of issues.code
    entity, -- the kind of master that master_id names
    key, -- the key of the row, as its source delivered it
    record_id, -- the record: source and key
    master_id, -- the master record it concerns, where one is known
    order_id, -- the order it concerns, where there is one
    detail, -- what is wrong with this row
    value_at_risk, -- the money that hangs on it, where known
    since -- since when it is so, where the check can tell
from scored.found_rows
