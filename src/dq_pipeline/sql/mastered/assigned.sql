-- one row is a cluster of tonight with its master id: the one it keeps, or a new one made from its smallest record
with seeds as (
    select
        entity,
        cluster_id,
        min(record_id) as seed
    from mastered.clusters
    group by
        entity,
        cluster_id
),
candidates as (
    select
        seeds.entity,
        seeds.cluster_id,
        kept.master_id as kept_id,
        prefixes.prefix || '-' || upper(left(md5(seeds.seed), 16)) as new_id,
        prefixes.prefix || '-' || upper(left(md5(seeds.seed || ' ' || run_id()), 16)) as other_id
    from seeds
    join mastered.prefixes
        on prefixes.entity = seeds.entity
    left join mastered.kept
        on kept.entity = seeds.entity
        and kept.cluster_id = seeds.cluster_id
)
select
    candidates.entity,
    candidates.cluster_id,
    case
        when candidates.kept_id is not null then candidates.kept_id
        when births.master_id is null then candidates.new_id
        else candidates.other_id
    end as master_id,
    candidates.kept_id is null as is_new
from candidates
left join mastered.births
    on births.entity = candidates.entity
    and births.master_id = candidates.new_id
