"""From findings and checks to scores, over two nights: the ledger, the trend, and issues of every kind."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config import IssueCheck
from dq_pipeline.config.scoring import Plan, Scores
from dq_pipeline.errors import StageError
from dq_pipeline.scorecard.compute import compute_scores, find_issues
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse

CHECK = """-- one row is a bad thing
select id as key, 's:' || id as record_id, cast(null as varchar) as master_id, cast(null as varchar) as order_id,
    'bad' as detail, cast(amount as decimal(18, 2)) as value_at_risk
from validated.s where amount < 0"""
RESULTS = """source varchar, code varchar, expectation varchar, column_name varchar, dimension varchar,
    severity varchar, owner varchar, description varchar, evaluated bigint, failed bigint, success boolean,
    error varchar"""
FINDINGS = """source varchar, record_id varchar, source_key varchar, code varchar, expectation varchar,
    column_name varchar, severity varchar, dimension varchar, owner varchar, reason varchar, value varchar"""


def project(select: str = CHECK) -> Any:
    """As much of a project as scores look at: one source, one issue check, a target."""
    issue = {"code": "X01", "name": "bad", "title": "It is bad", "dimension": "accuracy", "touchpoint": "web"}
    return SimpleNamespace(
        issues=[IssueCheck.model_validate(issue | {"source": "s", "owner": "sales"})],
        sources=[SimpleNamespace(name="s", touchpoint="web", owner="sales")],
        entities=[SimpleNamespace(name="customer", sources=("s",), unique_in=("s",))],
        settings=SimpleNamespace(targets={"accuracy": 0.9}, scores=Scores(), plan=Plan(), failures=None),
        sql=lambda *_: select,
        sql_path=lambda state, name: Path(f"sql/{state}/{name}.sql"),
    )


def night(warehouse: Warehouse, run_id: str, day: date, rows: int, bad: int, failing: list[str]) -> None:
    """A night's validated rows, of which `bad` are below nought, and critical findings on the records `failing`."""
    load_macros(warehouse)
    set_run_values(warehouse, run_id, day)
    warehouse.build(
        "validated.s", f"select cast(range as varchar) as id, if(range < {bad}, -1, 1) as amount from range({rows})"
    )
    warehouse.build(
        "mastered.xref",
        """select 'customer' as entity, 's' as source, 's:' || id as record_id,
            'M' || (cast(id as bigint) // 2) as master_id
        from validated.s""",
    )
    warehouse.execute(f"create or replace table quarantined.rule_results ({RESULTS})")
    warehouse.execute(f"create or replace table quarantined.findings ({FINDINGS})")
    warehouse.execute("create or replace table quarantined.rows (source varchar, record_id varchar, raw varchar)")
    warehouse.execute(
        """insert into quarantined.rule_results
        values ('s', 'c', 'e', 'v', 'validity', 'critical', 'sales', 'd', ?, ?, true, null)""",
        [rows, len(failing)],
    )
    for record_id in failing:
        warehouse.execute(
            """insert into quarantined.findings
            values ('s', ?, '1', 'c', 'e', 'v', 'critical', 'validity', 'sales', 'd', 'x')""",
            [record_id],
        )


def publish(warehouse: Warehouse, path: Path) -> Path:
    """What the next night remembers of this one."""
    warehouse.attach(path, "release", read_only=False)
    warehouse.execute("create schema release.quality")
    for table in ("quarantine", "trend"):
        warehouse.execute(f"create table release.quality.{table} as select * from scored.{table}")
    warehouse.detach("release")
    return path


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


@pytest.mark.parametrize("rows", [1_000, 100_000])
def test_scores_count_every_row_once(warehouse: Warehouse, rows: int) -> None:
    night(warehouse, "r1", date(2026, 11, 19), rows, bad=rows // 10 + 1, failing=["s:x", "s:y"])
    assert find_issues(warehouse, project()) == rows // 10 + 3
    compute_scores(warehouse, project(), None)
    scores = {
        (dimension, source, entity): (passed, failed, status)
        for dimension, source, entity, passed, failed, status in warehouse.rows(
            "select dimension, source, entity, passed, failed, status from scored.scorecard"
        )
    }
    bad = rows // 10 + 1
    assert scores["accuracy", "s", "all"] == (rows - bad, bad, "missed")
    assert scores["validity", "s", "all"] == (rows - 2, 2, "no target")
    assert scores["uniqueness", "s", "customer"] == (rows // 2, rows // 2, "no target")
    assert warehouse.rows("select code, rows from scored.issues order by code") == [("X01", bad), ("s.c", 2)]
    assert warehouse.rows("select code from scored.action_plan order by rank")[0] == ("X01",)


def test_the_ledger_and_the_trend_go_on_from_the_night_before(tmp_path: Path) -> None:
    nights = [("r1", 18, ["s:a", "s:b"]), ("r2", 19, ["s:b"]), ("r3", 20, ["s:a", "s:c"])]
    previous = None
    for run_id, day, failing in nights:
        warehouse = Warehouse(threads=1)
        night(warehouse, run_id, date(2026, 11, day), 10, 1, failing)
        find_issues(warehouse, project())
        compute_scores(warehouse, project(), previous)
        previous = publish(warehouse, tmp_path / f"{run_id}.duckdb")
        warehouse.close()
    reader = Warehouse(previous, read_only=True)
    ledger = reader.rows("select record_id, day(first_seen), day(last_seen), status from quality.quarantine order by 1")
    assert ledger == [("s:a", 18, 20, "open"), ("s:b", 18, 19, "gone"), ("s:c", 20, 20, "open")]
    assert reader.rows("select distinct run_id from quality.trend order by 1") == [("r1",), ("r2",), ("r3",)]
    reader.close()


def test_a_check_that_finds_nothing_counts_as_passed(warehouse: Warehouse) -> None:
    night(warehouse, "r1", date(2026, 11, 19), 10, 0, [])
    assert find_issues(warehouse, project()) == 0
    compute_scores(warehouse, project(), None)
    query = "select passed, failed, status from scored.scorecard where dimension = 'accuracy' and cut = 'part'"
    assert warehouse.rows(query) == [(10, 0, "met")]
    assert warehouse.count("scored.issues") == warehouse.count("scored.action_plan") == 0


@pytest.mark.parametrize("rows", [1_000, 100_000])
@pytest.mark.parametrize(
    ("nights", "bad", "movement"),
    [(4, 0.04, "worse"), (4, 0.011, "steady"), (4, 0, "better"), (2, 0.5, "unknown"), (0, 0.5, "unknown")],
)
def test_a_score_moves_against_the_recent_nights(
    warehouse: Warehouse, tmp_path: Path, rows: int, nights: int, bad: float, movement: str
) -> None:
    previous = None
    for day in range(1, nights + 1):
        night(warehouse, f"r{day}", date(2026, 11, day), rows, rows // 100 + day % 2, [])
        find_issues(warehouse, project())
        compute_scores(warehouse, project(), previous)
        previous = publish(warehouse, tmp_path / f"{day}.duckdb")
    night(warehouse, "tonight", date(2026, 11, 20), rows, round(rows * bad), [])
    find_issues(warehouse, project())
    compute_scores(warehouse, project(), previous)
    query = "select movement, nights from scored.scorecard where cut = 'dimension' and dimension = 'accuracy'"
    assert warehouse.rows(query) == [(movement, nights)]
    # What did not change is steady whatever moves beside it.
    query = "select distinct movement from scored.scorecard where dimension in ('validity', 'uniqueness')"
    assert warehouse.rows(query) == [("steady" if nights > 2 else "unknown",)]


def test_an_issue_check_that_fails_names_its_file(warehouse: Warehouse) -> None:
    night(warehouse, "r1", date(2026, 11, 19), 10, 1, [])
    with pytest.raises(StageError, match=r"sql/issues/X01_bad\.sql"):
        find_issues(warehouse, project("select nothing from validated.s"))
