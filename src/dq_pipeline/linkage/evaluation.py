"""How right the clusters are, against a truth or against judgements: precision, recall, F1; counted by group-bys."""

import math
from dataclasses import dataclass

from dq_pipeline.warehouse import Warehouse

# Standard deviations on either side that hold 95 % of a normal distribution.
_Z = 1.959964


class PairFigures:
    """Figures from counted pairs: precision of nothing found and recall of nothing to find are 1."""

    true_pairs: int
    found_pairs: int
    right_pairs: int

    @property
    def precision(self) -> float:
        """Right pairs as a share of found pairs."""
        return self.right_pairs / self.found_pairs if self.found_pairs else 1.0

    @property
    def recall(self) -> float:
        """Right pairs as a share of true pairs."""
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Evaluation(PairFigures):
    """Counts of pairs over all records of the truth, and the figures from them."""

    records: int
    entities: int
    clusters: int
    missing: int
    true_pairs: int
    found_pairs: int
    right_pairs: int
    b_cubed_precision: float
    b_cubed_recall: float

    @property
    def b_cubed_f1(self) -> float:
        """The harmonic mean of B-cubed precision and recall (Bagga and Baldwin 1998)."""
        both = self.b_cubed_precision + self.b_cubed_recall
        return 2 * self.b_cubed_precision * self.b_cubed_recall / both if both else 0.0


def evaluate(warehouse: Warehouse, clusters_table: str, truth_table: str) -> Evaluation:
    """Compare clusters(record_id, cluster_id) with truth(record_id, entity_id), two tables or views.

    Only records of the truth count. One that the clusters lack (`missing`) stands alone: its true pairs are missed.
    """
    row = warehouse.records(
        f"""with records as (
select
    truth.record_id,
    truth.entity_id,
    clusters.record_id is null as is_missing,
    coalesce('c:' || clusters.cluster_id, 'r:' || truth.record_id) as cluster_id
from {truth_table} as truth
left join {clusters_table} as clusters
    on truth.record_id = clusters.record_id
),
cells as (
select
    entity_id,
    cluster_id,
    count(*) as records,
    count(*) filter (where is_missing) as missing
from records
group by entity_id, cluster_id
),
sized as (
select
    records,
    missing,
    sum(records) over (partition by entity_id) as entity_records,
    sum(records) over (partition by cluster_id) as cluster_records
from cells
)
select
    coalesce(sum(records), 0) as records,
    coalesce(sum(missing), 0) as missing,
    (select count(distinct entity_id) from cells) as entities,
    (select count(distinct cluster_id) from cells) as clusters,
    coalesce(sum(records * (records - 1)) / 2, 0) as right_pairs,
    coalesce(sum(records * (entity_records - 1)) / 2, 0) as true_pairs,
    coalesce(sum(records * (cluster_records - 1)) / 2, 0) as found_pairs,
    coalesce(sum(records * records / cluster_records) / sum(records), 1) as b_cubed_precision,
    coalesce(sum(records * records / entity_records) / sum(records), 1) as b_cubed_recall
from sized"""
    )[0]
    # Sums of fractions differ in the last digits with the order of addition.
    precision, recall = (round(float(row.pop(f"b_cubed_{name}")), 6) for name in ("precision", "recall"))
    counts = {name: int(count) for name, count in row.items()}
    return Evaluation(**counts, b_cubed_precision=precision, b_cubed_recall=recall)


@dataclass(frozen=True)
class JudgedEvaluation:
    """How right linkage was on the pairs that stewards judged, had they not judged them.

    Stewards are mostly asked about pairs that are hard to tell, so both figures are lower than over all pairs.
    Each figure has its range at 95 % (Wilson); all are None where no judged pair speaks of them.
    """

    same: int
    different: int
    merged_same: int
    merged_different: int

    @property
    def precision(self) -> float | None:
        """Of the judged pairs that linkage would merge, the share that is the same."""
        return _share(self.merged_same, self.merged_same + self.merged_different)

    @property
    def recall(self) -> float | None:
        """Of the pairs judged the same, the share that linkage would merge."""
        return _share(self.merged_same, self.same)

    @property
    def precision_range(self) -> tuple[float, float] | None:
        """Bounds of the precision."""
        return _wilson(self.merged_same, self.merged_same + self.merged_different)

    @property
    def recall_range(self) -> tuple[float, float] | None:
        """Bounds of the recall."""
        return _wilson(self.merged_same, self.same)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _wilson(part: int, whole: int) -> tuple[float, float] | None:
    if not whole:
        return None
    share, spread = part / whole, _Z * _Z / whole
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / whole + spread / (4 * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def evaluate_judgements(warehouse: Warehouse, entity: str) -> JudgedEvaluation:
    """Compare the stewards' judgements in force on this night's pairs with what linkage had decided without them.

    Judgements decide the clusters, so clusters alone would always agree with them. Linkage would merge a pair whose
    own edge says so, or whose records share a cluster in which no merge was a judgement's.
    """
    row = warehouse.records(
        f"""with judged as (
select distinct
    judgements.judgement = 'same' as is_same,
    judgements.record_id_l,
    judgements.record_id_r,
    least(l.profile_no, r.profile_no) as profile_l,
    greatest(l.profile_no, r.profile_no) as profile_r,
    case when clusters_l.cluster_id = clusters_r.cluster_id then clusters_l.cluster_id end as cluster_id
from linked.{entity}_judgements as judgements
inner join linked.{entity}_profiles as l
    on judgements.record_id_l = l.record_id
inner join linked.{entity}_profiles as r
    on judgements.record_id_r = r.record_id
inner join linked.{entity}_clusters as clusters_l
    on judgements.record_id_l = clusters_l.record_id
inner join linked.{entity}_clusters as clusters_r
    on judgements.record_id_r = clusters_r.record_id
where judgements.status = 'applied'
    and judgements.judgement in ('same', 'different')
),
merging as (
select distinct
    least(l.profile_no, r.profile_no) as profile_l,
    greatest(l.profile_no, r.profile_no) as profile_r
from linked.{entity}_edges as edges
inner join linked.{entity}_profiles as l
    on edges.record_id_l = l.record_id
inner join linked.{entity}_profiles as r
    on edges.record_id_r = r.record_id
where edges.decision = 'merge'
    and edges.match_reason <> 'judgement'
),
judged_clusters as (
select distinct clusters.cluster_id
from linked.{entity}_merges as merges
inner join linked.{entity}_clusters as clusters
    on merges.cluster_l = clusters.record_id
where merges.reason = 'judgement'
),
decided as (
select
    judged.is_same,
    merging.profile_l is not null
    or (judged.cluster_id is not null and judged_clusters.cluster_id is null) as is_merged
from judged
left join merging
    on judged.profile_l = merging.profile_l
    and judged.profile_r = merging.profile_r
left join judged_clusters
    on judged.cluster_id = judged_clusters.cluster_id
)
select
    count(*) filter (where is_same) as same,
    count(*) filter (where not is_same) as different,
    count(*) filter (where is_same and is_merged) as merged_same,
    count(*) filter (where not is_same and is_merged) as merged_different
from decided"""
    )[0]
    return JudgedEvaluation(**{name: int(count) for name, count in row.items()})
