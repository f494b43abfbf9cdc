-- one row is a master id that was ever given out, with the date of its first night
select
    entity,
    master_id,
    min(run_date) as run_date
from mastered.history_before
where event = 'created'
group by
    entity,
    master_id
