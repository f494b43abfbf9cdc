"""Whether tonight's pairs still agree as those of the training did."""

from collections.abc import Iterator
from typing import Any

import pytest

from dq_pipeline.linkage.drift import ELSE_LABEL, MISSING, drift, labels, observe, stability_index
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_people import person, warehouse_of

ENTITY = person()
ROWS = [
    ("a", "anna", "ash", "1950-01-01", "a@x.com", None, None),
    ("b", "annab", "ash", "1950-01-01", "a@x.com", None, None),
    ("c", "carl", "elm", "1960-01-01", "a@x.com", "5551", None),
]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = warehouse_of(ROWS)
    warehouse.build("linked.person_input", "select * from standardized.person")
    warehouse.build(
        "linked.person_profiles",
        "select record_id, record_id as profile_id, ascii(record_id) - 97 as profile_no from standardized.person",
    )
    compare(warehouse, [(0, 1), (0, 2), (1, 2)])
    yield warehouse
    warehouse.close()


def compare(warehouse: Warehouse, pairs: list[tuple[int, int]]) -> None:
    warehouse.execute("create or replace table linked.person_scored (l bigint, r bigint, rule integer)")
    for left, right in pairs:
        warehouse.execute("insert into linked.person_scored values (?, ?, 0)", [left, right])


def test_shares_of_the_levels_among_the_compared_pairs(warehouse: Warehouse) -> None:
    found = observe(warehouse, ENTITY)
    third = round(1 / 3, 6)
    assert found["mail"] == {"same": 1.0, ELSE_LABEL: 0.0, MISSING: 0.0}
    assert found["first_name"] == {"same": 0.0, "close": third, ELSE_LABEL: round(2 / 3, 6), MISSING: 0.0}
    assert found["telephone"] == {"same": 0.0, ELSE_LABEL: 0.0, MISSING: 1.0}
    assert list(found["first_name"]) == labels(ENTITY.linkage.comparisons[0])


def test_the_index_is_nought_for_the_same_and_grows_with_the_distance() -> None:
    even = {"a": 0.5, "b": 0.5}
    assert stability_index(even, even) == 0
    assert 0 < stability_index(even, {"a": 0.6, "b": 0.4}) < 0.1
    assert stability_index(even, {"a": 0.95, "b": 0.05}) > 0.25
    assert stability_index({"a": 1.0}, {"b": 1.0}) == stability_index({"b": 1.0}, {"a": 1.0}) > 10


def status(warehouse: Warehouse, model: dict[str, Any]) -> dict[str, str]:
    return {row[1]: row[6] for row in drift(warehouse, ENTITY, model)}


def test_a_night_like_the_training_is_ok_and_another_is_not(warehouse: Warehouse) -> None:
    model = {"observed": observe(warehouse, ENTITY)}
    assert set(status(warehouse, model).values()) == {"ok"}
    compare(warehouse, [(0, 2), (1, 2)])
    found = status(warehouse, model)
    assert (found["mail"], found["first_name"]) == ("ok", "drifted")


def test_a_model_that_does_not_say_what_it_saw_and_a_night_without_pairs_are_unknown(warehouse: Warehouse) -> None:
    assert set(status(warehouse, {}).values()) == {"unknown"}
    model = {"observed": observe(warehouse, ENTITY)}
    compare(warehouse, [])
    assert observe(warehouse, ENTITY) == {}
    assert set(status(warehouse, model).values()) == {"unknown"}


def test_a_comparison_that_is_new_is_unknown_and_the_others_are_judged(warehouse: Warehouse) -> None:
    observed = observe(warehouse, ENTITY)
    del observed["mail"]
    found = status(warehouse, {"observed": observed})
    assert (found["mail"], found["last_name"]) == ("unknown", "ok")
