"""What clustering came to: linked.<entity>_edges, _clusters, _merges, _review and _confusable."""

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.profiles import input_table, mentioned
from dq_pipeline.linkage.refusals import CONFLICT, conflict_sql
from dq_pipeline.linkage.weighing import probability_sql, weight_of
from dq_pipeline.warehouse import Warehouse, literal

SAME_PROFILE = "same_profile"
MODEL = "model"
SINGLE = "single"
_SPEAKS = 3.0  # bits from which on a comparison is named among the reasons


def build_edges(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_edges: one row is one pair of records with its evidence and what became of it.

    Of profiles of several records only the first has edges to others; its copies have one to it (`same_profile`).
    """
    name = entity.name
    columns = mentioned(list(warehouse.columns(input_table(entity))), [one.sql for one in entity.linkage.conflicts])
    both = "".join(f",\n    l.{column} as {column}_l,\n    r.{column} as {column}_r" for column in columns)
    floor = weight_of(entity.linkage.thresholds.review)
    warehouse.build(
        f"linked.{name}_edges",
        f"""-- one row is one pair of records of {name} worth a decision
with heads as (
select
    units.unit,
    units.record_id,
    members.cluster
from {_heads(name)} as units
inner join linked.{name}_members as members
    on units.unit = members.unit
),
found as (
select
    l.record_id as record_id_l,
    r.record_id as record_id_r,
    cast(weighed.match_weight as double) as match_weight,
    '{MODEL}' as match_reason,
    {_strong_sql(entity)} as strong,
    l.cluster = r.cluster as is_one
from linked.{name}_weighed as weighed
inner join heads as l
    on weighed.l = l.unit
inner join heads as r
    on weighed.r = r.unit
where weighed.l < weighed.r
    and (weighed.match_weight >= {floor!r} or l.cluster = r.cluster)
union all
select
    heads.record_id as record_id_l,
    units.record_id as record_id_r,
    cast(weighed.match_weight as double) as match_weight,
    '{SAME_PROFILE}' as match_reason,
    {_strong_sql(entity)} as strong,
    true as is_one
from linked.{name}_units as units
inner join heads
    on units.unit = heads.unit
    and units.record_id <> heads.record_id
inner join linked.{name}_weighed as weighed
    on units.profile_no = weighed.l
    and weighed.l = weighed.r
union all
select
    least(l.record_id, r.record_id) as record_id_l,
    greatest(l.record_id, r.record_id) as record_id_r,
    ties.weight as match_weight,
    ties.reason as match_reason,
    cast(null as varchar) as strong,
    l.cluster = r.cluster as is_one
from linked.{name}_ties as ties
inner join heads as l
    on ties.unit_l = l.unit
inner join heads as r
    on ties.unit_r = r.unit
),
ranked as (
select
    *,
    row_number() over (
        partition by record_id_l, record_id_r order by match_weight desc, match_reason
    ) as place
from found
),
evidence as (
select
    pairs.*{both}
from ranked as pairs
inner join {input_table(entity)} as l
    on pairs.record_id_l = l.record_id
inner join {input_table(entity)} as r
    on pairs.record_id_r = r.record_id
where pairs.place = 1
),
judged as (
select
    record_id_l,
    record_id_r,
    match_weight,
    {probability_sql("match_weight")} as match_probability,
    match_reason,
    strong,
    {conflict_sql(entity)} as conflict,
    is_one
from evidence
)
select
    record_id_l,
    record_id_r,
    match_weight,
    match_probability,
    case when match_reason = '{MODEL}' then coalesce(strong, '{MODEL}') else match_reason end as match_reason,
    strong,
    conflict,
    case when is_one then 'merge' when conflict is not null then 'no' else 'review' end as decision
from judged
order by record_id_l, record_id_r""",
    )


def _strong_sql(entity: Entity) -> str:
    """An SQL expression on a weighed pair: the strong comparisons that speak for a match, joined by `+`, or null."""
    cases = [
        f"case when weighed.e_{one.name} >= {_SPEAKS!r} then {literal(one.name)} end"
        for one in entity.linkage.comparisons
        if one.strong
    ]
    return f"nullif(concat_ws('+', {', '.join(cases)}), '')" if cases else "cast(null as varchar)"


def _heads(name: str) -> str:
    """The first record of every unit."""
    return f"(select unit, min(record_id) as record_id from linked.{name}_units group by unit)"


def build_clusters(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_clusters: one row is one record, its cluster, and what holds it there.

    The reason is that of its heaviest edge in the cluster, the probability that of the merge by which it came in.
    """
    name = entity.name
    warehouse.build(
        f"linked.{name}_clusters",
        f"""-- one row is one record of {name} and the cluster it belongs to, named by the cluster's smallest record
with placed as (
select
    units.record_id,
    units.unit,
    min(units.record_id) over (partition by members.cluster) as cluster_id
from linked.{name}_units as units
inner join linked.{name}_members as members
    on units.unit = members.unit
),
sides as (
select
    record_id_l as record_id,
    struct_pack(weight := match_weight, reason := match_reason) as edge
from linked.{name}_edges
where decision = 'merge'
union all
select
    record_id_r as record_id,
    struct_pack(weight := match_weight, reason := match_reason) as edge
from linked.{name}_edges
where decision = 'merge'
),
best as (
select
    record_id,
    max(edge) as edge
from sides
group by record_id
),
joins as (
select
    a as unit,
    round,
    weight
from linked.{name}_merged
union all
select
    b as unit,
    round,
    weight
from linked.{name}_merged
),
first_joins as (
select
    unit,
    min_by(weight, round) as weight
from joins
group by unit
)
select
    placed.record_id,
    placed.cluster_id,
    coalesce(best.edge.reason, case when first_joins.unit is null then '{SINGLE}' else '{MODEL}' end) as match_reason,
    coalesce({probability_sql("coalesce(first_joins.weight, best.edge.weight)")}, 1) as match_probability
from placed
left join best
    on placed.record_id = best.record_id
left join first_joins
    on placed.unit = first_joins.unit
order by placed.record_id""",
    )


def build_merges(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_merges: one row is one merge of two clusters, in which round, and its weight."""
    name = entity.name
    warehouse.build(
        f"linked.{name}_merges",
        f"""-- one row is one merge of two clusters, each named by a record that stands for it
select
    l.record_id as cluster_l,
    r.record_id as cluster_r,
    merged.round,
    merged.weight as match_weight,
    ties.reason
from linked.{name}_merged as merged
inner join {_heads(name)} as l
    on merged.a = l.unit
inner join {_heads(name)} as r
    on merged.b = r.unit
left join linked.{name}_ties as ties
    on merged.a = ties.unit_l
    and merged.b = ties.unit_r
order by merged.round, cluster_l, cluster_r""",
    )


def build_review(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_review: one row is two clusters that a steward should decide, by their best two records.

    Reasons: `unsure` (the weight is near the threshold), `no_strong_evidence` (the namesake shield), `oversize`,
    `conflict:<name>` (weight enough, but a declared conflict). Judged pairs need no decision.
    """
    name = entity.name
    floor = weight_of(entity.linkage.thresholds.review)
    settled = ["judged_different", *(CONFLICT + one.name for one in entity.linkage.conflicts if not one.review)]
    warehouse.build(
        f"linked.{name}_review",
        f"""-- one row is one pair of records of {name}, of two clusters, that a steward should decide
with open as (
select
    weights.a,
    weights.b,
    weights.weight,
    coalesce(held.reason, 'unsure') as reason
from linked.{name}_pair_weights as weights
left join linked.{name}_held as held
    on weights.a = held.a
    and weights.b = held.b
where (weights.weight >= {floor!r} or held.reason is not null)
    and coalesce(held.reason, '') not in ({", ".join(literal(reason) for reason in settled)})
),
ranked as (
select
    edges.record_id_l,
    edges.record_id_r,
    open.weight,
    open.reason,
    row_number() over (
        partition by open.a, open.b order by edges.match_weight desc, edges.record_id_l, edges.record_id_r
    ) as place
from linked.{name}_edges as edges
inner join linked.{name}_units as units_l
    on edges.record_id_l = units_l.record_id
inner join linked.{name}_units as units_r
    on edges.record_id_r = units_r.record_id
inner join linked.{name}_members as l
    on units_l.unit = l.unit
inner join linked.{name}_members as r
    on units_r.unit = r.unit
inner join open
    on open.a = least(l.cluster, r.cluster)
    and open.b = greatest(l.cluster, r.cluster)
),
judged as (
select
    record_id_l,
    record_id_r
from linked.{name}_judgements
where judgement <> 'unsure'
    and status in ('applied', 'record_missing')
)
select
    ranked.record_id_l,
    ranked.record_id_r,
    ranked.weight as match_weight,
    {probability_sql("ranked.weight")} as match_probability,
    ranked.reason
from ranked
anti join judged
    on ranked.record_id_l = judged.record_id_l
    and ranked.record_id_r = judged.record_id_r
where ranked.place = 1
order by ranked.record_id_l, ranked.record_id_r""",
    )


def build_confusable(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_confusable: one row is two clusters that people mistake for each other, and why.

    They share a key of the YAML's `confusable` and are not one.
    """
    name = entity.name
    selects = [
        f"""select
    {literal(one.name)} as kind,
    {place} as place,
    {" || chr(31) || ".join(f"cast(({part}) as varchar)" for part in one.key)} as key,
    record_id
from {input_table(entity)}
where {" and ".join(f"({part}) is not null" for part in one.key)}"""
        for place, one in enumerate(entity.linkage.confusable)
    ]
    nothing = "select '' as kind, 0 as place, '' as key, '' as record_id where false"
    keys = "\nunion all\n".join(selects or [nothing])
    warehouse.build(
        f"linked.{name}_confusable",
        f"""-- one row is one pair of records of {name}, of two clusters, that are easily taken for each other
with keys as (
{keys}
),
held as (
select
    keys.kind,
    keys.place,
    keys.key,
    clusters.cluster_id,
    min(keys.record_id) as record_id
from keys
inner join linked.{name}_clusters as clusters
    on keys.record_id = clusters.record_id
group by keys.kind, keys.place, keys.key, clusters.cluster_id
),
sized as (
select
    *,
    count(*) over (partition by place, key) as holders
from held
),
pairs as (
select
    l.kind,
    l.place,
    l.cluster_id as cluster_l,
    r.cluster_id as cluster_r,
    l.record_id as record_id_l,
    r.record_id as record_id_r,
    row_number() over (
        partition by l.cluster_id, r.cluster_id order by l.place, l.record_id, r.record_id, l.key
    ) as nth
from sized as l
inner join sized as r
    on l.place = r.place
    and l.key = r.key
    and l.cluster_id < r.cluster_id
where l.holders <= {entity.linkage.max_block}
)
select
    least(record_id_l, record_id_r) as record_id_l,
    greatest(record_id_l, record_id_r) as record_id_r,
    kind
from pairs
where nth = 1
order by record_id_l, record_id_r""",
    )
