-- one row is a record of either night with the master it belonged to then and the one it belongs to now
with kept_out as (
    select distinct
        record_id
    from later.quality.quarantine
    where status = 'open'
)
select
    coalesce(earlier.entity, later.entity) as entity,
    coalesce(earlier.record_id, later.record_id) as record_id,
    earlier.master_id as master_before,
    later.master_id as master_after,
    coalesce(content_before.content <> content_after.content, false) as is_changed,
    later.record_id is null and kept_out.record_id is not null as is_kept_out
from earlier.identity.xref as earlier
full join later.identity.xref as later
    on later.entity = earlier.entity
    and later.record_id = earlier.record_id
left join diffed.contents_before as content_before
    on content_before.entity = earlier.entity
    and content_before.record_id = earlier.record_id
left join diffed.contents_after as content_after
    on content_after.entity = later.entity
    and content_after.record_id = later.record_id
left join kept_out
    on kept_out.record_id = earlier.record_id
