-- one row is a cluster by the old model and one by the new that share records, and whether each is the other's main part
with shared as (
    select
        before.cluster_id as cluster_before,
        after.cluster_id as cluster_after,
        count(*) as records,
        min(before.record_id) as record_id
    from diffed.clusters_before as before
    join diffed.clusters_after as after
        on after.record_id = before.record_id
    group by
        before.cluster_id,
        after.cluster_id
)
select
    cluster_before,
    cluster_after,
    records,
    record_id,
    count(*) over (partition by cluster_before) as parts,
    count(*) over (partition by cluster_after) as sources,
    row_number() over (
        partition by cluster_before
        order by records desc, record_id
    ) = 1 as is_heir,
    row_number() over (
        partition by cluster_after
        order by records desc, record_id
    ) = 1 as is_main
from shared
