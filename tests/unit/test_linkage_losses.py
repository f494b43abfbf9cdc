"""Where pairs are lost and gained, against a count of every pair by hand; the errors shown, and why."""

import random
from collections import Counter
from itertools import combinations
from typing import Any

import pytest

from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage.losses import PairCount, count_pairs, false_pairs, losses, missed_by_reason
from dq_pipeline.linkage.worst import worst_pairs
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_tables import PERSON, linked, made_truth


def drawn_linkage(seed: int, records: int = 40) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Tables of a linkage in which anything may be, and a truth that lacks a record and knows one too many."""
    draw = random.Random(seed)
    names = [f"crm:{number:02}" for number in range(records)]
    profile = {name: draw.randrange(25) for name in names}
    scored = [
        {"l": left, "r": right, "rule": draw.randrange(-1, 5), "match_weight": draw.uniform(-9, 9)}
        for left, right in combinations(range(25), 2)
        if draw.random() < 0.3
    ]
    some = draw.sample(list(combinations(names, 2)), 60)
    edges = [
        {"record_id_l": left, "record_id_r": right, "match_reason": draw.choice(["states_account", "email"])}
        for left, right in some[:40]
    ]
    judgements = [
        {"record_id_l": left, "record_id_r": right, "judgement": kind, "status": status}
        for (left, right), kind, status in zip(
            some[35:], ["same", "different"] * 20, ["applied", "applied", "superseded"] * 9, strict=False
        )
    ]
    tables = {
        "input": [{"record_id": name, "source": "crm", "system": draw.choice("abc")} for name in names],
        "profiles": [{"record_id": name, "profile_id": name, "profile_no": profile[name]} for name in names],
        "scored": scored,
        "edges": edges,
        "judgements": judgements,
        "clusters": [{"record_id": name, "cluster_id": f"c{draw.randrange(12)}"} for name in names],
    }
    truth = {name: f"e{draw.randrange(12)}" for name in [*names[1:], "crm:gone"]}
    return tables, truth


def counted_by_hand(tables: dict[str, list[dict[str, Any]]], truth: dict[str, str]) -> Counter[tuple[Any, ...]]:
    """Every pair looked at for itself."""
    profile = {row["record_id"]: row["profile_no"] for row in tables["profiles"]}
    cluster = {row["record_id"]: row["cluster_id"] for row in tables["clusters"]}
    system = {row["record_id"]: row["system"] for row in tables["input"]}
    weight = {(row["l"], row["r"]): row["match_weight"] for row in tables["scored"]}
    ruled = {
        (row["record_id_l"], row["record_id_r"]) for row in tables["edges"] if row["match_reason"] == "states_account"
    } | {
        (row["record_id_l"], row["record_id_r"])
        for row in tables["judgements"]
        if row["judgement"] == "same" and row["status"] == "applied"
    }
    counts: Counter[tuple[Any, ...]] = Counter()
    for pair in combinations(sorted(set(truth) & set(cluster)), 2):
        left, right = pair
        is_true, is_found = truth[left] == truth[right], cluster[left] == cluster[right]
        found = weight.get((min(profile[left], profile[right]), max(profile[left], profile[right])))
        if profile[left] == profile[right]:
            origin = "alike"
        elif found is not None and found >= 0:
            origin = "scored"
        elif pair in ruled:
            origin = "rule"
        else:
            origin = "unseen" if found is None else "weak"
        if is_true or is_found:
            counts[(*sorted((system[left], system[right])), is_true, is_found, origin)] += 1
    return counts


@pytest.mark.parametrize("seed", range(12))
def test_every_pair_is_counted_once_as_by_hand(seed: int) -> None:
    tables, truth = drawn_linkage(seed)
    warehouse = linked("person", **tables)
    counts = count_pairs(warehouse, PERSON, made_truth(warehouse, truth))
    made = {(one.system_l, one.system_r, one.is_true, one.is_found, one.origin): one.pairs for one in counts}
    assert len(made) == len(counts)
    assert made == dict(counted_by_hand(tables, truth))
    true = sum(size * (size - 1) // 2 for size in Counter(truth.values()).values())
    lost = losses(counts, true)
    parts = lost.found + lost.gained + lost.lost_before
    assert parts + lost.lost_in_blocking + lost.lost_in_scoring + lost.lost_in_clustering == lost.true == true
    assert lost.lost_before == list(truth.values()).count(truth["crm:gone"]) - 1
    assert sum(false_pairs(counts).values()) == sum(one.pairs for one in counts if not one.is_true)


def test_what_became_of_true_pairs() -> None:
    def true(origin: str, pairs: int, *, found: bool) -> PairCount:
        return PairCount("a", "a", True, found, origin, pairs)

    lost = losses(
        [
            *(true(origin, 1, found=True) for origin in ("alike", "scored", "rule")),
            *(true(origin, 10, found=True) for origin in ("weak", "unseen")),
            *(true(origin, 100, found=False) for origin in ("alike", "scored", "rule")),
            true("weak", 1_000, found=False),
            true("unseen", 10_000, found=False),
            PairCount("a", "a", False, True, "unseen", 5),
        ],
        11_330,
    )
    assert (lost.found, lost.gained, lost.lost_before) == (3, 20, 7)
    assert (lost.lost_in_clustering, lost.lost_in_scoring, lost.lost_in_blocking) == (300, 1_000, 10_000)
    assert lost.compared_share == pytest.approx(1 - 10_007 / 11_330)


def test_a_truth_without_pairs_has_lost_nothing() -> None:
    assert losses([], 0).compared_share == 1


def test_a_run_without_scored_pairs_says_what_to_do() -> None:
    warehouse = linked("person")
    warehouse.execute("drop table linked.person_scored")
    with pytest.raises(ConfigError, match="dq run --until link"):
        count_pairs(warehouse, PERSON, made_truth(warehouse, {}))


def small() -> Warehouse:
    """Six records: anna's three with a stranger among them, berta's two apart, and one that was never compared."""
    people = {
        "a1": ("anna", "ash", "1980-01-01"),
        "a2": ("anna", "ash", None),
        "a3": ("ann", "oak", None),
        "x1": ("anna", "ash", "1999-09-09"),
        "b1": ("berta", "elm", "1970-01-01"),
        "b2": ("berta", "elm", "1971-01-01"),
    }
    clusters = {"a1": "a1", "a2": "a1", "x1": "a1", "a3": "a3", "b1": "b1", "b2": "b2"}
    numbers = {record: number for number, record in enumerate(sorted(people), start=1)}
    return linked(
        "person",
        input=[
            {"record_id": record, "source": "crm", "first": first, "last": last, "born": born}
            for record, (first, last, born) in people.items()
        ],
        profiles=[{"record_id": one, "profile_id": one, "profile_no": number} for one, number in numbers.items()],
        clusters=[{"record_id": record, "cluster_id": cluster} for record, cluster in clusters.items()],
        scored=[
            {"l": numbers["a1"], "r": numbers["a2"], "rule": 2, "match_weight": 6.0},
            {"l": numbers["a2"], "r": numbers["x1"], "rule": 2, "match_weight": 5.5},
            {"l": numbers["a1"], "r": numbers["x1"], "rule": 2, "match_weight": -4.0},
            {"l": numbers["b1"], "r": numbers["b2"], "rule": 3, "match_weight": 1.5},
        ],
        edges=[
            {"record_id_l": "b1", "record_id_r": "b2", "match_reason": "model", "conflict": "birth", "decision": "no"}
        ],
        review=[{"record_id_l": "b1", "record_id_r": "b2", "reason": "conflict:birth"}],
        confusable=[{"record_id_l": "b1", "record_id_r": "b2", "kind": "namesake"}],
        merges=[
            {"cluster_l": "a1", "cluster_r": "a2", "round": 1, "match_weight": 6.0, "reason": "model"},
            {"cluster_l": "a1", "cluster_r": "x1", "round": 2, "match_weight": 1.0, "reason": "model"},
        ],
    )


TRUTH = {"a1": "anna", "a2": "anna", "a3": "anna", "x1": "other", "b1": "berta", "b2": "berta"}


def test_the_worst_false_merge_is_shown_by_its_heaviest_pair_and_the_step_that_joined_it() -> None:
    warehouse = small()
    count_pairs(warehouse, PERSON, made_truth(warehouse, TRUTH))
    (worst,) = worst_pairs(warehouse, PERSON, "false_merge", 5)
    assert (worst.record_id_l, worst.record_id_r, worst.origin, worst.match_weight) == ("a2", "x1", "scored", 5.5)
    assert (worst.pairs, worst.records, worst.parts, worst.rule) == (2, 3, 2, 2)
    assert worst.merge == {"cluster_l": "a1", "cluster_r": "x1", "round": 2, "match_weight": 1.0, "reason": "model"}
    assert {one.name: one.agrees for one in worst.comparisons} == {
        "first_name": True, "last_name": True, "birth": None, "mail": None, "telephone": None,
    }  # fmt: skip


def test_the_worst_misses_come_with_what_stood_against_them() -> None:
    warehouse = small()
    count_pairs(warehouse, PERSON, made_truth(warehouse, TRUTH))
    far, near = worst_pairs(warehouse, PERSON, "missed", 5)
    assert (far.record_id_l, far.record_id_r, far.origin, far.pairs, far.edge) == ("a1", "a3", "unseen", 2, None)
    assert (near.record_id_l, near.record_id_r, near.origin) == ("b1", "b2", "scored")
    assert near.edge is not None
    assert (near.edge["conflict"], near.review, near.confusable) == ("birth", ["conflict:birth"], ["namesake"])
    birth = next(one for one in near.comparisons if one.name == "birth")
    assert (birth.outcome, birth.agrees, birth.left, birth.right) == (
        "differs", False, {"born": "1970-01-01"}, {"born": "1971-01-01"},
    )  # fmt: skip
    assert len(worst_pairs(warehouse, PERSON, "missed", 1)) == 1


def test_missed_pairs_by_what_holds_their_clusters_apart() -> None:
    warehouse = small()
    count_pairs(warehouse, PERSON, made_truth(warehouse, TRUTH))
    assert missed_by_reason(warehouse, PERSON) == {"not in the queue": 2, "conflict:birth": 1}


def test_no_errors_no_pairs() -> None:
    warehouse = small()
    count_pairs(warehouse, PERSON, made_truth(warehouse, {"a1": "x", "a2": "x"}))
    assert worst_pairs(warehouse, PERSON, "missed", 5) == worst_pairs(warehouse, PERSON, "false_merge", 5) == []
