-- one row is two records that are one by the old model or by the new, and not by the other; one pair for each part
with merged as (
    select
        'merged' as event,
        main.record_id as record_id_l,
        part.record_id as record_id_r,
        part.records,
        main.records + part.records as size
    from diffed.cluster_flows as part
    join diffed.cluster_flows as main
        on main.cluster_after = part.cluster_after
        and main.is_main
    where not part.is_main
),
split as (
    select
        'split' as event,
        heir.record_id as record_id_l,
        part.record_id as record_id_r,
        part.records,
        heir.records + part.records as size
    from diffed.cluster_flows as part
    join diffed.cluster_flows as heir
        on heir.cluster_before = part.cluster_before
        and heir.is_heir
    where not part.is_heir
)
select
    event,
    record_id_l,
    record_id_r,
    records,
    size
from merged
union all
select
    event,
    record_id_l,
    record_id_r,
    records,
    size
from split
