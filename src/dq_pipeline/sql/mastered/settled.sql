-- one row is a cluster that gets, in this round, the best id it claims that nobody has yet
with open_claims as (
    select
        claims.entity,
        claims.cluster_id,
        claims.master_id,
        claims.records,
        claims.born,
        claims.oldest_record
    from mastered.claims
    left join mastered.kept as kept_cluster
        on kept_cluster.entity = claims.entity
        and kept_cluster.cluster_id = claims.cluster_id
    left join mastered.kept as kept_id
        on kept_id.entity = claims.entity
        and kept_id.master_id = claims.master_id
    where kept_cluster.cluster_id is null
        and kept_id.master_id is null
),
best_of_cluster as (
    select
        entity,
        cluster_id,
        master_id,
        records,
        oldest_record,
        row_number() over (
            partition by entity, cluster_id
            order by born, records desc, master_id
        ) as choice
    from open_claims
),
best_of_id as (
    select
        entity,
        cluster_id,
        master_id,
        row_number() over (
            partition by entity, master_id
            order by records desc, oldest_record, cluster_id
        ) as choice
    from best_of_cluster
    where choice = 1
)
select
    entity,
    cluster_id,
    master_id
from best_of_id
where choice = 1
