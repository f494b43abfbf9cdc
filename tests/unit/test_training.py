"""What a newly trained model would change: weights and clusters."""

from collections.abc import Iterator
from typing import Any

import pytest

from dq_pipeline.linkage import default_model
from dq_pipeline.linkage.describing import described, fingerprint
from dq_pipeline.scorecard.masking import mask_compared
from dq_pipeline.training import cluster_changes, level_changes
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_people import person, warehouse_of

ENTITY = person()


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse()
    yield warehouse
    warehouse.close()


def weighed(**weights: float) -> dict[str, Any]:
    model = default_model(ENTITY)
    for entry in model["comparisons"]:
        if entry["name"] in weights:
            entry["levels"][0]["weight"] = weights[entry["name"]]
    return model


def test_weights_that_change_the_biggest_change_first() -> None:
    changes = level_changes(weighed(mail=8, birth=5), weighed(mail=9, birth=2))
    assert [(one.comparison, one.level, one.old, one.new, one.change) for one in changes[:2]] == [
        ("birth", "same", 5, 2, -3),
        ("mail", "same", 8, 9, 1),
    ]
    assert all(one.change == 0 for one in changes[2:])
    assert {one.level for one in changes if one.comparison == "prior"} == {"match", "household"}


def test_without_an_old_model_every_weight_is_new() -> None:
    changes = level_changes(None, weighed())
    assert changes
    assert all(one.old is None and one.new is not None for one in changes)


CLUSTERS: list[tuple[str, str, str, dict[str, int], list[tuple[str, str, str]]]] = [
    ("the same under another name", "ab c", "ab c", {"merged": 0, "split": 0, "records_moved": 0}, []),
    (
        "two become one",
        "abc d",
        "abcd",
        {"clusters_before": 2, "clusters_after": 1, "merged": 1, "split": 0, "records_moved": 1, "pairs_joined": 3},
        [("merged", "a", "d")],
    ),
    (
        "one becomes two",
        "abcd",
        "acd b",
        {"created": 1, "merged": 0, "split": 1, "records_moved": 1, "pairs_joined": 0, "pairs_parted": 3},
        [("split", "a", "b")],
    ),
    (
        "one record goes over",
        "abc def",
        "ab cdef",
        {"created": 0, "merged": 1, "split": 1, "records_moved": 1, "pairs_joined": 3, "pairs_parted": 2},
        [("merged", "d", "c"), ("split", "a", "c")],
    ),
]


@pytest.mark.parametrize(("name", "before", "after", "counts", "examples"), CLUSTERS, ids=[one[0] for one in CLUSTERS])
def test_clusters_that_change(
    warehouse: Warehouse, name: str, before: str, after: str, counts: dict[str, int], examples: Any
) -> None:
    for table, text in (("old", before), ("linked.person_clusters", after)):
        warehouse.execute(f"create table {table} (record_id varchar, cluster_id varchar)")
        for number, members in enumerate(text.split()):
            for record in members:
                warehouse.execute(f"insert into {table} values (?, ?)", [record, f"{table} {number}"])
    found, pairs = cluster_changes(warehouse, ENTITY, before="old")
    assert found | counts == found, name
    assert [(row["event"], row["record_id_l"], row["record_id_r"]) for row in pairs] == examples


def test_the_fingerprint_is_that_of_the_rows_whatever_their_order() -> None:
    rows = [("a", "anna", "ash", None, None, None, None), ("b", "bert", "ash", None, "", None, None)]
    prints = []
    for variant in (rows, rows[::-1], [rows[0], (*rows[1][:1], "bertha", *rows[1][2:])]):
        warehouse = warehouse_of(variant)
        warehouse.build("linked.person_input", "select * from standardized.person")
        prints.append(fingerprint(warehouse, ENTITY))
        model = described(warehouse, ENTITY, {"records": 2})
        assert (model["data"], model["records"], model["observed"]) == (prints[-1], 2, {})
        assert {"dq_pipeline", "duckdb", "splink"} == set(model["versions"])
        assert "evaluation" not in model
        warehouse.close()
    assert prints[0] == prints[1] != prints[2]


def test_a_key_is_masked_though_nobody_declared_it_personal() -> None:
    assert mask_compared("place_key", "1717 elm", frozenset()) == "•••"
    assert mask_compared("email_key", "a@x.com", frozenset()) == "a•••@x•••.com"
    assert mask_compared("status", "active", frozenset()) == "active"
    assert mask_compared("place_key", None, frozenset()) is None
