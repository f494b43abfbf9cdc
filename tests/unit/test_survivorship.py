"""Which record's value wins: every rule with ties, nulls and validity; and what lost is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from dq_pipeline.config import Entity
from dq_pipeline.mastering.survivorship import build_golden, build_records, create_provenance
from dq_pipeline.warehouse import Warehouse, literal

COLUMNS = ("record_id", "source", "updated_at", "v", "w", "ok")


def entity(**field: Any) -> Entity:
    comparison = {"name": "a", "columns": ["v"], "levels": [{"sql": "v_l = v_r", "label": "same"}]}
    linkage = {
        "blocking": [["v"]],
        "comparisons": [comparison, {**comparison, "name": "b"}],
        "training": {"prior_rules": [["v"]]},
    }
    golden = {"trust": ["crm", "shop"], "fields": [{"name": "v"} | field]}
    base = {"name": "thing", "title": "T", "id_prefix": "THG", "sources": ["crm", "shop"]}
    return Entity.model_validate(base | {"linkage": linkage, "golden": golden})


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


def master(warehouse: Warehouse, thing: Entity, records: list[tuple[Any, ...]]) -> tuple[Any, Any, Any, list[str]]:
    """One master of those records: its value, the record that won, the second column, and the values that lost."""
    typed = "record_id varchar, source varchar, updated_at timestamp, v varchar, w varchar, ok boolean"
    warehouse.execute(f"create or replace table standardized.thing ({typed})")
    for record in records:
        listed = [*record, *[None] * (len(COLUMNS) - len(record))]
        warehouse.execute(f"insert into standardized.thing values ({', '.join(map(literal, listed))})")
    select = "select 'thing' as entity, record_id, 'M' as master_id from standardized.thing"
    warehouse.build("mastered.xref", select)
    create_provenance(warehouse)
    build_records(warehouse, thing)
    assert build_golden(warehouse, thing) == {"mastered.thing_golden": 1}
    taken = thing.golden.fields[0].taken()
    value, other = warehouse.rows(f"select {taken[0]}, {taken[-1]} from mastered.thing_golden")[0]
    kept = warehouse.rows("select record_id, losing_values, rule from mastered.provenance")
    assert {name for name in warehouse.tables("mastered") if "winner_" in name} == set()
    if not kept:
        return value, None, other, []
    [(winner, losing, rule)] = kept
    assert rule == thing.golden.fields[0].rule
    return value, winner, other, losing


OLD, NEW, NEWER = "2026-01-01", "2026-02-01", "2026-03-01"
# rule, records as (record, source, date, value), the value that wins, its record, the values that lost
RULES: list[tuple[str, str, list[tuple[Any, ...]], Any, Any, list[str]]] = [
    ("newest", "most_recent", [("1", "crm", OLD, "a"), ("2", "shop", NEW, "b")], "b", "2", ["a"]),
    ("newest, null passed over", "most_recent", [("1", "crm", OLD, "a"), ("2", "shop", NEW, None)], "a", "1", []),
    ("newest, undated last", "most_recent", [("1", "crm", OLD, "a"), ("2", "crm", None, "b")], "a", "1", ["b"]),
    ("newest, tie by trust", "most_recent", [("1", "shop", NEW, "a"), ("2", "crm", NEW, "b")], "b", "2", ["a"]),
    ("newest, tie by record", "most_recent", [("2", "crm", NEW, "b"), ("1", "crm", NEW, "a")], "a", "1", ["b"]),
    ("all undated", "most_recent", [("2", "crm", None, "b"), ("1", "crm", None, "a")], "a", "1", ["b"]),
    ("trusted", "most_trusted", [("1", "shop", NEW, "a"), ("2", "crm", OLD, "b")], "b", "2", ["a"]),
    ("trusted, unknown source last", "most_trusted", [("1", "x", NEW, "a"), ("2", "shop", OLD, "b")], "b", "2", ["a"]),
    ("trusted, tie by date", "most_trusted", [("1", "crm", OLD, "a"), ("2", "crm", NEW, "b")], "b", "2", ["a"]),
    (
        "frequent",
        "most_frequent",
        [("1", "crm", NEWER, "a"), ("2", "shop", OLD, "b"), ("3", "shop", NEW, "b")],
        "b", "3", ["a"],
    ),
    ("frequent, tie by trust", "most_frequent", [("1", "shop", NEW, "a"), ("2", "crm", OLD, "b")], "b", "2", ["a"]),
    (
        "frequent, nulls do not count",
        "most_frequent",
        [("1", "crm", NEW, None), ("2", "crm", NEW, None), ("3", "shop", OLD, "b")],
        "b", "3", [],
    ),
    ("longest", "longest", [("1", "crm", NEW, "Al"), ("2", "shop", OLD, "Albert")], "Albert", "2", ["Al"]),
    (
        "longest, tie by frequency",
        "longest",
        [("1", "crm", NEW, "ab"), ("2", "shop", OLD, "cd"), ("3", "shop", OLD, "cd")],
        "cd", "2", ["ab"],
    ),
    ("longest, not in bytes", "longest", [("1", "crm", OLD, "ééé"), ("2", "crm", OLD, "abcd")], "abcd", "2", ["ééé"]),
    ("oldest", "oldest", [("1", "crm", NEW, "a"), ("2", "shop", OLD, "b")], "b", "2", ["a"]),
    ("oldest, undated last", "oldest", [("1", "crm", None, "a"), ("2", "shop", NEW, "b")], "b", "2", ["a"]),
    ("nobody has a value", "oldest", [("1", "crm", OLD, None), ("2", "shop", NEW, None)], None, None, []),
    ("one value, many records", "most_recent", [("1", "crm", OLD, "a"), ("2", "shop", NEW, "a")], "a", "2", []),
    (
        "losers once each, in order",
        "most_recent",
        [("1", "crm", OLD, "z"), ("2", "crm", OLD, "b"), ("3", "crm", OLD, "z"), ("4", "crm", NEW, "a")],
        "a", "4", ["b", "z"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rule", "records", "value", "winner", "losing"), RULES, ids=[case[0] for case in RULES]
)
def test_the_winner(
    warehouse: Warehouse,
    name: str,
    rule: str,
    records: list[tuple[Any, ...]],
    value: Any,
    winner: Any,
    losing: list[str],
) -> None:
    for order in (records, records[::-1]):
        assert master(warehouse, entity(rule=rule), order) == (value, winner, value, losing), name


VALID: list[tuple[str, list[tuple[Any, ...]], Any]] = [
    ("valid before newest", [("1", "crm", OLD, "good", None, True), ("2", "crm", NEW, "bad", None, False)], "good"),
    ("unknown is not valid", [("1", "crm", OLD, "good", None, True), ("2", "crm", NEW, "bad", None, None)], "good"),
    ("none valid: the rule decides", [("1", "crm", OLD, "a", None, False), ("2", "crm", NEW, "b", None, None)], "b"),
    ("a valid null gives nothing", [("1", "crm", NEW, None, None, True), ("2", "crm", OLD, "b", None, False)], "b"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "records", "value"), VALID, ids=[case[0] for case in VALID])
def test_validity_comes_first(warehouse: Warehouse, name: str, records: list[tuple[Any, ...]], value: Any) -> None:
    for order in (records, records[::-1]):
        assert master(warehouse, entity(valid="ok"), order)[0] == value, name


def test_columns_that_belong_together_come_from_one_record(warehouse: Warehouse) -> None:
    thing = entity(columns=["v", "w"])
    records = [("1", "crm", OLD, "12 Main St", "Springfield"), ("2", "crm", NEW, "PO Box 7", None)]
    assert master(warehouse, thing, records) == ("PO Box 7", "2", None, ["12 Main St"])


def test_a_part_is_better_than_nothing_and_the_first_column_counts_first(warehouse: Warehouse) -> None:
    thing = entity(columns=["v", "w"])
    assert master(warehouse, thing, [("1", "crm", OLD, None, "Springfield")])[:3] == (None, "1", "Springfield")
    records = [("1", "crm", OLD, "12 Main St", None), ("2", "crm", NEW, None, "Springfield")]
    assert master(warehouse, thing, records)[:3] == ("12 Main St", "1", None)


def test_every_value_is_in_provenance_at_large_size(warehouse: Warehouse) -> None:
    thing = entity(rule="most_frequent")
    warehouse.build(
        "standardized.thing",
        """select 'r' || range as record_id, case when range % 2 = 0 then 'crm' else 'shop' end as source,
            timestamp '2026-01-01' + to_days(cast(range % 30 as integer)) as updated_at,
            case when range % 7 <> 0 then 'v' || (range % 13) end as v from range(100000)""",
    )
    warehouse.build(
        "mastered.xref",
        "select 'thing' as entity, record_id, 'M' || (hash(record_id) % 20000) as master_id from standardized.thing",
    )
    create_provenance(warehouse)
    build_records(warehouse, thing)
    masters = build_golden(warehouse, thing)["mastered.thing_golden"]
    assert masters == warehouse.value("select count(distinct master_id) from mastered.xref")
    lost = """select count(*) from (
            select thing_id, v from mastered.thing_records where v is not null
            except
            select master_id, unnest(list_append(losing_values, value)) from mastered.provenance)"""
    assert warehouse.value(lost) == 0


def test_without_an_order_of_trust_the_newest_wins(warehouse: Warehouse) -> None:
    thing = entity(rule="most_trusted")
    thing = thing.model_copy(update={"golden": thing.golden.model_copy(update={"trust": ()})})
    records = [("1", "shop", NEW, "b"), ("2", "crm", OLD, "a")]
    assert master(warehouse, thing, records)[:2] == ("b", "1")


@pytest.mark.parametrize("name", ["frequency", "choice", "master_id", "losing_values"])
def test_an_entity_may_have_a_column_of_any_name(warehouse: Warehouse, name: str) -> None:
    warehouse.build(
        "standardized.thing",
        f"""select col0 as record_id, 'crm' as source, timestamp '{OLD}' as updated_at, col1 as {name}
            from (values ('1', 'z'), ('2', 'a'), ('3', 'a')) as given(col0, col1)""",
    )
    warehouse.build("mastered.xref", "select 'thing' as entity, record_id, 'M' as master_id from standardized.thing")
    thing = entity(name=name, rule="most_frequent")
    create_provenance(warehouse)
    build_records(warehouse, thing)
    build_golden(warehouse, thing)
    assert warehouse.rows(f"select thing_id, {name} from mastered.thing_golden") == [("M", "a")]
    assert warehouse.rows("select value, record_id, losing_values from mastered.provenance") == [("a", "2", ["z"])]
