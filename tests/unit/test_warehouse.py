"""The one seam to the engine: names, literals, errors, attached files."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dq_pipeline.errors import StageError
from dq_pipeline.warehouse import STATES, Warehouse, file_literal, literal, quoted, table_name

NASTY = ["plain", "a b", 'a"b', "a'b", "é", "select", "Upper", "a;drop table t", "--x", "\\", "", "%", "a\nb"]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


@pytest.mark.parametrize("value", [*NASTY, None, True, False, 0, -5, 1.5, 2**60, date(2026, 1, 2), Path("/a'b")])
def test_a_literal_is_the_value(warehouse: Warehouse, value: Any) -> None:
    found = warehouse.value(f"select {literal(value)}")
    expected = str(value) if isinstance(value, date | Path) else value
    assert (float(found) if isinstance(value, float) else found) == expected


@pytest.mark.parametrize("name", [name for name in NASTY if name])
def test_a_quoted_name_is_the_name(warehouse: Warehouse, name: str) -> None:
    assert list(warehouse.records(f"select 1 as {quoted(name)}")[0]) == [name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("raw.orders", "raw.orders"),
        ("raw.Orders", 'raw."Orders"'),
        ('raw.a"b', 'raw."a""b"'),
        ("x", "x"),
        ("a b", '"a b"'),
    ],
)
def test_table_names(name: str, expected: str) -> None:
    assert table_name(name) == expected


@pytest.mark.parametrize("name", ["order", "group", "select", "table", "user", "end"])
def test_words_of_sql_can_be_tables(warehouse: Warehouse, name: str) -> None:
    assert warehouse.build(f"raw.{name}", "select 1 as a") == 1
    assert warehouse.count(f"raw.{name}") == 1
    assert warehouse.has(f"raw.{name}")


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", "a'b.csv", "plain.csv", "[x]"])
def test_a_file_is_never_a_pattern(warehouse: Warehouse, tmp_path: Path, name: str) -> None:
    (tmp_path / "a1.csv").write_text("wrong", encoding="utf-8")
    (tmp_path / name).write_text("right", encoding="utf-8")
    assert warehouse.rows(f"select content from read_text({file_literal(tmp_path / name)})") == [("right",)]


def test_the_states_are_its_schemas(warehouse: Warehouse) -> None:
    assert {name for (name,) in warehouse.rows("select schema_name from information_schema.schemata")} >= set(STATES)


def test_build_replaces_and_counts(warehouse: Warehouse) -> None:
    assert warehouse.build("raw.t", "select * from range(3)") == 3
    assert warehouse.build("raw.t", "select 1 as a") == 1
    assert warehouse.columns("raw.t") == {"a": "INTEGER"}
    warehouse.build_view("raw.v", "select a from raw.t")
    assert (warehouse.tables("raw"), warehouse.has("raw.v"), warehouse.has("raw.w")) == (["t", "v"], True, False)


FAULTS = ["select nothing", "selec 1", "select 1 as a, 2 as a from nowhere", "select cast('x' as integer) as a"]


@pytest.mark.parametrize("select", FAULTS)
def test_a_select_that_fails_names_its_file(warehouse: Warehouse, select: str) -> None:
    with pytest.raises(StageError) as caught:
        warehouse.build("raw.t", select, where=Path("sql/t.sql"))
    assert re.match(r"sql/t\.sql(, line 1)?: the SELECT for raw\.t failed: ", str(caught.value))
    assert "What to do: " in str(caught.value)


def test_too_little_memory_asks_for_more() -> None:
    small = Warehouse(memory_limit="20MB", threads=1)
    with pytest.raises(StageError, match=r"raise `resources\.memory_limit`"):
        small.build("raw.large", "select range as x, repeat('x', 100) || range as y from range(5000000) order by y")
    small.close()


def test_after_an_error_the_next_statement_works(warehouse: Warehouse) -> None:
    for fault in (lambda: warehouse.rows("select nothing"), lambda: warehouse.execute("drop table raw.none")):
        with pytest.raises(StageError):
            fault()
        assert warehouse.value("select 1") == 1
    assert warehouse.bind("select 1 as a") is None
    assert "nothing" in (warehouse.bind("select nothing") or "")
    assert warehouse.parse_error("select 1") is None
    assert warehouse.parse_error("selec 1")


def test_values_of_no_rows(warehouse: Warehouse) -> None:
    assert warehouse.value("select 1 where false") is None
    assert warehouse.rows("select 1 where false") == []
    assert warehouse.records("select 1 as a where false") == []
    assert warehouse.rows("select ?, ?", ["a'b", None]) == [("a'b", None)]


@pytest.mark.parametrize("content", [b"no database", b"", b"\0" * 4096])
def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.duckdb"
    path.write_bytes(content)
    with pytest.raises(StageError) as caught:
        Warehouse(path, read_only=True)
    assert "the database cannot be opened" in str(caught.value)
    with pytest.raises(StageError, match="the database cannot be opened"):
        Warehouse().attach(path, "previous")


def published(path: Path, *statements: str) -> Path:
    connection = duckdb.connect(str(path))
    for statement in ("create schema identity", *statements):
        connection.execute(statement)
    connection.close()
    return path


def test_recall_brings_rows_by_name(warehouse: Warehouse, tmp_path: Path) -> None:
    path = published(
        tmp_path / "a'b.duckdb", "create table identity.t (extra integer, b varchar, a integer)",
        "insert into identity.t values (9, 'x', 1)",
    )  # fmt: skip
    warehouse.recall(path, "mastered.before", "identity.t", "a integer, b varchar")
    assert warehouse.rows("select a, b from mastered.before") == [(1, "x")]
    assert "previous" not in [name for (name,) in warehouse.rows("select database_name from duckdb_databases()")]


@pytest.mark.parametrize("has_file", [True, False])
def test_recall_is_empty_where_there_is_nothing(warehouse: Warehouse, tmp_path: Path, has_file: bool) -> None:
    path = published(tmp_path / "x.duckdb") if has_file else None
    warehouse.recall(path, "mastered.before", "identity.t", "a integer, b varchar")
    assert warehouse.count("mastered.before") == 0


def test_recall_of_another_shape_is_an_error_and_lets_go_of_the_file(warehouse: Warehouse, tmp_path: Path) -> None:
    path = published(tmp_path / "x.duckdb", "create table identity.t (a integer)")
    with pytest.raises(StageError):
        warehouse.recall(path, "mastered.before", "identity.t", "a integer, b varchar")
    warehouse.recall(path, "mastered.before", "identity.t", "a integer")


def test_scratch_leaves_nothing(warehouse: Warehouse) -> None:
    with pytest.raises(duckdb.Error), warehouse.scratch("scratch") as cursor:
        cursor.execute("create table scratch.t as select 1; select nothing")
    assert warehouse.tables("scratch") == []
    with warehouse.scratch("scratch") as cursor:
        cursor.execute("create table scratch.t as select 1")
