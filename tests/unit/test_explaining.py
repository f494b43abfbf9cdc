"""Why two records are one or two, and what holds a cluster together, on a small table that was really linked."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from dq_pipeline import charts
from dq_pipeline.linkage import Judgement, link_entity
from dq_pipeline.linkage.explaining import PairExplanation, explain_pair
from dq_pipeline.linkage.holding import explain_cluster
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_people import people, person, warehouse_of

ENTITY = person(compare_all_pairs=0)
TWINS = [
    ("crm:a-twin", "ida", "ulm", "1950-01-01", None, "5559999", None),
    ("crm:b-twin", "ivo", "ulm", "1950-01-01", None, "5559999", None),
]
NAMESAKES = [
    ("crm:c-name", "olga", "vorn", "1961-02-03", None, None, None),
    ("crm:d-name", "olga", "vorn", "1988-07-09", None, None, None),
]
RULED = [
    ("crm:e-rule", "paul", "wirt", None, "paul@y.com", None, None),
    ("shop:1", "p", "wirt", None, None, None, "crm:e-rule"),
]
JUDGED = [
    ("crm:f-same", "quirin", "xaver", "1970-01-02", None, None, None),
    ("crm:g-same", "rosa", "yonk", "1931-11-12", None, None, None),
]


@pytest.fixture(scope="module")
def linked() -> Iterator[tuple[Warehouse, dict[str, Any]]]:
    warehouse = warehouse_of([*people(150, 3), *TWINS, *NAMESAKES, *RULED, *JUDGED])
    decided = Judgement("crm:f-same", "crm:g-same", "same", "ann", "2026-11-20", "", 2)
    model = link_entity(warehouse, ENTITY, None, [decided])
    yield warehouse, model
    warehouse.close()


def pair(linked: tuple[Warehouse, dict[str, Any]], one: str, other: str) -> PairExplanation:
    warehouse, model = linked
    return explain_pair(warehouse, ENTITY, model, one, other)


def test_the_weight_is_that_by_which_the_run_decided(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    warehouse, _ = linked
    rows = warehouse.rows(
        """select l.record_id, r.record_id, scored.match_weight from linked.person_scored as scored
        join linked.person_profiles as l on l.profile_no = scored.l and l.record_id = l.profile_id
        join linked.person_profiles as r on r.profile_no = scored.r and r.record_id = r.profile_id
        order by hash(l.record_id || r.record_id) limit 5"""
    )
    assert rows
    for one, other, weight in rows:
        found = pair(linked, one, other)
        assert found.match_weight == pytest.approx(weight, abs=1e-3)
        said = found.prior + sum(compared.total for compared in found.comparisons) + found.correction
        assert said == pytest.approx(found.match_weight)
        assert found.found_by


def test_two_records_of_one_person(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    found = pair(linked, "crm:00007-2", "crm:00007-0")
    assert (found.record_id_l, found.record_id_r) == ("crm:00007-0", "crm:00007-2")
    assert found.is_one
    assert found.merge is not None
    assert f"round {found.merge['round']}" in found.because
    levels = {compared.name: compared.level for compared in found.comparisons}
    assert levels == {
        "first_name": "same",
        "last_name": "same",
        "birth": "same",
        "mail": "missing",
        "telephone": "same",
    }
    assert found.comparisons[0].values == {"first": ("hanna", "hanna")}
    assert found.match_probability > 0.99


def test_people_of_one_home_are_two_for_a_conflict(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    found = pair(linked, "crm:a-twin", "crm:b-twin")
    assert not found.is_one
    assert "first_name" in found.conflicts
    assert found.related["household"] > 0
    assert found.correction < -1


def test_namesakes_are_two(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    found = pair(linked, "crm:c-name", "crm:d-name")
    assert not found.is_one
    assert found.conflicts == ["birth"]
    assert found.because in {
        "held back for a steward: conflict:birth", "the conflict birth forbids it",
    }  # fmt: skip


def test_a_rule_and_a_judgement_are_named(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    by_rule = pair(linked, "crm:e-rule", "shop:1")
    assert by_rule.is_one
    assert by_rule.rules == ["states_account"]
    assert "the rule states_account joined" in by_rule.because
    judged = pair(linked, "crm:f-same", "crm:g-same")
    assert judged.is_one
    assert judged.because.startswith("a steward judged that")
    assert [row["judgement"] for row in judged.judgements] == ["same"]
    assert judged.found_by is None


def test_strangers_were_never_compared(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    found = pair(linked, "crm:00001-0", "crm:f-same")
    assert not found.is_one
    assert found.match_weight < found.thresholds["review"]
    assert found.because == "they share no blocking key, so they were never compared"


def test_what_holds_a_cluster_together(linked: tuple[Warehouse, dict[str, Any]]) -> None:
    warehouse, _ = linked
    found = explain_cluster(warehouse, ENTITY, "crm:00007-0")
    assert found.records == ["crm:00007-0", "crm:00007-1", "crm:00007-2"]
    assert len(found.links) == 2
    assert found.weakest == min(found.links, key=lambda link: link["match_weight"])
    assert found.parts is not None
    assert sorted(found.parts) == [1, 2]
    assert [step["round"] for step in found.steps] == sorted(step["round"] for step in found.steps)
    alone = explain_cluster(warehouse, ENTITY, "crm:c-name")
    assert (alone.links, alone.weakest, alone.parts, alone.steps) == ([], None, None, [])


DOCUMENT: dict[str, Any] = {
    "kind": "pair", "record_id_l": "a", "record_id_r": "b", "is_one": False, "because": "the evidence is too weak",
    "prior": -10.0, "correction": -1.5, "related": {"household": 0.9}, "thresholds": {"merge": 0.0, "review": -2.0},
    "comparisons": [
        {"name": "mail", "level": "same", "weight": 9.0, "frequency": 2.0},
        {"name": "phone", "level": "missing", "weight": 0.0, "frequency": 0.0},
    ],
}  # fmt: skip
CLUSTER: dict[str, Any] = {
    "kind": "cluster", "master_id": "M", "records": ["a", "b", "c"],
    "links": [
        {"record_id_l": "a", "record_id_r": "b", "match_weight": 1000.0, "reason": "states_account"},
        {"record_id_l": "a", "record_id_r": "c", "match_weight": 7.0, "reason": "email"},
    ],
}  # fmt: skip
CLUSTER["weakest"] = CLUSTER["links"][1]


def test_the_waterfall_begins_at_the_prior_and_ends_at_the_weight() -> None:
    steps = charts.waterfall_steps(DOCUMENT)
    assert [step["label"] for step in steps] == ["prior", "mail", "mail, rarity", "or household", "the pair"]
    assert all(one["end"] == other["begin"] for one, other in pairwise(steps[:-1]))
    assert steps[-1]["end"] == steps[-2]["end"] == -0.5
    assert [step["kind"] for step in steps] == ["against", "for", "for", "against", "sum"]


def test_every_record_and_link_of_a_tree_has_its_place() -> None:
    nodes, lines = charts.tree_places(CLUSTER)
    assert [(node["record"], node["x"]) for node in nodes] == [("a", 0), ("b", 1), ("c", 1)]
    assert len({node["y"] for node in nodes}) == 3
    assert [line["text"] for line in lines] == ["states account", "email, 7.0"]
    assert [line["kind"] for line in lines] == ["link", "weakest"]
    text = charts.dot(CLUSTER)
    assert '"a" -- "c" [label="email, 7.0", color="red"];' in text
    assert text.count("--") == 2


@pytest.mark.parametrize("document", [DOCUMENT, CLUSTER], ids=["pair", "cluster"])
def test_pictures_need_nothing_from_elsewhere(document: dict[str, Any]) -> None:
    pytest.importorskip("vl_convert")
    svg = charts.picture(document)
    assert svg.startswith("<svg")
    assert "href" not in svg
    assert svg in charts.page(document)
