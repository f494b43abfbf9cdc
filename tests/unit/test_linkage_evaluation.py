"""Pairwise figures and B-cubed against sums done by hand; estimates from judgements."""

import pytest

from dq_pipeline.linkage.evaluation import Evaluation, JudgedEvaluation, evaluate, evaluate_judgements
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_tables import linked


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


def _judged(**tables: list[dict[str, object]]) -> JudgedEvaluation:
    records = ("a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2")
    return evaluate_judgements(
        linked(
            "person",
            profiles=[
                {"record_id": name, "profile_id": name, "profile_no": number} for number, name in enumerate(records)
            ],
            **tables,
        ),
        "person",
    )


def _judgement(left: str, right: str, judgement: str, status: str = "applied") -> dict[str, object]:
    return {"record_id_l": left, "record_id_r": right, "judgement": judgement, "status": status}


def test_judged_pairs_are_compared_with_what_linkage_would_have_done() -> None:
    def edge(left: str, right: str, decision: str, reason: str = "model") -> dict[str, object]:
        return {"record_id_l": left, "record_id_r": right, "decision": decision, "match_reason": reason}

    found = _judged(
        judgements=[
            _judgement("a1", "a2", "same"),
            _judgement("b1", "b2", "same"),
            _judgement("c1", "c2", "different"),
            _judgement("d1", "d2", "different"),
            _judgement("a1", "d1", "same", "superseded"),
            _judgement("a1", "d2", "unsure"),
        ],
        edges=[
            edge("a1", "a2", "merge"),
            edge("b1", "b2", "review"),
            edge("c1", "c2", "merge"),
            edge("d1", "d2", "no"),
        ],
        # The judgement is what joined b1 and b2: it proves nothing.
        merges=[{"cluster_l": "b1", "cluster_r": "b2", "round": 0, "match_weight": 99.0, "reason": "judgement"}],
        clusters=[
            {"record_id": name, "cluster_id": cluster}
            for name, cluster in {
                "a1": "a1", "a2": "a1", "b1": "b1", "b2": "b1", "c1": "c1", "c2": "c2", "d1": "d1", "d2": "d2",
            }.items()
        ],
    )  # fmt: skip
    assert (found.same, found.different, found.merged_same, found.merged_different) == (2, 2, 1, 1)
    assert (found.precision, found.recall) == (0.5, 0.5)


def test_a_cluster_that_no_judgement_joined_speaks_for_linkage() -> None:
    found = _judged(
        judgements=[_judgement("a1", "b1", "same")],
        clusters=[{"record_id": name, "cluster_id": "a1"} for name in ("a1", "a2", "b1")],
    )
    assert (found.merged_same, found.recall) == (1, 1)
    assert found.recall_range == pytest.approx((0.2065, 1), abs=1e-3)


def test_without_judgements_nothing_is_claimed() -> None:
    found = _judged()
    assert (found.precision, found.recall, found.precision_range, found.recall_range) == (None,) * 4


def test_the_range_of_a_share_is_wilsons() -> None:
    ranges = JudgedEvaluation(same=100, different=0, merged_same=90, merged_different=10)
    assert ranges.recall_range == pytest.approx((0.8256, 0.9448), abs=1e-3)
    assert ranges.precision_range == ranges.recall_range
