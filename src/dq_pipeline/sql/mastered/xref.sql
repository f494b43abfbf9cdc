-- One row is a validated record and the master it belongs to.
select
    clusters.entity, -- the kind of thing: address, customer, …
    clusters.source, -- the source that the record came from
    clusters.source_key, -- its key in that source, as delivered
    clusters.record_id, -- the record: source and key
    assigned.master_id, -- the stable id of the master record
    clusters.match_reason, -- why the record is in this cluster; 'single' where it is alone
    clusters.match_probability -- the strongest match probability that holds it there; null for rules and single records
from mastered.clusters
join mastered.assigned
    on assigned.entity = clusters.entity
    and assigned.cluster_id = clusters.cluster_id
