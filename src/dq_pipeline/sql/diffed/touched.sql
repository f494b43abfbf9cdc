-- one row is a master of the later night and one thing by which it is not what it was
select distinct
    entity,
    into_master_id as master_id,
    event as what,
    cause
from diffed.changes
where event not in ('created', 'retired')
union
select distinct
    entity,
    master_id,
    event as what,
    cause
from diffed.changes
where event in ('split', 'moved')
union
select distinct
    entity,
    master_id,
    column_name as what,
    cause
from diffed.golden_values
where not is_date_of_record
