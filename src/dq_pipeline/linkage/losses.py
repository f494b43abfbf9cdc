"""Where true pairs are found, gained and lost on the way to clusters, and where false ones come from.

Every pair of records of the truth that is true (one entity) or found (one cluster) has an origin, the best evidence
that linkage had for the pair alone:

    alike   the records are one profile: alike in every column that is compared
    scored  compared, and more likely a match than not (match weight of at least 0)
    rule    joined by a deterministic rule or a judgement only
    weak    compared, and less likely a match than not
    unseen  never compared

All counting is group-bys over cells (entity, cluster, profile, system); no pair of the truth is ever written down.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dq_pipeline.config.entity import Entity
from dq_pipeline.errors import ConfigError
from dq_pipeline.warehouse import Warehouse, literal

ORIGINS = ("alike", "scored", "rule", "weak", "unseen")
EVIDENT = frozenset({"alike", "scored", "rule"})
RECORDS = "truth_records"
CELLS = "truth_cells"

Systems = tuple[str, str]
# (system_l, system_r) -> pairs, for one kind of pair.
Counted = Counter[Systems]


@dataclass(frozen=True)
class PairCount:
    """How many pairs between two systems (in alphabetical order) are of one kind; never both false and apart."""

    system_l: str
    system_r: str
    is_true: bool
    is_found: bool
    origin: str
    pairs: int


@dataclass(frozen=True)
class Losses:
    """What became of all true pairs: they are `found` or `gained`, or lost at one step. The parts add up to `true`.

    `gained` are together although the pair alone spoke against it or was never compared. `lost_before` are pairs of
    which a record was not linked at all (kept in quarantine, not delivered).
    """

    true: int
    found: int
    gained: int
    lost_before: int
    lost_in_blocking: int
    lost_in_scoring: int
    lost_in_clustering: int

    @property
    def compared_share(self) -> float:
        """The most that recall could be by the pairs compared: what blocking left of it."""
        lost = self.lost_before + self.lost_in_blocking
        return 1 - lost / self.true if self.true else 1.0


def losses(counts: Iterable[PairCount], true_pairs: int) -> Losses:
    """Sum the true pairs up by what became of them; `true_pairs` also counts those with a record not linked."""
    sums: Counter[str] = Counter()
    for count in counts:
        if count.is_true:
            sums[_fate(count)] += count.pairs
    return Losses(true=true_pairs, lost_before=true_pairs - sum(sums.values()), **{fate: sums[fate] for fate in _FATES})


_FATES = ("found", "gained", "lost_in_blocking", "lost_in_scoring", "lost_in_clustering")


def _fate(count: PairCount) -> str:
    if count.is_found:
        return "found" if count.origin in EVIDENT else "gained"
    if count.origin in EVIDENT:
        return "lost_in_clustering"
    return "lost_in_scoring" if count.origin == "weak" else "lost_in_blocking"


def false_pairs(counts: Iterable[PairCount]) -> dict[str, int]:
    """Origin -> pairs that are together and should not be; every origin is there."""
    sums: Counter[str] = Counter()
    for count in counts:
        if not count.is_true:
            sums[count.origin] += count.pairs
    return {origin: sums[origin] for origin in ORIGINS}


def count_pairs(warehouse: Warehouse, entity: Entity, truth_table: str) -> list[PairCount]:
    """Count the true and the found pairs of the last linkage by origin and system; `truth_table` as in `evaluate`.

    Makes the temporary tables `truth_records` and `truth_cells`; works on a file opened for reading. Raises
    ConfigError where the tables of the linkage are missing.
    """
    _check(warehouse, entity)
    _build_cells(warehouse, entity, truth_table)
    true, found = _within(warehouse, "entity_no"), _within(warehouse, "cluster_no")
    right = _within(warehouse, "entity_no, cluster_no")
    totals = {(True, True): right, (True, False): true - right, (False, True): found - right}
    origins = {kind: {origin: Counter[Systems]() for origin in ORIGINS} for kind in totals}
    alike_right = _within(warehouse, "profile_no, entity_no, cluster_no")
    origins[True, True]["alike"] = alike_right
    origins[True, False]["alike"] = _within(warehouse, "profile_no, entity_no") - alike_right
    origins[False, True]["alike"] = _within(warehouse, "profile_no, cluster_no") - alike_right
    for is_true, is_found, origin, systems, pairs in [*_scored(warehouse, entity), *_ruled(warehouse, entity)]:
        origins[is_true, is_found][origin][systems] += pairs
    counts = []
    for (is_true, is_found), total in totals.items():
        by_origin = origins[is_true, is_found]
        by_origin["unseen"] += total - sum(by_origin.values(), Counter())
        for origin in ORIGINS:
            found_here = sorted(by_origin[origin].items())
            counts += [PairCount(*systems, is_true, is_found, origin, pairs) for systems, pairs in found_here if pairs]
    return counts


def missed_by_reason(warehouse: Warehouse, entity: Entity) -> dict[str, int]:
    """Reason in the review queue -> missed pairs of the two clusters that it holds apart; most pairs first.

    Pairs of clusters that are not in the queue stand under `not in the queue`. `count_pairs` comes first.
    """
    rows = warehouse.rows(
        f"""with parts as (
select
    entity_no,
    cluster_id,
    count(*) as records
from {RECORDS}
group by entity_no, cluster_id
),
missed as (
select
    l.cluster_id as cluster_l,
    r.cluster_id as cluster_r,
    sum(l.records * r.records) as pairs
from parts as l
inner join parts as r
    on l.entity_no = r.entity_no
    and l.cluster_id < r.cluster_id
group by l.cluster_id, r.cluster_id
),
reasons as (
select
    least(l.cluster_id, r.cluster_id) as cluster_l,
    greatest(l.cluster_id, r.cluster_id) as cluster_r,
    min(review.reason) as reason
from linked.{entity.name}_review as review
inner join linked.{entity.name}_clusters as l
    on review.record_id_l = l.record_id
inner join linked.{entity.name}_clusters as r
    on review.record_id_r = r.record_id
group by 1, 2
)
select
    coalesce(reasons.reason, 'not in the queue') as reason,
    sum(missed.pairs) as pairs
from missed
left join reasons
    on missed.cluster_l = reasons.cluster_l
    and missed.cluster_r = reasons.cluster_r
group by 1
order by pairs desc, reason"""
    )
    return {reason: int(pairs) for reason, pairs in rows}


def _check(warehouse: Warehouse, entity: Entity) -> None:
    for part in ("input", "profiles", "scored", "edges", "judgements", "clusters", "review"):
        if not warehouse.has(f"linked.{entity.name}_{part}"):
            raise ConfigError(
                f"the last run has no table linked.{entity.name}_{part}",
                where=warehouse.path,
                remedy="run `dq run --until link`, or `dq run` whole",
            )


def system_sql(warehouse: Warehouse, entity: Entity) -> str:
    """The SQL expression of the system that a record of linked.<entity>_input came from."""
    columns = warehouse.columns(f"linked.{entity.name}_input")
    return "coalesce(" + ", ".join([*(name for name in ("system", "source") if name in columns), "'?'"]) + ")"


def _build_cells(warehouse: Warehouse, entity: Entity, truth_table: str) -> None:
    name = entity.name
    warehouse.execute(
        f"""create or replace temp table {RECORDS} as
with systems as (
select
    record_id,
    {system_sql(warehouse, entity)} as system
from linked.{name}_input
)
select
    truth.record_id,
    truth.entity_id,
    clusters.cluster_id,
    profiles.profile_no,
    systems.system,
    dense_rank() over (order by truth.entity_id) as entity_no,
    dense_rank() over (order by clusters.cluster_id) as cluster_no
from {truth_table} as truth
inner join linked.{name}_clusters as clusters
    on truth.record_id = clusters.record_id
inner join linked.{name}_profiles as profiles
    on truth.record_id = profiles.record_id
inner join systems
    on truth.record_id = systems.record_id"""
    )
    warehouse.execute(
        f"""create or replace temp table {CELLS} as
select
    entity_no,
    cluster_no,
    profile_no,
    system,
    count(*) as records
from {RECORDS}
group by entity_no, cluster_no, profile_no, system"""
    )


def _within(warehouse: Warehouse, keys: str) -> Counted:
    """Pairs of records alike in `keys`, by their systems."""
    same = " and ".join(f"l.{key} = r.{key}" for key in keys.split(", "))
    rows = warehouse.rows(
        f"""with grouped as (
select
    {keys},
    system,
    cast(sum(records) as bigint) as records
from {CELLS}
group by {keys}, system
)
select
    l.system as system_l,
    r.system as system_r,
    sum(case when l.system = r.system then l.records * (l.records - 1) / 2 else l.records * r.records end) as pairs
from grouped as l
inner join grouped as r
    on {same}
    and l.system <= r.system
group by l.system, r.system"""
    )
    return Counter({(system_l, system_r): int(pairs) for system_l, system_r, pairs in rows})


Found = list[tuple[bool, bool, str, Systems, int]]


def _scored(warehouse: Warehouse, entity: Entity) -> Found:
    """The pairs of records that were compared as profiles: (is_true, is_found, origin, systems, pairs)."""
    rows = warehouse.rows(
        f"""with clustered as (
select
    cluster_no,
    profile_no,
    system,
    cast(sum(records) as bigint) as records
from {CELLS}
group by cluster_no, profile_no, system
),
counted as (
select
    true as is_true,
    l.cluster_no = r.cluster_no as is_found,
    scored.match_weight >= 0 as is_evident,
    l.system as system_l,
    r.system as system_r,
    l.records * r.records as pairs
from linked.{entity.name}_scored as scored
inner join {CELLS} as l
    on scored.l = l.profile_no
inner join {CELLS} as r
    on scored.r = r.profile_no
    and l.entity_no = r.entity_no
union all
select
    false as is_true,
    true as is_found,
    scored.match_weight >= 0 as is_evident,
    l.system as system_l,
    r.system as system_r,
    l.records * r.records as pairs
from linked.{entity.name}_scored as scored
inner join clustered as l
    on scored.l = l.profile_no
inner join clustered as r
    on scored.r = r.profile_no
    and l.cluster_no = r.cluster_no
)
select
    is_true,
    is_found,
    is_evident,
    least(system_l, system_r) as first_system,
    greatest(system_l, system_r) as second_system,
    sum(pairs) as pairs
from counted
group by is_true, is_found, is_evident, first_system, second_system
order by is_true desc, is_found, is_evident, first_system, second_system"""
    )
    found: Found = []
    for is_true, is_found, is_evident, system_l, system_r, pairs in rows:
        origin = "scored" if is_evident else "weak"
        found.append((is_true, is_found, origin, (system_l, system_r), int(pairs)))
        if is_true and is_found:
            # The second half counted all found pairs, right ones too: what is right is not false.
            found.append((False, True, origin, (system_l, system_r), -int(pairs)))
    return found


def _ruled(warehouse: Warehouse, entity: Entity) -> Found:
    """Pairs that only a deterministic rule or a judgement joins, and the same pairs taken off `weak`."""
    name = entity.name
    reasons = ", ".join(literal(rule.name) for rule in entity.linkage.deterministic) or "null"
    rows = warehouse.rows(
        f"""with ruled as (
select record_id_l, record_id_r from linked.{name}_edges where match_reason in ({reasons})
union
select record_id_l, record_id_r from linked.{name}_judgements where judgement = 'same' and status = 'applied'
),
judged as (
select
    l.entity_no = r.entity_no as is_true,
    l.cluster_no = r.cluster_no as is_found,
    scored.match_weight is not null as is_weak,
    least(l.system, r.system) as system_l,
    greatest(l.system, r.system) as system_r
from ruled
inner join {RECORDS} as l
    on ruled.record_id_l = l.record_id
inner join {RECORDS} as r
    on ruled.record_id_r = r.record_id
    and l.profile_no <> r.profile_no
left join linked.{name}_scored as scored
    on least(l.profile_no, r.profile_no) = scored.l
    and greatest(l.profile_no, r.profile_no) = scored.r
where coalesce(scored.match_weight, -1) < 0
)
select
    is_true,
    is_found,
    is_weak,
    system_l,
    system_r,
    count(*) as pairs
from judged
where is_true or is_found
group by is_true, is_found, is_weak, system_l, system_r
order by is_true, is_found, is_weak, system_l, system_r"""
    )
    found: Found = []
    for is_true, is_found, is_weak, system_l, system_r, pairs in rows:
        found.append((is_true, is_found, "rule", (system_l, system_r), int(pairs)))
        if is_weak:
            found.append((is_true, is_found, "weak", (system_l, system_r), -int(pairs)))
    return found
