"""linked.<entity>_edges and judgements -> linked.<entity>_clusters and linked.<entity>_review.

Merged pairs make connected components; a component that holds a conflict (declared in the YAML, or judged different)
is taken apart and joined again along its heaviest pairs, never two sides in conflict. Only such components pass
through Python. A component of too many profiles is first cut to pairs of double evidence.
"""

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.comparing import connect
from dq_pipeline.linkage.judgements import Judgement, build_judgements
from dq_pipeline.linkage.profiles import input_table
from dq_pipeline.linkage.repair import JUDGED, build_enemies, build_traits, repair
from dq_pipeline.linkage.scoring import CERTAIN, SAME_PROFILE
from dq_pipeline.warehouse import Warehouse, literal

SINGLE = "single"


def cluster(warehouse: Warehouse, entity: Entity, judgements: list[Judgement]) -> int:
    """Build linked.<entity>_clusters, _review and _judgements; returns the number of clusters."""
    build_judgements(warehouse, entity, judgements)
    build_links(warehouse, entity)
    build_components(warehouse, entity)
    cut_oversize(warehouse, entity)
    build_traits(warehouse, entity)
    build_enemies(warehouse, entity)
    repair(warehouse, entity)
    build_clusters(warehouse, entity)
    build_review(warehouse, entity)
    for table in ("links", "components", "traits", "enemies", "repaired", "judged_groups", "judged_apart", "cut"):
        warehouse.execute(f"drop table if exists linked.{entity.name}_{table}")
    return int(warehouse.value(f"select count(distinct cluster_id) from linked.{entity.name}_clusters"))


def build_links(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_links: one row is one pair of records to be joined, merged or judged the same."""
    warehouse.build(
        f"linked.{entity.name}_links",
        f"""with present as (
select
    groups.group_id,
    groups.record_id,
    min(groups.record_id) over (partition by groups.group_id) as first_id
from linked.{entity.name}_judged_groups as groups
inner join {input_table(entity)} as records
    on groups.record_id = records.record_id
),
found as (
select
    record_id_l,
    record_id_r,
    match_weight,
    match_probability,
    match_reason,
    strong
from linked.{entity.name}_edges
where decision = 'merge'
union all
select
    first_id as record_id_l,
    record_id as record_id_r,
    cast(1000 as double) as match_weight,
    cast(1 as double) as match_probability,
    '{JUDGED}' as match_reason,
    cast(null as varchar) as strong
from present
where first_id <> record_id
),
ranked as (
select
    *,
    row_number() over (partition by record_id_l, record_id_r order by match_weight desc, match_reason) as place
from found
)
select
    record_id_l,
    record_id_r,
    match_weight,
    match_probability,
    match_reason,
    strong
from ranked
where place = 1""",
    )


def build_components(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_components: one row is one linked record and the smallest record it is connected with."""
    links = f"select record_id_l, record_id_r from linked.{entity.name}_links"
    connect(warehouse, f"linked.{entity.name}_components", links)


def cut_oversize(warehouse: Warehouse, entity: Entity) -> None:
    """Cut the links of components of more than `max_cluster_size` profiles to those of double evidence.

    Double evidence: two agreeing strong columns, a deterministic rule, the same profile, or a judgement. The links
    cut are kept in linked.<entity>_cut for the steward.
    """
    names = [SAME_PROFILE, JUDGED, *(rule.name for rule in entity.linkage.deterministic)]
    certain = ", ".join(literal(name) for name in names)
    warehouse.build(
        f"linked.{entity.name}_cut",
        f"""with oversize as (
select components.component_id
from linked.{entity.name}_components as components
inner join linked.{entity.name}_profiles as profiles
    on components.record_id = profiles.record_id
group by components.component_id
having count(distinct profiles.profile_no) > {entity.linkage.max_cluster_size}
)
select
    links.record_id_l,
    links.record_id_r
from linked.{entity.name}_links as links
inner join linked.{entity.name}_components as components
    on links.record_id_l = components.record_id
where components.component_id in (select component_id from oversize)
    and links.match_reason not in ({certain})
    and not contains(coalesce(links.strong, ''), '+')""",
    )
    if not warehouse.count(f"linked.{entity.name}_cut"):
        return
    warehouse.build(
        f"linked.{entity.name}_links",
        f"""select links.* from linked.{entity.name}_links as links
        anti join linked.{entity.name}_cut as cut
            on links.record_id_l = cut.record_id_l and links.record_id_r = cut.record_id_r""",
    )
    build_components(warehouse, entity)


def build_clusters(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_clusters: one row is one record, its cluster, and the heaviest link that holds it there."""
    name = entity.name
    warehouse.build(
        f"linked.{name}_clusters",
        f"""-- one row is one record of {name} and the cluster it belongs to, named by the cluster's smallest record
with members as (
select
    records.record_id,
    coalesce(repaired.cluster_id, components.component_id, records.record_id) as cluster_id
from {input_table(entity)} as records
left join linked.{name}_components as components
    on records.record_id = components.record_id
left join linked.{name}_repaired as repaired
    on records.record_id = repaired.record_id
),
holding as (
select
    links.record_id_l,
    links.record_id_r,
    links.match_weight,
    links.match_probability,
    links.match_reason
from linked.{name}_links as links
inner join members as l
    on links.record_id_l = l.record_id
inner join members as r
    on links.record_id_r = r.record_id
    and l.cluster_id = r.cluster_id
),
sides as (
select
    record_id_l as record_id,
    struct_pack(weight := match_weight, reason := match_reason, probability := match_probability) as link
from holding
union all
select
    record_id_r as record_id,
    struct_pack(weight := match_weight, reason := match_reason, probability := match_probability) as link
from holding
),
best as (
select
    record_id,
    max(link) as link
from sides
group by record_id
)
select
    members.record_id,
    members.cluster_id,
    coalesce(best.link.reason, '{SINGLE}') as match_reason,
    coalesce(best.link.probability, 1) as match_probability
from members
left join best
    on members.record_id = best.record_id
order by members.record_id""",
    )


def build_review(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_review: one row is one pair for the steward, and why it was not decided.

    Reasons: `unsure` (between the thresholds), `no_strong_evidence` (the shield), `cut` (its merge would have joined
    two sides in conflict), `oversize` (cut from a cluster that grew too large), `conflict:<name>` (weight enough, but
    a declared conflict). Pairs whose records share a cluster, or that are judged, need no decision.
    """
    name = entity.name
    warehouse.build(
        f"linked.{name}_review",
        f"""-- one row is one pair of records of {name} that a steward should decide
with judged as (
select
    record_id_l,
    record_id_r
from linked.{name}_judgements
where judgement <> 'unsure'
    and status in ('applied', 'record_missing')
)
select
    edges.record_id_l,
    edges.record_id_r,
    edges.match_weight,
    edges.match_probability,
    case
        when edges.conflict is not null then 'conflict:' || edges.conflict
        when cut.record_id_l is not null then 'oversize'
        when edges.decision = 'merge' then 'cut'
        when edges.match_probability >= {entity.linkage.thresholds.merge!r} then 'no_strong_evidence'
        else 'unsure'
    end as reason
from linked.{name}_edges as edges
inner join linked.{name}_clusters as l
    on edges.record_id_l = l.record_id
inner join linked.{name}_clusters as r
    on edges.record_id_r = r.record_id
    and l.cluster_id <> r.cluster_id
left join linked.{name}_cut as cut
    on edges.record_id_l = cut.record_id_l
    and edges.record_id_r = cut.record_id_r
left join judged
    on edges.record_id_l = judged.record_id_l
    and edges.record_id_r = judged.record_id_r
where judged.record_id_l is null
    and edges.match_probability >= {min(entity.linkage.thresholds.review, CERTAIN)!r}
order by edges.record_id_l, edges.record_id_r""",
    )
