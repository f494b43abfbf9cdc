"""An issue check is one SELECT and one entry: it is added, and left out, without a line of Python."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from dq_pipeline.checking import check_project
from dq_pipeline.config import load_project
from dq_pipeline.errors import ConfigError
from dq_pipeline.scorecard.compute import find_issues
from dq_pipeline.scorecard.declaring import declare
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

SELECT = """\
-- one row is a lamp that somebody left on
select
    lamp as key,
    'lamps:' || lamp as record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    'on since ' || cast(lit_on as varchar) as detail,
    cast(0.10 as decimal(18, 2)) as value_at_risk,
    lit_on as since
from validated.lamps
where is_on
"""
ENTRY = {
    "code": "X01", "name": "lamp_left_on", "title": "A lamp was left on", "row": "one row is a lamp",
    "dimension": "timeliness", "source": "lamps", "owner": "caretaker", "touchpoint": "store",
}  # fmt: skip
LAMPS = """
name: lamps
title: Lamps
owner: caretaker
touchpoint: store
location: {path: lamps.csv}
key: [lamp]
columns: {lamp: text, is_on: boolean, lit_on: date}
"""
PROJECT = """
name: house
title: A house
sources: [lamps]
owners: {caretaker: {title: Caretaker}}
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A project of one source, with one issue check."""
    pipelines = tmp_path / "pipelines"
    for folder in ("sources", "sql/issues"):
        (pipelines / folder).mkdir(parents=True)
    (pipelines / "house.yml").write_text(PROJECT, encoding="utf-8")
    (pipelines / "sources/lamps.yml").write_text(LAMPS, encoding="utf-8")
    (pipelines / "sql/issues/X01_lamp_left_on.sql").write_text(SELECT, encoding="utf-8")
    (pipelines / "issues.yml").write_text(yaml.safe_dump([ENTRY]), encoding="utf-8")
    return tmp_path


@pytest.fixture
def evening() -> Iterator[Warehouse]:
    """Two lamps, one of them on, in the tables that a run has before it looks for issues."""
    warehouse = Warehouse(threads=1)
    load_macros(warehouse)
    set_run_values(warehouse, "tonight", date(2026, 11, 20))
    warehouse.execute(
        """create table validated.lamps as select * from (
        values ('kitchen', true, date '2026-11-18'), ('hall', false, null)) as made(lamp, is_on, lit_on)"""
    )
    warehouse.execute(
        "create table mastered.xref (entity varchar, source varchar, record_id varchar, master_id varchar)"
    )
    warehouse.execute(
        """create table quarantined.findings (source varchar, record_id varchar, source_key varchar, code varchar,
        reason varchar)"""
    )
    warehouse.execute(
        """create table quarantined.rule_results (source varchar, code varchar, description varchar, dimension varchar,
        severity varchar, owner varchar)"""
    )
    yield warehouse
    warehouse.close()


def test_one_select_and_one_entry_make_an_issue_check(house: Path, evening: Warehouse) -> None:
    project = load_project(house)
    assert check_project(project)["issue checks"] == 1
    assert find_issues(evening, project) == 1
    query = "select code, key, record_id, detail, value_at_risk, since from scored.issue_rows"
    found: list[Any] = [*evening.rows(query)[0]]
    found[4] = float(found[4])
    assert found == ["X01", "kitchen", "lamps:kitchen", "on since 2026-11-18", 0.1, date(2026, 11, 18)]
    declare(evening, project)
    evening.build("scored.issues", engine_select("scored", "issues"))
    query = "select name, dimension, severity, owner, touchpoint, one_row, rows from scored.issues"
    named = ("lamp_left_on", "timeliness", "warning", "caretaker", "store", "one row is a lamp", 1)
    assert evening.rows(query) == [named]


def test_a_check_need_not_tell_since_when(house: Path, evening: Warehouse) -> None:
    without = SELECT.replace(",\n    lit_on as since", "")
    (house / "pipelines/sql/issues/X01_lamp_left_on.sql").write_text(without, encoding="utf-8")
    assert find_issues(evening, load_project(house)) == 1
    assert evening.rows("select key, since from scored.issue_rows") == [("kitchen", None)]


def test_an_entry_without_select_is_refused_with_the_name_of_the_file(house: Path) -> None:
    (house / "pipelines/sql/issues/X01_lamp_left_on.sql").unlink()
    with pytest.raises(ConfigError, match=r"X01_lamp_left_on\.sql"):
        check_project(load_project(house))


def test_a_check_over_a_source_that_the_project_lacks_is_left_out_by_its_entry(house: Path) -> None:
    """The file may stay; what no entry names is not run."""
    select = SELECT.replace("validated.lamps", "validated.candles")
    (house / "pipelines/sql/issues/X02_candle_left_on.sql").write_text(select, encoding="utf-8")
    assert check_project(load_project(house))["issue checks"] == 1
    other = {**ENTRY, "code": "X02", "name": "candle_left_on", "source": "candles"}
    (house / "pipelines/issues.yml").write_text(yaml.safe_dump([ENTRY, other]), encoding="utf-8")
    with pytest.raises(ConfigError, match="'candles' is no source"):
        load_project(house)


def test_the_page_of_issue_checks_names_them_all_as_they_are_declared() -> None:
    page = (CHECKOUT / "docs/issue-checks.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`" in line]
    assert rows == [
        f"| {issue.code} `{issue.name}` | {issue.title} | {issue.row.removeprefix('one row is ')} | {issue.dimension}"
        f" | {issue.severity} | {issue.owner} |"
        for issue in load_project(CHECKOUT).issues
    ]
