"""How right the clusters are against a truth: pairwise precision, recall and F1, and B-cubed; counted by group-bys."""

from dataclasses import dataclass

from dq_pipeline.warehouse import Warehouse


@dataclass(frozen=True)
class Evaluation:
    """Counts of pairs over all records of the truth, and the figures from them.

    Precision of nothing found and recall of nothing to find are 1.
    """

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
