"""Two small published nights side by side: every event, every cause, and the open orders that are touched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.differing import Difference, Night, difference, find_night
from dq_pipeline.errors import ConfigError
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

PROJECT = load_project(CHECKOUT)
TABLES = {
    "identity.xref": "entity varchar, record_id varchar, master_id varchar",
    "identity.record_contents": "entity varchar, record_id varchar, content varchar",
    "identity.edges": """entity varchar, record_id_l varchar, record_id_r varchar, match_weight double,
        match_reason varchar, decision varchar""",
    "identity.judgements": """entity varchar, record_id_l varchar, record_id_r varchar, judgement varchar,
        status varchar""",
    "identity.provenance": "entity varchar, master_id varchar, field varchar, record_id varchar, rule varchar",
    "quality.quarantine": "record_id varchar, status varchar",
    "ops.model": "entity varchar, comparison varchar, level integer, m double, u double",
    "master.customer": "customer_id varchar, email varchar, phone varchar, address_id varchar, updated_at timestamp",
    "master.orders": "order_id varchar, customer_id varchar, source_customer_id varchar, status varchar",
}
MODEL = ("customer", "email", 1, 0.9, 0.01)


def write(path: Path, masters: dict[str, str], **rows: list[tuple[Any, ...]]) -> Night:
    """A published file: `masters` gives for each master its records, as letters; a capital has other contents."""
    warehouse = Warehouse(path)
    for table, columns in TABLES.items():
        warehouse.execute(f"create schema if not exists {table.split('.')[0]}")
        warehouse.execute(f"create table {table} ({columns})")
    records = [(record.lower(), master, record) for master, held in masters.items() for record in held]
    filled: dict[str, list[tuple[Any, ...]]] = {
        "identity.xref": [("customer", record, master) for record, master, _ in records],
        "identity.record_contents": [("customer", record, content) for record, _, content in records],
        "ops.model": rows.pop("model", [MODEL]),
    }
    names = {name.split(".")[1]: name for name in TABLES}
    filled |= {names[name]: values for name, values in rows.items()}
    for table, values in filled.items():
        for row in values:
            warehouse.execute(f"insert into {table} values ({', '.join('?' for _ in row)})", row)
    warehouse.close()
    return Night(path.stem, "2026-11-20", path)


@pytest.fixture
def compared(tmp_path: Path) -> Callable[..., Difference]:
    def compare(before: dict[str, Any], after: dict[str, Any], **options: Any) -> Difference:
        nights = write(tmp_path / "a.duckdb", **before), write(tmp_path / "b.duckdb", **after)
        return difference(PROJECT, *nights, entity="customer", **options)

    return compare


def edge(pair: str, decision: str = "merge", reason: str = "email_key", weight: float = 12) -> tuple[Any, ...]:
    return ("customer", pair[0], pair[1], weight, reason, decision)


def judged(pair: str, kind: str) -> tuple[str, ...]:
    return ("customer", pair[0], pair[1], kind, "applied")


RULE = PROJECT.entity("customer").linkage.deterministic[0].name
OTHER_MODEL = [("customer", "email", 1, 0.8, 0.01)]
APART, ONE = {"M": "a", "N": "b"}, {"M": "ab"}
EVENTS: list[tuple[str, dict[str, Any], dict[str, Any], list[tuple[str, str | None, str | None, str]]]] = [
    ("nothing", {"masters": APART}, {"masters": APART}, []),
    ("a new record", {"masters": {}}, {"masters": {"M": "a"}}, [("created", None, "M", "record_added")]),
    ("a record gone", {"masters": APART}, {"masters": {"N": "b"}}, [("retired", "M", None, "record_removed")]),
    (
        "a record kept out",
        {"masters": APART},
        {"masters": {"N": "b"}, "quarantine": [("a", "open")]},
        [("retired", "M", None, "record_quarantined")],
    ),
    (
        "a record that was kept out once",
        {"masters": APART},
        {"masters": {"N": "b"}, "quarantine": [("a", "repaired")]},
        [("retired", "M", None, "record_removed")],
    ),
    (
        "merged: the source changed a record",
        {"masters": APART},
        {"masters": {"M": "aB"}, "edges": [edge("ab")]},
        [("merged", "N", "M", "record_changed")],
    ),
    (
        "merged: by a judgement, though a record changed too",
        {"masters": APART},
        {"masters": {"M": "aB"}, "edges": [edge("ab")], "judgements": [judged("ab", "same")]},
        [("merged", "N", "M", "judgement")],
    ),
    (
        "merged: a judgement is gone",
        {"masters": APART, "judgements": [judged("ab", "different")]},
        {"masters": ONE, "edges": [edge("ab")]},
        [("merged", "N", "M", "judgement")],
    ),
    (
        "merged: a new record joins two",
        {"masters": APART},
        {"masters": {"M": "abc"}, "edges": [edge("ac"), edge("bc")]},
        [("merged", "N", "M", "record_added")],
    ),
    (
        "merged: a rule that is new",
        {"masters": APART},
        {"masters": ONE, "edges": [edge("ab", reason=RULE)], "model": OTHER_MODEL},
        [("merged", "N", "M", "rule")],
    ),
    (
        "merged: by the model",
        {"masters": APART, "edges": [edge("ab", "review")]},
        {"masters": ONE, "edges": [edge("ab")], "model": OTHER_MODEL},
        [("merged", "N", "M", "model")],
    ),
    (
        "merged: by a threshold",
        {"masters": APART, "edges": [edge("ab", "review")]},
        {"masters": ONE, "edges": [edge("ab")]},
        [("merged", "N", "M", "settings")],
    ),
    (
        "split: a judgement",
        {"masters": ONE, "edges": [edge("ab")]},
        {"masters": APART, "edges": [edge("ab")], "judgements": [judged("ab", "different")]},
        [("split", "M", "N", "judgement")],
    ),
    (
        "split: the source changed a record",
        {"masters": ONE, "edges": [edge("ab")]},
        {"masters": {"M": "a", "N": "B"}},
        [("split", "M", "N", "record_changed")],
    ),
    (
        "split: the record between is gone",
        {"masters": {"M": "abc"}, "edges": [edge("ac"), edge("bc")]},
        {"masters": APART},
        [("split", "M", "N", "record_removed")],
    ),
    (
        "split: by the model",
        {"masters": ONE, "edges": [edge("ab")]},
        {"masters": APART, "edges": [edge("ab", "review")], "model": OTHER_MODEL},
        [("split", "M", "N", "model")],
    ),
    (
        "moved from one that stays to one that was there",
        {"masters": {"M": "ab", "N": "c"}, "edges": [edge("ab")]},
        {"masters": {"M": "a", "N": "Bc"}, "edges": [edge("bc")]},
        [("moved", "M", "N", "record_changed")],
    ),
    (
        "a master falls apart into two others: the larger part is where it went",
        {"masters": {"M": "abc", "N": "d", "O": "e"}},
        {"masters": {"N": "abd", "O": "ce"}, "edges": [edge("ad"), edge("ce")]},
        [("merged", "M", "N", "settings"), ("moved", "M", "O", "settings")],
    ),
]


@pytest.mark.parametrize(("name", "before", "after", "expected"), EVENTS, ids=[case[0] for case in EVENTS])
def test_what_happened_to_a_master_and_why(
    compared: Callable[..., Difference], name: str, before: dict[str, Any], after: dict[str, Any], expected: Any
) -> None:
    found = compared(before, after)
    keys = ("event", "master_id", "into_master_id", "cause")
    assert [tuple(event[key] for key in keys) for event in found.events] == expected, name


def test_an_event_names_its_records_and_the_link_that_shows_it(compared: Callable[..., Difference]) -> None:
    weak = edge("ac", reason="model", weight=5)
    found = compared(
        {"masters": {"M": "a", "N": "bc"}, "edges": [edge("ab", "review", weight=3)]},
        {"masters": {"M": "abC"}, "edges": [weak, edge("ab", weight=9)]},
    )
    event = found.events[0]
    assert event["members"] == ["b", "c"]
    assert (event["record_id_l"], event["record_id_r"], event["reason"]) == ("a", "b", "email_key")
    assert (event["match_weight"], event["other_weight"], event["other_decision"]) == (9, 3, "review")
    assert found.entities[0] | {"causes": 0} == {
        "entity": "customer", "masters_before": 2, "masters_after": 1, "created": 0, "retired": 0, "merged": 1,
        "split": 0, "moved": 0, "values": 0, "causes": 0,
    }  # fmt: skip


def won(record: str, rule: str = "most_recent") -> list[tuple[Any, ...]]:
    return [("customer", "M", "email", record, rule)]


def holds(email: str | None, place: str = "P") -> list[tuple[Any, ...]]:
    return [("M", email, None, place, None)]


OLD, NEW = {"customer": holds("a@x.org")}, {"customer": holds("b@x.org")}
VALUES = [
    ("a record is new", "a", "ab", won("a"), won("b"), "record_added"),
    ("the record is gone", "ab", "a", won("b"), won("a"), "record_removed"),
    ("the winner changed", "a", "A", won("a"), won("a"), "record_changed"),
    ("the loser changed", "ab", "Ab", won("a"), won("b"), "record_changed"),
    ("another rule", "ab", "ab", won("a"), won("b", "oldest"), "rule"),
    ("the same records and rule", "ab", "ab", won("a"), won("b"), "settings"),
]


@pytest.mark.parametrize(("name", "held", "now", "before", "after", "cause"), VALUES, ids=[case[0] for case in VALUES])
def test_a_golden_value_that_changed_and_why(
    compared: Callable[..., Difference], name: str, held: str, now: str, before: Any, after: Any, cause: str
) -> None:
    found = compared(
        {"masters": {"M": held}, "provenance": before} | OLD, {"masters": {"M": now}, "provenance": after} | NEW
    )
    assert [(row["column"], row["cause"]) for row in found.values] == [("email", cause)], name
    assert (found.values[0]["value_before"], found.values[0]["value_after"]) == ("a•••@x•••.org", "b•••@x•••.org")


def test_values_in_clear_and_those_that_came_with_other_records(compared: Callable[..., Difference]) -> None:
    found = compared(
        {"masters": {"M": "a", "N": "b"}, "provenance": won("a")} | OLD,
        {"masters": {"M": "ab"}, "provenance": won("b")} | NEW,
        unmasked=True,
    )
    assert [(row["value_before"], row["cause"]) for row in found.values] == [("a@x.org", "members")]


def test_a_place_with_another_id_is_evidence_that_changed(compared: Callable[..., Difference]) -> None:
    place = [("customer", "M", "address_id", "a", "most_trusted")]
    found = compared(
        {"masters": {"M": "a"}, "provenance": place, "customer": holds("a@x.org", "P")},
        {"masters": {"M": "a"}, "provenance": place, "customer": holds("a@x.org", "Q")},
    )
    assert [(row["column"], row["cause"]) for row in found.values] == [("address_id", "evidence")]


def test_open_orders_of_masters_that_are_not_what_they_were(compared: Callable[..., Difference]) -> None:
    orders = [
        ("O1", "N", "N", "open"),
        ("O2", "M", None, "open"),
        ("O3", "N", None, "delivered"),
        ("O4", "K", "M", "open"),
    ]
    now = [(order, "M" if master == "N" else master, own, status) for order, master, own, status in orders]
    found = compared(
        {"masters": {"M": "a", "N": "b", "K": "k"}, "orders": orders},
        {"masters": {"M": "ab", "K": "k"}, "orders": now, "edges": [edge("ab")]},
    )
    listed = [(row["order_id"], row["column_name"], row["master_before"], row["master_after"]) for row in found.orders]
    assert listed == [("O1", "customer_id", "N", "M"), ("O2", "customer_id", "M", "M")]
    assert found.orders[0]["because"] == "merged (settings)"


def test_a_file_of_an_older_version_does_not_know_what_records_said(tmp_path: Path) -> None:
    before = write(tmp_path / "a.duckdb", APART)
    old = Warehouse(before.path)
    old.execute("drop table identity.record_contents")
    old.close()
    after = write(tmp_path / "b.duckdb", {"M": "aB"}, edges=[edge("ab")])
    found = difference(PROJECT, before, after)
    assert [event["cause"] for event in found.events] == ["settings"]


def test_a_run_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    elsewhere = PROJECT.model_copy(update={"root": tmp_path})
    with pytest.raises(ConfigError, match="no published run is called 'previous'"):
        find_night(elsewhere, "previous")
