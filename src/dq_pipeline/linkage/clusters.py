"""Scored pairs, deterministic rules and judgements -> linked.<entity>_clusters, _edges, _merges and _review.

The unit of clustering is a profile: records alike in all that is compared. Copies that would not match each other (two
cards with nothing but one common name) are units of their own, and so are copies that a steward told apart.
"""

from typing import Any

from dq_pipeline.config.entity import Comparison, Entity, Rule
from dq_pipeline.linkage.agglomeration import JUDGED, RULED, agglomerate, build_pairs, build_sizes, weight_select
from dq_pipeline.linkage.blocking import COMPLETION
from dq_pipeline.linkage.comparing import comparable, connect
from dq_pipeline.linkage.evidence import build_evidence
from dq_pipeline.linkage.judgements import Judgement, build_judgements
from dq_pipeline.linkage.model import at_size, fitted
from dq_pipeline.linkage.outcome import build_clusters, build_confusable, build_edges, build_merges, build_review
from dq_pipeline.linkage.profiles import drop_profiles, input_table, mentioned
from dq_pipeline.linkage.refusals import shield_weight
from dq_pipeline.linkage.scoring import add_weighed
from dq_pipeline.linkage.weighing import strong_weight_sql, weight_of
from dq_pipeline.warehouse import Warehouse, literal

PROMISING = -3 / 0.6931  # a pair's weight from which on its clusters are looked at
_COMPLETED = -5 / 0.6931  # two clusters' weight from which on their missing pairs are compared
_MOST_MISSING = 500
_COMPLETIONS = 2
_TABLES = (
    "units",
    "members",
    "sizes",
    "ties",
    "reach",
    "pairs",
    "pair_weights",
    "held",
    "merged",
    "judged_groups",
    "judged_apart",
    "judged_units",
    "weighed",
    "frequencies",
)


def cluster(warehouse: Warehouse, entity: Entity, model: dict[str, Any], judgements: list[Judgement]) -> int:
    """Build linked.<entity>_clusters, _edges, _merges, _review, _confusable, _evidence and _judgements.

    Returns the number of clusters.
    """
    name = entity.name
    group(warehouse, entity, model, judgements)
    build_edges(warehouse, entity)
    build_clusters(warehouse, entity)
    build_merges(warehouse, entity)
    build_review(warehouse, entity)
    build_confusable(warehouse, entity)
    build_evidence(warehouse, entity, at_size(fitted(model, entity), warehouse.count(f"linked.{name}_profile_rows")))
    drop_grouping(warehouse, entity)
    return int(warehouse.value(f"select count(distinct cluster_id) from linked.{name}_clusters"))


def drop_grouping(warehouse: Warehouse, entity: Entity) -> None:
    """Drop what `group` built and used."""
    for table in _TABLES:
        warehouse.execute(f"drop table if exists linked.{entity.name}_{table}")
    drop_profiles(warehouse, entity)


def group(warehouse: Warehouse, entity: Entity, model: dict[str, Any], judgements: list[Judgement]) -> None:
    """Build linked.<entity>_members (unit, profile_no, cluster), and beside it what the tables of the outcome need."""
    name = entity.name
    profiles = warehouse.count(f"linked.{name}_profile_rows")
    sized = at_size(fitted(model, entity), profiles)
    build_judgements(warehouse, entity, judgements)
    build_units(warehouse, entity)
    build_ties(warehouse, entity)
    warehouse.build(
        f"linked.{name}_members", f"select distinct unit, profile_no, unit as cluster from linked.{name}_units"
    )
    for table, columns in (
        ("merged", "a bigint, b bigint, round integer, weight double"),
        ("held", "a bigint, b bigint, weight double, reason varchar"),
    ):
        warehouse.execute(f"create or replace table linked.{name}_{table} ({columns})")
    comparisons = comparable(warehouse, entity)
    for completion in range(_COMPLETIONS + 1):
        if completion and not complete(warehouse, entity, sized):
            break
        _rounds(warehouse, entity, sized, comparisons)


def _rounds(warehouse: Warehouse, entity: Entity, model: dict[str, Any], comparisons: list[Comparison]) -> None:
    """Join clusters as they are until no two can be joined, on all that is known of their pairs."""
    name = entity.name
    build_reach(warehouse, entity)
    build_sizes(warehouse, entity)
    build_pairs(warehouse, entity, comparisons)
    weights = weight_select(entity, model, comparisons, f"linked.{name}_pairs")
    warehouse.build(f"linked.{name}_pair_weights", weights)
    warehouse.execute(f"delete from linked.{name}_held")
    agglomerate(warehouse, entity, model, comparisons)


def build_units(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_units (record_id, unit, profile_no) and _judged_units (unit, group_id)."""
    name = entity.name
    threshold = weight_of(entity.linkage.thresholds.merge)
    warehouse.build(
        f"linked.{name}_units",
        f"""with matching as (
select weighed.l as profile_no
from linked.{name}_weighed as weighed
where weighed.l = weighed.r
    and weighed.match_weight > {threshold!r}
    and ({_is_strong(entity)} or weighed.l in ({_rare_copies(warehouse, entity)}))
),
told_apart as (
select distinct records_l.profile_no
from linked.{name}_judged_apart as apart
inner join linked.{name}_judged_groups as judged_l
    on apart.group_l = judged_l.group_id
inner join linked.{name}_judged_groups as judged_r
    on apart.group_r = judged_r.group_id
inner join linked.{name}_profiles as records_l
    on judged_l.record_id = records_l.record_id
inner join linked.{name}_profiles as records_r
    on judged_r.record_id = records_r.record_id
    and records_l.profile_no = records_r.profile_no
),
marked as (
select
    record_id,
    profile_no,
    record_id = profile_id
    or (
        profile_no in (select profile_no from matching)
        and profile_no not in (select profile_no from told_apart)
    ) as is_whole
from linked.{name}_profiles
)
select
    record_id,
    case
        when is_whole then profile_no
        else (select max(profile_no) from linked.{name}_profiles)
            + row_number() over (partition by is_whole order by record_id)
    end as unit,
    profile_no
from marked
order by record_id""",
    )
    warehouse.build(
        f"linked.{name}_judged_units",
        f"""select distinct
    units.unit,
    judged.group_id
from linked.{name}_judged_groups as judged
inner join linked.{name}_units as units
    on judged.record_id = units.record_id""",
    )


def _is_strong(entity: Entity) -> str:
    if not entity.linkage.shield:
        return "true"
    return f"{strong_weight_sql(entity.linkage.comparisons)} >= {shield_weight(entity)!r}"


def _rare_copies(warehouse: Warehouse, entity: Entity) -> str:
    """A SELECT of the profiles that would match a copy of themselves by rare names alone."""
    rows = f"linked.{entity.name}_profile_rows"
    shield = entity.linkage.shield
    if not shield or not shield.rare:
        return f"select profile_no from {rows} where false"
    columns = mentioned(list(warehouse.columns(rows)), [shield.rare])
    both = "".join(f", {column} as {column}_l, {column} as {column}_r" for column in columns)
    return f"""select copies.profile_no
from (select profile_no{both} from {rows}) as copies
inner join linked.{entity.name}_weighed as weights
    on copies.profile_no = weights.l
    and weights.l = weights.r
where ({shield.rare})
    and weights.match_weight >= {weight_of(shield.rare_probability)!r}"""


def build_ties(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_ties: one row is two units that a rule or a steward holds together, and who said so."""
    name = entity.name
    group = f"""select
    min(record_id) over (partition by group_id) as record_id_l,
    record_id as record_id_r,
    cast({JUDGED!r} as double) as weight,
    'judgement' as reason
from linked.{name}_judged_groups
where record_id in (select record_id from linked.{name}_units)"""
    rules = entity.linkage.deterministic
    # Where two rules pull one record to two clusters, the one that is declared first decides.
    weights = [RULED + len(rules) - place for place in range(len(rules))]
    selects = [group, *(_rule_select(entity, rule, weight) for rule, weight in zip(rules, weights, strict=True))]
    warehouse.build(
        f"linked.{name}_ties",
        "with found as (\n"
        + "\nunion all\n".join(selects)
        + f"""
),
placed as (
select
    least(l.unit, r.unit) as unit_l,
    greatest(l.unit, r.unit) as unit_r,
    found.weight,
    found.reason
from found
inner join linked.{name}_units as l
    on found.record_id_l = l.record_id
inner join linked.{name}_units as r
    on found.record_id_r = r.record_id
where l.unit <> r.unit
)
select
    unit_l,
    unit_r,
    max(weight) as weight,
    max_by(reason, (weight, reason)) as reason
from placed
group by unit_l, unit_r""",
    )


def _rule_select(entity: Entity, rule: Rule, weight: float) -> str:
    """The pairs of a deterministic rule; records of one key are each paired with the smallest of them."""
    said = f"cast({weight!r} as double) as weight,\n    {literal(rule.name)} as reason"
    if rule.sql:
        return f"""select distinct
    least(l.record_id, r.record_id) as record_id_l,
    greatest(l.record_id, r.record_id) as record_id_r,
    {said}
from {input_table(entity)} as l
inner join {input_table(entity)} as r
    on ({rule.sql})
    and l.record_id <> r.record_id"""
    known = " and ".join(f"({expression}) is not null" for expression in rule.key)
    return f"""select
    min(record_id) over (partition by {", ".join(rule.key)}) as record_id_l,
    record_id as record_id_r,
    {said}
from {input_table(entity)}
where {known}"""


def build_reach(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_reach: the profiles that promising pairs connect; no others can come together."""
    name = entity.name
    connect(
        warehouse,
        f"linked.{name}_reach",
        f"""select l, r from linked.{name}_weighed where l < r and match_weight > {PROMISING!r}
        union all
        select units_l.profile_no as l, units_r.profile_no as r
        from linked.{name}_members as units_l inner join linked.{name}_members as units_r
        on units_r.unit = units_l.cluster and units_l.unit <> units_r.unit""",
    )


def complete(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> int:
    """Compare the pairs between promising clusters that blocking left out; returns how many there were."""
    name = entity.name
    missing = f"""select distinct
    least(l.profile_no, r.profile_no) as l,
    greatest(l.profile_no, r.profile_no) as r,
    {COMPLETION} as rule
from linked.{name}_pair_weights as weights
inner join linked.{name}_sizes as sizes_a
    on weights.a = sizes_a.cluster
inner join linked.{name}_sizes as sizes_b
    on weights.b = sizes_b.cluster
inner join linked.{name}_members as l
    on weights.a = l.cluster
inner join linked.{name}_members as r
    on weights.b = r.cluster
    and l.profile_no <> r.profile_no
anti join linked.{name}_scored as scored
    on scored.l = least(l.profile_no, r.profile_no)
    and scored.r = greatest(l.profile_no, r.profile_no)
where weights.coverage < 1
    and weights.seen > {_COMPLETED!r}
    and sizes_a.size * sizes_b.size <= {_MOST_MISSING}"""
    found = warehouse.build(f"linked.{name}_missing", missing)
    if found:
        add_weighed(warehouse, entity, model, f"select l, r, rule from linked.{name}_missing")
    warehouse.execute(f"drop table linked.{name}_missing")
    return found
