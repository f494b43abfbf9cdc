"""Suites over validated tables: what a source must be beside others becomes findings, and keeps no row out any more."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config import Source
from dq_pipeline.quality.checker import Checker
from dq_pipeline.quality.quarantine import conservation, validate_source
from dq_pipeline.stages.validate import _check_together
from dq_pipeline.warehouse import Warehouse

DAY = date(2026, 11, 20)
SIZES = [1_000, 100_000]


def source(name: str, **columns: Any) -> Source:
    values = {"name": name, "title": name, "owner": "sales", "touchpoint": "web", "location": {"path": "x.csv"}}
    return Source.model_validate({**values, "key": ["id"], "columns": {"id": "text", **columns}})


SOURCES = (source("lines", order_id="text", pieces="integer"), source("orders", status="text"))


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


def divided(warehouse: Warehouse, rows: int, orphans: int) -> None:
    """So many lines, each of an order of its own but the orphans, and one that is kept out."""
    meant = "'f' as source_file, cast(1 as bigint) as line_number, 'h' as file_hash, 1 as repeat_no"
    warehouse.build(
        "raw.lines",
        f"""select cast(range as varchar) as id, 'O' || range as order_id, if(range = 0, 'many', '1') as pieces,
            'lines:' || range as record_id, cast(range as varchar) as source_key, {meant} from range({rows})""",
    )
    warehouse.build(
        "raw.orders",
        f"""select 'O' || range as id, 'open' as status, 'orders:O' || range as record_id, 'O' || range as source_key,
            {meant} from range({rows - orphans})""",
    )
    for one in SOURCES:
        validate_source(warehouse, None, one)


def run_over(warehouse: Warehouse, folder: Path, severity: str) -> Any:
    query = "select record_id from {batch} where order_id not in (select id from validated.orders)"
    meta = {"code": "unknown_order", "dimension": "consistency", "owner": "sales", "column": "order_id"}
    expectation = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}, "meta": meta}
    path = folder / "lines.json"
    path.write_text(json.dumps({"name": "lines", "expectations": [expectation | {"severity": severity}]}))
    project = SimpleNamespace(sources=SOURCES, suite_path=lambda _, table: folder / f"{table}.json")
    return SimpleNamespace(project=project, warehouse=warehouse)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("orphans", [0, 3])
@pytest.mark.parametrize("severity", ["warning", "critical"])
def test_rows_are_found_and_none_is_lost(
    warehouse: Warehouse, tmp_path: Path, rows: int, orphans: int, severity: str
) -> None:
    divided(warehouse, rows, orphans)
    with Checker(warehouse, DAY) as checker:
        breaches = _check_together(run_over(warehouse, tmp_path, severity), checker)
    fires = severity == "critical" and orphans
    assert [breach.gate for breach in breaches] == (["critical_expectation"] if fires else [])
    found = warehouse.rows("select source, record_id, value from quarantined.findings where code = 'unknown_order'")
    names = range(rows - orphans, rows)
    assert sorted(found) == sorted(("lines", f"lines:{name}", f"O{name}") for name in names)
    query = "select source, evaluated, failed from quarantined.rule_results where code = 'unknown_order'"
    assert warehouse.rows(query) == [("lines", rows - 1, orphans)]
    assert conservation(warehouse, "lines") == (rows, rows - 1, 1, 0)
