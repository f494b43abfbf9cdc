"""The published file: names, comments, views that a reader can open, and a check that every row is there."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from dq_pipeline.config import load_project
from dq_pipeline.config.project import Permissions
from dq_pipeline.errors import StageError
from dq_pipeline.publishing import (
    in_published_names,
    published_tables,
    table_comments,
    verify_published,
    write_published,
)
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

PROJECT = load_project(CHECKOUT)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


NAMES = [
    ("select a from mastered.orders", "SELECT a FROM master.orders"),
    ("select o.a from mastered.orders as o", "SELECT o.a FROM master.orders AS o"),
    ("select a from mastered.xref", "SELECT a FROM identity.xref"),
    ("select mastered.orders.a from mastered.orders", "SELECT master.orders.a FROM master.orders"),
    ("with x as (select 1 as a from mastered.customer) select a from x", "SELECT a FROM x"),
    ("select 'mastered.orders' as a from mastered.orders", "SELECT 'mastered.orders' AS a FROM master.orders"),
    ("select a -- it's mastered.orders\nfrom mastered.orders", "SELECT a FROM master.orders"),
]


@pytest.mark.parametrize(("select", "expected"), NAMES)
def test_a_view_reads_the_published_names(select: str, expected: str) -> None:
    found = in_published_names(select, PROJECT)
    assert found.endswith(expected)
    assert "mastered." not in found.replace("'mastered.orders'", "")


def test_every_table_of_the_contract_is_published_and_has_its_comments() -> None:
    tables = published_tables(PROJECT)
    contract = {
        "master": "customer address household product inventory orders order_lines shipments shipment_lines",
        "identity": "xref id_history provenance edges review_queue judgements",
        "quality": "scorecard rule_results issues issue_rows quarantine action_plan trend",
        "ops": "runs stages sources model",
    }
    assert {f"{schema}.{name}" for schema, names in contract.items() for name in names.split()} <= set(tables)
    for published in tables:
        of_table, of_columns = table_comments(PROJECT, published)
        assert of_table.startswith("One row is "), published
        assert of_columns, published


def small(warehouse: Warehouse, select: str, remarks: str) -> Any:
    """A project that publishes one table and one view of it with those remarks; the engine's own tables are empty."""
    sql = {"t": remarks, "v": select}
    project: Any = SimpleNamespace(
        settings=SimpleNamespace(views=["v"], mastered=["t"], scored=[], lookup=None, permissions=Permissions()),
        entities=[],
        sql=lambda _, name: sql[name],
        sql_path=lambda *_: CHECKOUT / "pyproject.toml",
    )
    for published, working in published_tables(project).items():
        if published != "master.t":
            columns = ", ".join(f'null as "{name}"' for name in table_comments(project, published)[1])
            warehouse.build(working, f"select {columns} where false")
    return project


VIEW = "-- One row is a thing.\nselect\n    a -- what it is\nfrom mastered.t"
TABLE = "-- One row is the customer's thing.\nselect\n    a, -- it's a\n    b -- \"b\""


def test_the_file_has_tables_views_and_comments(warehouse: Warehouse, tmp_path: Path) -> None:
    project = small(warehouse, VIEW, TABLE)
    warehouse.build("mastered.t", "select 2 as a, 'x' as b union all select 1, null")
    path = tmp_path / "truth.duckdb"
    rows = write_published(warehouse, project, path)
    assert {name: count for name, count in rows.items() if count} == {"master.t": 2, "master.v": 2}
    verify_published(path, rows)
    reader = duckdb.connect(str(path), read_only=True)
    assert reader.execute("select * from master.t").fetchall() == [(1, None), (2, "x")]
    assert reader.execute("select a from master.v order by a").fetchall() == [(1,), (2,)]
    query = "select table_name, column_name, comment from duckdb_columns() where schema_name = 'master' order by all"
    assert reader.execute(query).fetchall() == [("t", "a", "it's a"), ("t", "b", '"b"'), ("v", "a", "what it is")]
    reader.close()
    assert warehouse.value("select count(*) from mastered.t") == 2


FAULTS = [
    ("a column without remark", TABLE.replace(' -- "b"', ""), VIEW, "column b of master.t has no remark"),
    ("a view of nothing", TABLE, VIEW.replace("mastered.t", "mastered.gone"), "gone"),
]


@pytest.mark.parametrize(("name", "table", "view", "message"), FAULTS, ids=[case[0] for case in FAULTS])
def test_what_cannot_be_published_is_an_error_and_the_file_is_let_go(
    warehouse: Warehouse, tmp_path: Path, name: str, table: str, view: str, message: str
) -> None:
    warehouse.build("mastered.t", "select 1 as a, 2 as b")
    with pytest.raises(StageError, match=message):
        write_published(warehouse, small(warehouse, view, table), tmp_path / "x.duckdb")
    assert "release" not in [row[0] for row in warehouse.rows("select database_name from duckdb_databases()")], name


@pytest.mark.parametrize(
    ("expected", "is_whole"), [({"master.t": 3}, True), ({"master.t": 4}, False), ({"master.u": 0}, False), ({}, True)]
)
def test_a_file_is_read_again_before_it_counts(tmp_path: Path, expected: dict[str, int], is_whole: bool) -> None:
    path = tmp_path / "x.duckdb"
    writer = duckdb.connect(str(path))
    writer.execute('create schema master; create table master.t as select range as "a b", [1] as l from range(3)')
    writer.close()
    if is_whole:
        verify_published(path, expected)
        return
    with pytest.raises(StageError):
        verify_published(path, expected)


def test_a_damaged_file_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    writer = duckdb.connect(str(path))
    writer.execute("create schema master; create table master.t as select hash(range) as a from range(100000)")
    writer.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StageError):
        verify_published(path, {"master.t": 100_000})
