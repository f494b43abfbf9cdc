"""The worst false merges and missed pairs against a truth, one for each cluster or entity, with all that explains them.

`count_pairs` comes first: it makes the temporary tables that these queries read. Nothing is masked here.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.holding import joining_step
from dq_pipeline.linkage.losses import CELLS, RECORDS
from dq_pipeline.linkage.profiles import mentioned
from dq_pipeline.warehouse import Warehouse, literal

Kind = Literal["false_merge", "missed"]
DIFFERS, UNKNOWN = "differs", "not known"
_PAIRS = "truth_pairs"
_WITHOUT_RULE = {-1: "what else its clusters share", -2: "all pairs being compared"}
# What is grouped, and what tells that two records of a group are wrong together, or wrong apart.
_SIDES = {"false_merge": ("cluster_no", "entity_no"), "missed": ("entity_no", "cluster_no")}


@dataclass(frozen=True)
class Compared:
    """How one comparison sees the pair: the label of its level, and the columns' values on both sides."""

    name: str
    outcome: str
    left: dict[str, Any]
    right: dict[str, Any]

    @property
    def agrees(self) -> bool | None:
        """Whether any level of agreement was reached; None where a side is missing."""
        return None if self.outcome == UNKNOWN else self.outcome != DIFFERS


@dataclass(frozen=True)
class WrongPair:
    """The most telling pair of one cluster (or entity) that is wrong, and how many such pairs it stands for.

    Of a false merge it is the pair with the most evidence; of a miss the one that was nearest to a merge. `origin`
    is as in `losses`. `merge` is the step at which the two came together, None where they did not.
    """

    kind: Kind
    record_id_l: str
    record_id_r: str
    pairs: int
    records: int
    parts: int
    origin: str
    match_weight: float | None
    rule: int | None
    found_by: str | None = None
    comparisons: list[Compared] = field(default_factory=list)
    edge: dict[str, Any] | None = None
    review: list[str] = field(default_factory=list)
    confusable: list[str] = field(default_factory=list)
    merge: dict[str, Any] | None = None


def worst_pairs(warehouse: Warehouse, entity: Entity, kind: Kind, most: int) -> list[WrongPair]:
    """The worst groups, largest number of wrong pairs first, each with its most telling pair and the explanation."""
    found = _chosen(warehouse, entity, kind, most)
    if not found:
        return []
    values = ", ".join(
        f"({place}, {literal(row['record_id_l'])}, {literal(row['record_id_r'])})" for place, row in enumerate(found)
    )
    warehouse.execute(
        f"create or replace temp table {_PAIRS} as select * from (values {values}) as given(place, record_l, record_r)"
    )
    comparisons = _comparisons(warehouse, entity)
    edges, reviews = _edges(warehouse, entity), _between_clusters(warehouse, entity, "review", "reason")
    confused = _between_clusters(warehouse, entity, "confusable", "kind")
    return [
        WrongPair(
            kind,
            **row,
            found_by=_found_by(entity, row["rule"]),
            comparisons=comparisons[place],
            edge=edges.get(place),
            review=reviews.get(place, []),
            confusable=confused.get(place, []),
            merge=_merge(warehouse, entity, row) if kind == "false_merge" else None,
        )
        for place, row in enumerate(found)
    ]


def _merge(warehouse: Warehouse, entity: Entity, row: dict[str, Any]) -> dict[str, Any] | None:
    """The merge after which both records were in one cluster; None where the run kept none."""
    if not warehouse.has(f"linked.{entity.name}_merges"):
        return None
    return joining_step(warehouse, entity, row["record_id_l"], row["record_id_r"])


def _found_by(entity: Entity, rule: int | None) -> str | None:
    """Why a pair was compared at all: its first blocking rule's key, or what a number below 0 means."""
    if rule is None:
        return None
    keys = entity.linkage.blocking
    return ", ".join(keys[rule]) if 0 <= rule < len(keys) else _WITHOUT_RULE.get(rule, f"rule {rule}")


def _chosen(warehouse: Warehouse, entity: Entity, kind: Kind, most: int) -> list[dict[str, Any]]:
    """The worst groups and the pair that stands for each: alike records first, then the heaviest pair, else any."""
    group, part = _SIDES[kind]
    return warehouse.records(
        f"""with parts as (
select
    {group} as group_no,
    {part} as part_no,
    cast(sum(records) as bigint) as records
from {CELLS}
group by {group}, {part}
),
chosen as (
select
    group_no,
    cast(sum(records) as bigint) as records,
    count(*) as parts,
    cast((sum(records) * (sum(records) - 1) - sum(records * (records - 1))) / 2 as bigint) as pairs
from parts
group by group_no
having count(*) > 1
order by pairs desc, group_no
limit {int(most)}
),
heads as (
select
    {group} as group_no,
    {part} as part_no,
    profile_no,
    min(record_id) as record_id
from {RECORDS}
where {group} in (select group_no from chosen)
group by {group}, {part}, profile_no
),
sizes as (
select
    group_no,
    part_no,
    min(record_id) as record_id,
    row_number() over (partition by group_no order by count(*) desc, part_no) as place
from heads
group by group_no, part_no
),
candidates as (
select
    l.group_no,
    l.record_id as one,
    r.record_id as other,
    0 as preference,
    'alike' as origin,
    cast(null as double) as match_weight,
    cast(null as bigint) as rule
from heads as l
inner join heads as r
    on l.group_no = r.group_no
    and l.profile_no = r.profile_no
    and l.part_no < r.part_no
union all
select
    l.group_no,
    l.record_id as one,
    r.record_id as other,
    1 as preference,
    case when scored.match_weight >= 0 then 'scored' else 'weak' end as origin,
    scored.match_weight,
    scored.rule
from linked.{entity.name}_scored as scored
inner join heads as l
    on scored.l = l.profile_no
inner join heads as r
    on scored.r = r.profile_no
    and l.group_no = r.group_no
    and l.part_no <> r.part_no
union all
select
    l.group_no,
    l.record_id as one,
    r.record_id as other,
    2 as preference,
    'unseen' as origin,
    cast(null as double) as match_weight,
    cast(null as bigint) as rule
from sizes as l
inner join sizes as r
    on l.group_no = r.group_no
    and l.place = 1
    and r.place = 2
),
ranked as (
select
    *,
    row_number() over (
        partition by group_no order by preference, match_weight desc nulls last, least(one, other), greatest(one, other)
    ) as place
from candidates
)
select
    least(ranked.one, ranked.other) as record_id_l,
    greatest(ranked.one, ranked.other) as record_id_r,
    chosen.pairs,
    chosen.records,
    chosen.parts,
    ranked.origin,
    ranked.match_weight,
    ranked.rule
from ranked
inner join chosen
    on ranked.group_no = chosen.group_no
where ranked.place = 1
order by chosen.pairs desc, chosen.group_no"""
    )


def _comparisons(warehouse: Warehouse, entity: Entity) -> list[list[Compared]]:
    """For each pair of the temporary table, in its order, the outcome of every comparison."""
    table = f"linked.{entity.name}_input"
    columns = list(warehouse.columns(table))
    comparisons = entity.linkage.comparisons
    texts = [text for one in comparisons for text in (*one.columns, one.null_sql or "", *(x.sql for x in one.levels))]
    used = mentioned(columns, texts)
    sides = ",\n    ".join(f"{side}.{column} as {column}_{side}" for column in used for side in ("l", "r"))
    outcomes = ",\n    ".join(f"{_outcome_sql(one)} as outcome_{place}" for place, one in enumerate(comparisons))
    shown = "".join(f",\n    {column}_{side}" for column in used for side in ("l", "r"))
    rows = warehouse.records(
        f"""with sides as (
select
    pairs.place,
    {sides}
from {_PAIRS} as pairs
inner join {table} as l
    on pairs.record_l = l.record_id
inner join {table} as r
    on pairs.record_r = r.record_id
)
select
    place,
    {outcomes}{shown}
from sides
order by place"""
    )
    return [
        [
            Compared(
                one.name,
                row[f"outcome_{place}"],
                {column: row[f"{column}_l"] for column in one.columns},
                {column: row[f"{column}_r"] for column in one.columns},
            )
            for place, one in enumerate(comparisons)
        ]
        for row in rows
    ]


def _outcome_sql(comparison: Comparison) -> str:
    missing = " or ".join(f"{column}_{side} is null" for column in comparison.columns for side in ("l", "r"))
    levels = " ".join(f"when {level.sql} then {literal(level.label)}" for level in comparison.levels)
    return f"case when {comparison.null_sql or missing} then '{UNKNOWN}' {levels} else '{DIFFERS}' end"


def _edges(warehouse: Warehouse, entity: Entity) -> dict[int, dict[str, Any]]:
    """Place -> the edge of the pair, or of the profiles of both; the heaviest where there are several."""
    name = entity.name
    rows = warehouse.records(
        f"""with profiled as (
select
    pairs.place,
    least(l.profile_no, r.profile_no) as profile_l,
    greatest(l.profile_no, r.profile_no) as profile_r
from {_PAIRS} as pairs
inner join linked.{name}_profiles as l
    on pairs.record_l = l.record_id
inner join linked.{name}_profiles as r
    on pairs.record_r = r.record_id
)
select
    profiled.place,
    edges.match_weight,
    edges.match_reason,
    edges.strong,
    edges.conflict,
    edges.decision
from linked.{name}_edges as edges
inner join linked.{name}_profiles as l
    on edges.record_id_l = l.record_id
inner join linked.{name}_profiles as r
    on edges.record_id_r = r.record_id
inner join profiled
    on least(l.profile_no, r.profile_no) = profiled.profile_l
    and greatest(l.profile_no, r.profile_no) = profiled.profile_r
order by profiled.place, edges.match_weight, edges.record_id_l desc, edges.record_id_r desc"""
    )
    return {row.pop("place"): row for row in rows}


def _between_clusters(warehouse: Warehouse, entity: Entity, table: str, column: str) -> dict[int, list[str]]:
    """Place -> what a table of pairs of records says of the two clusters of the pair; empty where there is no table."""
    name = f"linked.{entity.name}_{table}"
    if not warehouse.has(name):
        return {}
    clusters = f"linked.{entity.name}_clusters"
    rows = warehouse.rows(
        f"""with clustered as (
select
    pairs.place,
    least(l.cluster_id, r.cluster_id) as cluster_l,
    greatest(l.cluster_id, r.cluster_id) as cluster_r
from {_PAIRS} as pairs
inner join {clusters} as l
    on pairs.record_l = l.record_id
inner join {clusters} as r
    on pairs.record_r = r.record_id
    and l.cluster_id <> r.cluster_id
)
select
    clustered.place,
    list_sort(list(distinct given.{column})) as reasons
from {name} as given
inner join {clusters} as l
    on given.record_id_l = l.record_id
inner join {clusters} as r
    on given.record_id_r = r.record_id
inner join clustered
    on least(l.cluster_id, r.cluster_id) = clustered.cluster_l
    and greatest(l.cluster_id, r.cluster_id) = clustered.cluster_r
group by clustered.place"""
    )
    return dict(rows)
