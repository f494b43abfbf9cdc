-- One row is a record that was ever resolved, with its master id: a record that is missing for a night finds it again.
with merged as (
    select
        entity,
        master_id,
        into_master_id
    from mastered.id_events
    where event = 'merged'
)
select
    coalesce(xref.entity, known.entity) as entity, -- the kind of thing
    coalesce(xref.record_id, known.record_id) as record_id, -- the record
    coalesce(xref.master_id, merged.into_master_id, known.master_id) as master_id, -- its master id, now or when last seen
    coalesce(known.first_seen, run_date()) as first_seen, -- the date of the first run that resolved it
    case when xref.record_id is null then known.last_seen else run_date() end as last_seen, -- the date of the last one
    xref.record_id is not null as is_live -- whether tonight's extracts hold the record
from mastered.xref
full join mastered.known_before as known
    on known.entity = xref.entity
    and known.record_id = xref.record_id
left join merged
    on merged.entity = known.entity
    and merged.master_id = known.master_id
