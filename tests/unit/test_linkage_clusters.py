"""Clusters after the model has spoken: judgements, components that grew too large, and what is told of them."""

from typing import Any

import pytest
from linkage_people import clusters, people, person, warehouse_of

from dq_pipeline.linkage import Judgement, cluster, link_entity, score, train
from dq_pipeline.warehouse import Warehouse

ANNAS: list[tuple[str | None, ...]] = [
    ("x1", "anna", "quirk", "1970-01-01", "a@q.com", None, None),
    ("x2", "anna", "quirk", "1970-01-01", "a@q.com", None, None),
    ("x3", "anna", "quirk", "1970-01-01", None, "77", None),
    ("x4", "otto", "zimt", "1930-05-05", None, "99", None),
]


def _judged(*rows: tuple[str, str, str]) -> list[Judgement]:
    return [
        Judgement(left, right, kind, "ann", "2026-11-01", "", line)
        for line, (left, right, kind) in enumerate(rows, start=2)
    ]


def _found(judgements: list[Judgement], **linkage: Any) -> tuple[Warehouse, dict[str, str]]:
    warehouse = warehouse_of([*people(60), *ANNAS])
    link_entity(warehouse, person(**linkage), judgements=judgements)
    return warehouse, {record: found for record, found in clusters(warehouse).items() if record[0] == "x"}


def test_without_judgements_the_model_decides() -> None:
    assert _found([])[1] == {"x1": "x1", "x2": "x1", "x3": "x1", "x4": "x4"}


def test_pairs_summed_up_in_parts_give_the_same_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = clusters(_found([])[0])
    monkeypatch.setattr("dq_pipeline.linkage.agglomeration.PAIRS_AT_ONCE", 3)
    warehouse, _ = _found([])
    assert warehouse.count("linked.person_scored") > 6
    assert clusters(warehouse) == whole


def test_judged_same_joins_what_the_model_never_would() -> None:
    warehouse, found = _found(_judged(("x3", "x4", "same")))
    assert found == {"x1": "x1", "x2": "x1", "x3": "x1", "x4": "x1"}
    assert warehouse.rows("select match_reason from linked.person_clusters where record_id = 'x4'") == [("judgement",)]


def test_judged_different_parts_even_records_that_are_alike_in_everything() -> None:
    warehouse, found = _found(_judged(("x1", "x2", "different")))
    assert found["x1"] != found["x2"]
    assert warehouse.rows("select status from linked.person_judgements") == [("applied",)]


def test_judged_different_is_not_undone_through_a_third_record() -> None:
    _, found = _found(_judged(("x1", "x3", "different"), ("x2", "x3", "different")))
    assert found == {"x1": "x1", "x2": "x1", "x3": "x3", "x4": "x4"}


def test_judgements_reach_through_a_record_that_is_not_there_tonight() -> None:
    warehouse, found = _found(_judged(("gone", "x1", "same"), ("gone", "x4", "same")))
    assert found["x4"] == "x1"
    assert warehouse.rows("select distinct status from linked.person_judgements") == [("record_missing",)]


def test_a_contradiction_joins_nothing_and_is_reported() -> None:
    given = _judged(("x1", "x4", "same"), ("x3", "x4", "same"), ("x1", "x3", "different"))
    warehouse, found = _found(given)
    assert found["x4"] == "x4"
    assert found["x1"] != found["x3"]
    assert warehouse.rows("select distinct status from linked.person_judgements") == [("contradicted",)]


def test_a_judged_pair_is_not_asked_again() -> None:
    warehouse, _ = _found(_judged(("x1", "x3", "different")))
    pairs = warehouse.rows("select record_id_l, record_id_r from linked.person_review")
    assert ("x1", "x3") not in pairs


def test_a_component_that_grew_too_large_keeps_only_pairs_of_double_evidence() -> None:
    shared: list[tuple[str | None, ...]] = [
        (f"y{number:02d}", "paula", "quirk", None, None if number % 2 else f"p{number}@q.com", "555", None)
        for number in range(12)
    ]
    shared += [(f"z{number}", "paula", "quirk", None, "p0@q.com", "555", str(number)) for number in range(2)]
    warehouse = warehouse_of([*people(60), *shared])
    link_entity(warehouse, person(max_cluster_size=5))
    found = clusters(warehouse)
    assert found["z0"] == found["z1"] == found["y00"]
    sizes = warehouse.rows("select count(*) from linked.person_clusters group by cluster_id order by 1 desc limit 1")
    assert sizes[0][0] < len(shared)
    assert warehouse.value("select count(*) from linked.person_review where reason = 'oversize'") > 0


def test_clustering_again_gives_the_same() -> None:
    warehouse, _ = _found([])
    before = clusters(warehouse)
    model = train(warehouse, person())
    for judgements in (_judged(("x3", "x4", "same")), []):
        score(warehouse, person(), model)
        cluster(warehouse, person(), model, judgements)
        assert (clusters(warehouse) == before) == (not judgements)


def test_a_slip_of_the_pen_in_one_of_many_parts_nobody_where_that_is_tolerated() -> None:
    born = ["1950-01-01"] * 5 + ["1950-01-02", "1950-02-02"]
    rows: list[tuple[str | None, ...]] = [
        (f"y{number}", "paula", "quirk", day, "p@q.com", "555", None) for number, day in enumerate(born)
    ]
    strict = {"name": "birth", "sql": "damerau_levenshtein(born_l, born_r) > 1"}
    tolerant = strict | {"tolerance": 0.5, "when": "born is not null"}
    for conflict, parts in ((strict, 2), (tolerant, 1)):
        warehouse = warehouse_of([*people(60), *rows])
        link_entity(warehouse, person(conflicts=[conflict]))
        found = clusters(warehouse)
        assert len({found[f"y{number}"] for number in range(7)}) == parts


def test_a_father_is_not_joined_to_his_son_however_much_is_tolerated() -> None:
    rows: list[tuple[str | None, ...]] = [
        ("y1", "otto", "quirk", "1950-01-01", "o@q.com", "555", None),
        ("y2", "otto", "quirk", None, "o@q.com", "555", None),
        ("y3", "otto", "quirk", None, "o@q.com", None, None),
        ("y4", "otto", "quirk", "1980-07-07", None, "555", None),
    ]
    conflict = {"name": "birth", "sql": "born_l <> born_r", "tolerance": 0.34, "when": "born is not null"}
    warehouse = warehouse_of([*people(60), *rows])
    link_entity(warehouse, person(conflicts=[conflict]))
    found = clusters(warehouse)
    assert found["y1"] != found["y4"]
