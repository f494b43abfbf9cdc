"""Queries by cases: `given` tables, `expect` rows. Every issue check has a case in which it fires and one in which not.

A file of tests/cases/queries is a list of cases. `query` is `<state>/<name>`: of the project's `pipelines/sql` or of
the engine. A table is rows as mappings; a column that a row leaves out is null, a table that a case leaves out is
empty. Rows of a source need no record_id and source_key: they are made of the contract's key. `expect` names the
columns that are looked at; rows in any order.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from dq_pipeline.checking import _linked, _raw_and_validated
from dq_pipeline.config import load_project
from dq_pipeline.run import Run
from dq_pipeline.scorecard.anomalies import find_anomalies
from dq_pipeline.scorecard.compute import compute_scores, find_issues
from dq_pipeline.scorecard.profiling import build_profiles
from dq_pipeline.scorecard.service import compute_service
from dq_pipeline.scorecard.touchpoints import build_touchpoints
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.stages.master import master
from dq_pipeline.stages.standardize import standardize
from dq_pipeline.warehouse import Warehouse, quoted, table_name
from tests.conftest import CHECKOUT

DAY = date(2026, 11, 20)
FILES = sorted((CHECKOUT / "tests/cases/queries").glob("*.yml"))
CASES: list[dict[str, Any]] = [case for path in FILES for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
PROJECT = load_project(CHECKOUT)
CONTRACTS = {source.name: source for source in PROJECT.sources}


def empty_night() -> Warehouse:
    """Every table of a run, empty, in the shape that the contracts and SELECTs give it, as `dq check` makes them."""
    warehouse = Warehouse()
    load_macros(warehouse)
    set_run_values(warehouse, "tonight", DAY)
    run = Run(PROJECT, "tonight", DAY, warehouse, Path())
    _raw_and_validated(run)
    build_profiles(warehouse, PROJECT, None)
    find_anomalies(warehouse, PROJECT, None)
    standardize(run)
    _linked(run)
    master(run)
    find_issues(warehouse, PROJECT)
    compute_scores(warehouse, PROJECT, None)
    build_touchpoints(warehouse, PROJECT, None)
    compute_service(warehouse, PROJECT)
    for schema in ("scored", "mastered"):
        for table in warehouse.tables(schema):
            if warehouse.count(f"{schema}.{table}"):
                warehouse.execute(f"delete from {schema}.{table}")
    return warehouse


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    warehouse = empty_night()
    yield warehouse
    warehouse.close()


def select_of(query: str) -> str:
    state, name = query.split("/")
    return PROJECT.sql(state, name) if PROJECT.sql_path(state, name).exists() else engine_select(state, name)


def completed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of a source with the identity that landing gives it."""
    state, name = table.split(".")
    if state not in {"raw", "validated"} or name not in CONTRACTS:
        return row
    key = "/".join(str(row.get(column)) for column in CONTRACTS[name].key)
    made = {"source_key": key, "record_id": f"{name}:{key}"} | ({"repeat_no": 1} if state == "raw" else {})
    return made | row


def fill(warehouse: Warehouse, given: dict[str, list[dict[str, Any]]]) -> None:
    for table, rows in given.items():
        for row in rows:
            values = completed(table, row)
            names = ", ".join(quoted(name) for name in values)
            marks = ", ".join("?" for _ in values)
            warehouse.execute(f"insert into {table_name(table)} ({names}) values ({marks})", list(values.values()))


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['query']}: {case['case']}" for case in CASES])
def test_a_query(warehouse: Warehouse, case: dict[str, Any]) -> None:
    given, expected = case["given"], case["expect"]
    try:
        fill(warehouse, given)
        found = [plain(row) for row in warehouse.records(select_of(case["query"]))]
    finally:
        for table in given:
            warehouse.execute(f"delete from {table_name(table)}")
    assert len(found) == len(expected), found
    looked_at = [{name: row[name] for name in like} for row, like in zip(found, expected[:1] * len(found), strict=True)]
    assert sorted(looked_at, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("issue", PROJECT.issues, ids=lambda issue: f"{issue.code}_{issue.name}")
def test_every_issue_check_has_a_case_in_which_it_fires_and_one_in_which_not(issue: Any) -> None:
    of_issue = [case for case in CASES if case["query"] == f"issues/{issue.code}_{issue.name}"]
    assert {bool(case["expect"]) for case in of_issue} == {True, False}


def test_every_issue_check_gives_the_columns_of_an_issue(warehouse: Warehouse) -> None:
    for issue in PROJECT.issues:
        warehouse.build("scored.found", PROJECT.sql("issues", f"{issue.code}_{issue.name}"))
        names = list(warehouse.columns("scored.found"))
        assert names[:6] == ["key", "record_id", "master_id", "order_id", "detail", "value_at_risk"], issue.code
        assert names[6:] in ([], ["since"]), issue.code
        assert issue.row, f"{issue.code} does not say what one row is"
    warehouse.execute("drop table scored.found")


def test_every_scored_select_of_the_engine_has_a_case() -> None:
    queries = {case["query"] for case in CASES}
    folder = CHECKOUT / "src/dq_pipeline/sql/scored"
    assert {f"scored/{path.stem}" for path in folder.glob("*.sql")} <= queries
