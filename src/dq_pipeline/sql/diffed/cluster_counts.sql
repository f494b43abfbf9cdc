-- one row is what a change of clusters comes to, in clusters, records and pairs of records
with sizes as (
    select
        cluster_before as cluster_id,
        true as is_before,
        sum(records) as records
    from diffed.cluster_flows
    group by cluster_before
    union all
    select
        cluster_after as cluster_id,
        false as is_before,
        sum(records) as records
    from diffed.cluster_flows
    group by cluster_after
),
pairs as (
    select
        coalesce(sum(case when is_before then records * (records - 1) / 2 else 0 end), 0) as before,
        coalesce(sum(case when is_before then 0 else records * (records - 1) / 2 end), 0) as after,
        coalesce(sum(cast(is_before as integer)), 0) as clusters_before,
        coalesce(sum(cast(not is_before as integer)), 0) as clusters_after
    from sizes
),
moved as (
    select
        coalesce(sum(records * (records - 1) / 2), 0) as kept,
        count(distinct case when sources > 1 then cluster_after end) as merged,
        count(distinct case when parts > 1 then cluster_before end) as split,
        coalesce(sum(case when is_heir then 0 when is_main then 1 else 0 end), 0) as created,
        coalesce(sum(case when is_heir and is_main then 0 else records end), 0) as records
    from diffed.cluster_flows
)
select
    cast(pairs.clusters_before as bigint) as clusters_before,
    cast(pairs.clusters_after as bigint) as clusters_after,
    cast(moved.created as bigint) as created,
    moved.merged,
    moved.split,
    cast(moved.records as bigint) as records_moved,
    cast(pairs.after - moved.kept as bigint) as pairs_joined,
    cast(pairs.before - moved.kept as bigint) as pairs_parted
from pairs
cross join moved
