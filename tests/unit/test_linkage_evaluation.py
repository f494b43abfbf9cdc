"""Pairwise figures and B-cubed against sums done by hand."""

import pytest

from dq_pipeline.linkage import Evaluation, evaluate
from dq_pipeline.warehouse import Warehouse


def _evaluated(clusters: dict[str, str], truth: dict[str, str]) -> Evaluation:
    warehouse = Warehouse()
    for table, column, rows in (("found", "cluster_id", clusters), ("truth", "entity_id", truth)):
        warehouse.execute(f"create table linked.{table} (record_id varchar, {column} varchar)")
        for record, group in rows.items():
            warehouse.execute(f"insert into linked.{table} values (?, ?)", [record, group])
    return evaluate(warehouse, "linked.found", "linked.truth")


CASES = [
    # clusters, truth, true, found, right pairs, B-cubed precision and recall
    ({}, {}, (0, 0, 0, 1.0, 1.0)),
    ({"a": "a", "b": "b"}, {"a": "x", "b": "y"}, (0, 0, 0, 1.0, 1.0)),
    ({"a": "a", "b": "a"}, {"a": "x", "b": "x"}, (1, 1, 1, 1.0, 1.0)),
    ({"a": "a", "b": "b"}, {"a": "x", "b": "x"}, (1, 0, 0, 1.0, 0.5)),
    ({"a": "a", "b": "a"}, {"a": "x", "b": "y"}, (0, 1, 0, 0.5, 1.0)),
    ({"a": "a", "b": "a", "c": "a", "d": "d"}, {"a": "x", "b": "x", "c": "y", "d": "y"}, (2, 3, 1, 2 / 3, 0.75)),
    ({"a": "a", "b": "a", "z": "a"}, {"a": "x", "b": "x"}, (1, 1, 1, 1.0, 1.0)),
]


@pytest.mark.parametrize(("clusters", "truth", "expected"), CASES)
def test_figures_are_those_counted_by_hand(
    clusters: dict[str, str], truth: dict[str, str], expected: tuple[float, ...]
) -> None:
    found = _evaluated(clusters, truth)
    assert (found.true_pairs, found.found_pairs, found.right_pairs) == expected[:3]
    assert (found.b_cubed_precision, found.b_cubed_recall) == pytest.approx(expected[3:], abs=1e-6)


def test_a_record_without_a_cluster_stands_alone_and_is_counted() -> None:
    found = _evaluated({"a": "a"}, {"a": "x", "b": "x", "c": "x"})
    assert (found.missing, found.true_pairs, found.right_pairs, found.recall) == (2, 3, 0, 0)


def test_f1_is_the_harmonic_mean() -> None:
    found = _evaluated(*CASES[5][:2])
    assert found.f1 == pytest.approx(2 * (1 / 3) * 0.5 / (1 / 3 + 0.5))
