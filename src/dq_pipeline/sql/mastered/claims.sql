-- one row is a cluster of tonight that holds records of one master id known before
select
    clusters.entity,
    clusters.cluster_id,
    known.master_id,
    count(*) as records,
    min(births.run_date) as born,
    min(cast(known.first_seen as varchar) || ' ' || known.record_id) as oldest_record
from mastered.clusters
join mastered.known_before as known
    on known.entity = clusters.entity
    and known.record_id = clusters.record_id
left join mastered.births
    on births.entity = known.entity
    and births.master_id = known.master_id
group by
    clusters.entity,
    clusters.cluster_id,
    known.master_id
