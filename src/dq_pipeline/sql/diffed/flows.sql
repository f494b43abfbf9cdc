-- one row is a master of the earlier and one of the later night that share records; one of the two may be none
select
    entity,
    master_before as master_id,
    master_after as into_master_id,
    count(*) as records,
    sum(cast(is_changed as integer)) as changed,
    sum(cast(is_kept_out as integer)) as kept_out
from diffed.records
group by
    entity,
    master_before,
    master_after
