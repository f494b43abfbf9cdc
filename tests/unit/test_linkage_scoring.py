"""From records to decided pairs and clusters: the shield, conflicts, tiny inputs, and the same result in any order."""

import json
import random
from datetime import date
from typing import Any

import pytest
from linkage_people import clusters, people, person, warehouse_of

from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage import default_model, link_entity, prepare, score, train
from dq_pipeline.linkage.blocking import build_candidates
from dq_pipeline.linkage.judgements import Judgement
from dq_pipeline.linkage.profiles import build_profiles
from dq_pipeline.linkage.scoring import build_weighed
from dq_pipeline.warehouse import Warehouse

Row = tuple[str | None, ...]
EDGES = "select * from linked.person_edges order by record_id_l, record_id_r"
CLUSTERS = "select * from linked.person_clusters order by record_id"
REVIEW = "select * from linked.person_review order by record_id_l, record_id_r"


def _linked(rows: list[Row], **linkage: Any) -> tuple[Warehouse, dict[str, Any]]:
    warehouse = warehouse_of(rows)
    return warehouse, link_entity(warehouse, person(**linkage))


def _edge(warehouse: Warehouse, left: str, right: str) -> tuple[Any, ...] | None:
    found = warehouse.rows(
        """select decision, match_reason, strong, conflict from linked.person_edges
        where record_id_l = ? and record_id_r = ?""",
        [left, right],
    )
    return found[0] if found else None


@pytest.mark.parametrize("size", [0, 1, 2, 50])
def test_tiny_inputs_give_a_usable_model_and_every_record_one_cluster(size: int) -> None:
    rows = people(size, copies=1)
    warehouse, model = _linked(rows)
    assert model["prior"]["match"] > 0
    assert all(0 < level["m"] < 1 and 0 < level["u"] < 1 for entry in model["comparisons"] for level in entry["levels"])
    assert clusters(warehouse) == {str(row[0]): str(row[0]) for row in rows}


def test_two_equal_records_are_one_cluster() -> None:
    row = ("anna", "ash", "1970-01-01", "anna@x.com", "5550001", None)
    warehouse, _ = _linked([("a", *row), ("b", *row)])
    assert clusters(warehouse) == {"a": "a", "b": "a"}
    assert warehouse.rows("select distinct match_reason from linked.person_clusters") == [("same_profile",)]


def test_records_of_nothing_but_blanks_stay_apart() -> None:
    warehouse, _ = _linked([("a", *[None] * 6), ("b", *[None] * 6), ("c", "anna", *[None] * 5)])
    assert clusters(warehouse) == {"a": "a", "b": "b", "c": "c"}


def test_people_are_found_again_and_nobody_else() -> None:
    warehouse, model = _linked(people(300, copies=3))
    assert all(cluster[:9] == record[:9] for record, cluster in clusters(warehouse).items())
    assert len(set(clusters(warehouse).values())) == 300
    assert model["estimated_matches"] == pytest.approx(900, rel=0.1)


def test_a_name_alone_never_merges_but_goes_to_the_steward() -> None:
    twins: list[Row] = [
        ("x1", "zebediah", "quirk", None, None, "1", None),
        ("x2", "zebediah", "quirk", None, None, None, None),
    ]
    model = default_model(person()) | {"prior": {"match": 0.2, "household": 0.001}}
    warehouse = warehouse_of(people(100) + twins)
    link_entity(warehouse, person(), model)
    assert _edge(warehouse, "x1", "x2") == ("review", "model", None, None)
    found = clusters(warehouse)
    assert found["x1"] != found["x2"]
    assert warehouse.rows("select record_id_l, reason from linked.person_review where record_id_l = 'x1'") == [
        ("x1", "no_strong_evidence")
    ]


def test_a_declared_conflict_beats_any_weight() -> None:
    father: Row = ("x1", "otto", "quirk", "1950-01-01", "quirk@x.com", "123", None)
    son: Row = ("x2", "otto", "quirk", "1980-07-17", "quirk@x.com", "123", None)
    warehouse, _ = _linked([*people(100), father, son])
    assert _edge(warehouse, "x1", "x2") == ("no", "mail+telephone", "mail+telephone", "birth")
    assert clusters(warehouse)["x2"] == "x2"


def test_a_conflict_of_two_is_not_bridged_by_a_third() -> None:
    rows: list[Row] = [
        ("x1", "otto", "quirk", "1950-01-01", "quirk@x.com", "123", None),
        ("x2", "otto", "quirk", None, "quirk@x.com", "123", None),
        ("x3", "otto", "quirk", "1980-07-17", None, "123", None),
    ]
    warehouse, _ = _linked([*people(100), *rows])
    found = clusters(warehouse)
    assert (found["x1"], found["x2"], found["x3"]) == ("x1", "x1", "x3")
    assert warehouse.rows("select record_id_l, record_id_r, reason from linked.person_review") == [
        ("x2", "x3", "conflict:birth")
    ]


def test_a_deterministic_rule_merges_with_its_name_as_reason() -> None:
    rows: list[Row] = [
        ("crm:1", "anna", "quirk", None, "anna@q.com", None, None),
        ("order:1", "anja", "quirk", None, None, None, "crm:1"),
        ("order:2", "carl", "quirk", None, None, None, "crm:1"),
    ]
    warehouse, _ = _linked(rows)
    assert _edge(warehouse, "crm:1", "order:1") == ("merge", "states_account", None, None)
    assert _edge(warehouse, "crm:1", "order:2") == ("no", "states_account", None, "first_name")


@pytest.mark.parametrize("first", ["account", "shipped"])
def test_the_rule_that_is_declared_first_decides_between_namesakes(first: str) -> None:
    rows: list[Row] = [
        ("crm:1", "anna", "ash", "1980-01-01", "a@x.com", None, None),
        ("crm:2", "anna", "ash", "1955-05-05", "b@x.com", None, None),
        ("orders:1", "anna", "ash", None, None, None, "crm:1"),
    ]
    rules = {
        "account": {"name": "account", "sql": "l.account = r.record_id"},
        "shipped": {"name": "shipped", "sql": "l.record_id = 'orders:1' and r.record_id = 'crm:2'"},
    }
    ordered = [rules[first], *(rule for name, rule in rules.items() if name != first)]
    found = clusters(_linked([*rows, *people(20)], deterministic=ordered)[0])
    assert found["orders:1"] == found["crm:1" if first == "account" else "crm:2"]
    assert found["crm:1"] != found["crm:2"]


def test_a_key_makes_one_of_all_that_share_it_with_one_edge_a_record() -> None:
    rows: list[Row] = [(f"o{number:03d}", *[None] * 5, "A1" if number < 50 else None) for number in range(60)]
    warehouse, _ = _linked(rows, deterministic=[{"name": "same_account", "key": ["account"]}])
    assert {found for record, found in clusters(warehouse).items() if record < "o050"} == {"o000"}
    assert len(set(clusters(warehouse).values())) == 11
    assert warehouse.value("select count(*) from linked.person_edges where match_reason = 'same_account'") == 49


def test_columns_without_any_value_drop_out() -> None:
    rows = [(*row[:3], None, *row[4:]) for row in people(60)]
    warehouse, model = _linked(rows)
    assert "birth: no data, default weights" in model["notes"]
    assert len(set(clusters(warehouse).values())) == 60


def test_the_model_carries_the_run_date_and_nothing_of_the_clock() -> None:
    warehouse = warehouse_of(people(20))
    prepare(warehouse, person())
    model = train(warehouse, person(), run_date=date(2026, 11, 20))
    assert (model["trained_on"], model["records"], model["profiles"]) == ("2026-11-20", 40, 40)
    assert json.loads(json.dumps(model)) == model


def test_row_order_and_a_second_run_change_nothing() -> None:
    rows = people(120, copies=4)
    shuffled = random.Random(3).sample(rows, len(rows))
    results = []
    for order in (rows, shuffled, rows):
        warehouse, model = _linked(order)
        results.append((model, warehouse.rows(EDGES), warehouse.rows(CLUSTERS), warehouse.rows(REVIEW)))
    assert results[0] == results[1]
    assert results[0] == results[2]


def test_every_pair_is_one_edge_with_the_smaller_record_first() -> None:
    warehouse, _ = _linked(people(80, copies=4))
    assert warehouse.value("select count(*) from linked.person_edges where record_id_l >= record_id_r") == 0
    twice = "select record_id_l from linked.person_edges group by record_id_l, record_id_r having count(*) > 1"
    assert warehouse.rows(twice) == []


def test_two_rows_of_one_record_id_are_refused() -> None:
    warehouse = warehouse_of([("a", *[None] * 6), ("a", *[None] * 6)])
    with pytest.raises(ConfigError, match="2 rows but 1 record ids"):
        prepare(warehouse, person())


def test_nothing_is_left_behind_but_the_tables_promised() -> None:
    warehouse, _ = _linked(people(10))
    assert warehouse.tables("linked") == [
        f"person_{name}"
        for name in (
            *("blocking", "clusters", "confusable", "edges", "evidence", "input", "judgements", "merges"),
            *("profiles", "review", "scored", "weights"),
        )
    ]
    assert warehouse.tables("splink_scratch") == []


def test_scoring_again_with_the_same_model_gives_the_same_edges() -> None:
    warehouse, model = _linked(people(50))
    before = warehouse.rows(EDGES)
    score(warehouse, person(), model)
    assert warehouse.rows(EDGES) == before


def test_pairs_weighed_part_by_part_weigh_the_same() -> None:
    warehouse = warehouse_of(people(60, copies=4))
    prepare(warehouse, person())
    model = train(warehouse, person())
    build_profiles(warehouse, person())
    build_candidates(warehouse, person())
    weighed = []
    for pairs_at_once in (1_000_000, 50):
        build_weighed(warehouse, person(), model, pairs_at_once=pairs_at_once)
        weighed.append(warehouse.rows("select * from linked.person_weighed order by all"))
    assert weighed[0] == weighed[1] != []


def test_what_speaks_for_a_pair_adds_up_to_its_weight() -> None:
    warehouse = warehouse_of(people(80, copies=4))
    asked = [(f"crm:{number:05d}-0", f"crm:{number:05d}-{copy}") for number, copy in ((0, 1), (1, 2), (2, 3))]
    unsure = [Judgement(*pair, "unsure", "Ann", "2030-01-01", "", line) for line, pair in enumerate(asked, start=2)]
    link_entity(warehouse, person(), None, unsure)
    rows = warehouse.rows(
        """select pairs.match_weight, sum(evidence.bits), list(evidence.comparison order by evidence.place)
        from linked.person_judgements as asked
        inner join linked.person_evidence as evidence using (record_id_l, record_id_r)
        inner join linked.person_profiles as l on l.record_id = asked.record_id_l
        inner join linked.person_profiles as r on r.record_id = asked.record_id_r
        inner join linked.person_scored as pairs
            on pairs.l = least(l.profile_no, r.profile_no) and pairs.r = greatest(l.profile_no, r.profile_no)
        group by all"""
    )
    assert len(rows) == 2  # the copies 0 and 3 are alike in all, so they are no pair of profiles
    for weight, bits, told in rows:
        assert bits == pytest.approx(weight, abs=0.001)
        assert told[0] == "prior"
