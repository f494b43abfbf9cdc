"""Gates of extracts and of expectations: row bounds, freshness, unread lines, whole tables; at two sizes."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config import Gates
from dq_pipeline.quality.checker import RuleResult
from dq_pipeline.stages.ingest import _unparsed_lines
from dq_pipeline.stages.validate import row_breaches, rule_breaches
from dq_pipeline.warehouse import Warehouse
from tests.unit.landing_case import DAY, contract, landed

SIZES = [1_000, 100_000]


def extract(folder: Path, rows: int, newest: date) -> None:
    """A CSV of so many rows, a day each before the one before, back from `newest`."""
    warehouse = Warehouse(threads=1)
    warehouse.execute(
        f"""copy (select range as id, cast(date '{newest}' - cast(range % 900 as integer) as varchar) as changed_at
        from range({rows})) to '{folder / "x.csv"}' (header)"""
    )
    warehouse.close()


BOUNDS: list[tuple[float | None, float | None, list[str]]] = [
    (None, None, []),
    (1.0, 1.0, []),
    (1.001, None, ["too_few_rows"]),
    (2.0, None, ["too_few_rows"]),
    (None, 0.999, ["too_many_rows"]),
    (0.5, 2.0, []),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("least", "most", "fired"), BOUNDS)
def test_row_bounds(tmp_path: Path, rows: int, least: float | None, most: float | None, fired: list[str]) -> None:
    extract(tmp_path, rows, DAY)
    bounds = {"min": round((least or 0) * rows), "max": round(most * rows) if most else None}
    source = contract({"id": None, "changed_at": "date"}, rows=bounds)
    assert [gate for gate, _ in landed(tmp_path, source).breaches] == fired


FRESH = [(DAY, 0, False), (date(2026, 11, 13), 7, False), (date(2026, 11, 12), 7, True), (date(2025, 1, 1), 7, True)]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("newest", "most_days", "fires"), FRESH)
def test_freshness(tmp_path: Path, rows: int, newest: date, most_days: int, fires: bool) -> None:
    extract(tmp_path, rows, newest)
    fresh = {"column": "changed_at", "max_age_days": most_days}
    source = contract({"id": None, "changed_at": "date"}, freshness=fresh)
    found = landed(tmp_path, source).breaches
    assert [gate for gate, _ in found] == (["stale_extract"] if fires else [])
    if fires:
        assert f"the newest changed_at of s is {newest}" in found[0][1]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("limit", "unread", "fires"), [(0, 0, False), (0, 1, True), (5, 5, False), (5, 6, True)])
def test_unread_lines(rows: int, limit: int, unread: int, fires: bool) -> None:
    times = rows // 1_000
    warehouse = Warehouse(threads=1)
    warehouse.build(
        "raw.unparsed",
        f"""select 's' as source, 'x.csv' as source_file, range + 2 as line_number, 'too short' as reason, '' as text
        from range({unread * times})""",
    )
    gates = Gates(unparsed_lines=limit * times)
    run: Any = SimpleNamespace(warehouse=warehouse, project=SimpleNamespace(settings=SimpleNamespace(gates=gates)))
    found = _unparsed_lines(run)
    assert [breach.gate for breach in found] == (["unparsed_lines"] if fires else [])
    if fires:
        assert found[0].where == "x.csv, line 2"
        assert found[0].message.endswith(f"{unread * times:,}")
    warehouse.close()


def result(rows: int, failed: int, severity: str = "critical", **more: Any) -> RuleResult:
    values: dict[str, Any] = {"success": failed == 0, "error": None, "failing_rows_query": None} | more
    return RuleResult(
        "mastered.t", "e", "bad", ("c",), "validity", severity, "sales", "c is good", rows, failed, **values
    )


RESULTS: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({"failed": 0}, [], []),
    ({"failed": 1}, ["critical_expectation"], []),
    ({"failed": 1, "severity": "warning"}, [], []),
    ({"failed": 1, "failing_rows_query": "select 1"}, [], ["critical_expectation"]),
    ({"failed": 1, "severity": "warning", "failing_rows_query": "select 1"}, [], []),
    ({"failed": 0, "severity": "info", "success": False, "error": "no such column"}, ["expectation_error"], []),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("given", "whole", "single"), RESULTS)
def test_expectations_that_stop_a_night(rows: int, given: dict[str, Any], whole: list[str], single: list[str]) -> None:
    # Rows of a source are kept out instead: only where none can be is a critical failure a breach.
    one = result(rows, given["failed"] * rows // 100, **{name: given[name] for name in given if name != "failed"})
    assert [breach.gate for breach in rule_breaches([one], "t.json")] == whole
    found = row_breaches([one], "t.json")
    assert [breach.gate for breach in found] == single
    if found:
        assert f"{rows // 100:,} rows fail: c is good (bad)" in found[0].message
