"""Metrics and the minimum standard from a project's own SELECTs: the sums, the cuts, and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dq_pipeline.config import Project, load_project
from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.mastering.declared import build_declared
from dq_pipeline.scorecard.service import compute_service
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.conftest import copy_project
from tests.unit.test_queries import DAY

CALLS = """-- One row is one call.
select
    shift,
    good,
    bad,
    unknown
from (
    values
        ('day', 3, 1, 0),
        ('day', 1, 0, 2),
        (null, 0, 1, 0)
) as calls(shift, good, bad, unknown)
"""
DOORS = """-- One row is one door.
select
    4 as good,
    0 as bad,
    1 as unknown
"""
LIT = """-- One row is one member.
select
    member,
    met
from (values ('A', true), ('B', false), ('C', null)) as members(member, met)
"""


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse()
    load_macros(warehouse)
    set_run_values(warehouse, "tonight", DAY)
    yield warehouse
    warehouse.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample project with three SELECTs of our own and nothing else that is measured."""
    copy_project(tmp_path)
    sql = tmp_path / "pipelines/sql"
    for path, text in (("service/calls", CALLS), ("service/doors", DOORS), ("standard/lit", LIT)):
        (sql / f"{path}.sql").write_text(text, encoding="utf-8")
    metrics = [
        {"name": "calls", "title": "Calls", "unit": "call", "target": 0.5},
        {"name": "doors", "title": "Doors", "unit": "door", "rate_of": "bad"},
    ]
    standard = {"id": "member", "conditions": [{"name": "lit", "title": "Has light", "owner": "sales"}]}
    declare(tmp_path, service={"cuts": ["shift"], "metrics": metrics}, standard=standard, scored=[], views=[])
    return tmp_path


def declare(folder: Path, **sections: Any) -> None:
    path = folder / "pipelines/nightly.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) | sections
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def project(folder: Path) -> Project:
    return load_project(folder)


def test_a_metric_is_summed_and_cut_by_what_its_select_names(warehouse: Warehouse, folder: Path) -> None:
    rows = compute_service(warehouse, project(folder))
    found = warehouse.rows(
        """select metric, "by", value_of, good, bad, unknown, rate, status from scored.service_metrics
        order by place, "by", value_of"""
    )
    assert found == [
        ("calls", "all", "all", 4, 2, 2, 0.666667, "met"),
        ("calls", "shift", "day", 4, 1, 2, 0.8, "met"),
        ("calls", "shift", "unknown", 0, 1, 0, 0.0, "missed"),
        ("doors", "all", "all", 4, 0, 1, 0.0, "no target"),
    ]
    assert rows["scored.service_metrics"] == 4


def test_a_condition_is_counted_and_whoever_misses_it_is_listed(warehouse: Warehouse, folder: Path) -> None:
    compute_service(warehouse, project(folder))
    assert warehouse.rows("select condition, met, unmet, unknown from scored.minimum_standard") == [("lit", 1, 1, 1)]
    listed = warehouse.rows("select member_id, met from scored.standard_rows order by member_id")
    assert listed == [("B", False), ("C", None)]


def test_a_project_that_declares_no_service_measures_none(warehouse: Warehouse, folder: Path) -> None:
    declare(folder, service={}, standard=None)
    rows = compute_service(warehouse, project(folder))
    assert rows == {"scored.service_metrics": 0, "scored.minimum_standard": 0, "scored.standard_rows": 0}


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("service/doors", DOORS.replace("    1 as unknown\n", "    1 as unsure\n"), "no column unknown"),
        ("service/doors", DOORS.replace("4 as good", "4 as good,\n    1 as floor"), "nothing reads the column floor"),
        ("standard/lit", LIT.replace("    met\n", "    met as kept\n"), "no column met"),
        ("standard/lit", LIT.replace("    member,\n", "    member as who,\n"), "no column member"),
        ("service/calls", CALLS.replace("    good,\n", "    better,\n"), "SELECT for scored.measuring failed"),
    ],
)
def test_a_select_of_another_shape_is_refused_by_name(
    warehouse: Warehouse, folder: Path, path: str, text: str, message: str
) -> None:
    (folder / f"pipelines/sql/{path}.sql").write_text(text, encoding="utf-8")
    with pytest.raises(StageError, match=message) as refused:
        compute_service(warehouse, project(folder))
    assert path in str(refused.value.where)


def test_a_scored_table_cannot_take_the_name_of_one_of_the_engine(warehouse: Warehouse, folder: Path) -> None:
    declare(folder, scored=["issues"])
    with pytest.raises(StageError, match="'issues' is the name of a table of the engine"):
        compute_service(warehouse, project(folder))


def test_a_missing_select_is_named(warehouse: Warehouse, folder: Path) -> None:
    (folder / "pipelines/sql/service/doors.sql").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        compute_service(warehouse, project(folder))


def test_what_is_declared_of_promises_and_customers_becomes_tables(warehouse: Warehouse, folder: Path) -> None:
    tiers = [{"name": "best", "min_value": 10.5}, {"name": "rest"}]
    declare(folder, plan={}, service={"window": {"late_days": 2}}, tiers=tiers, lifecycle={"new_days": 7})
    build_declared(warehouse, project(folder))
    assert warehouse.rows("from mastered.declared_window") == [(None, 2)]
    assert warehouse.rows("from mastered.declared_lifecycle") == [(7, 365, 730)]
    assert warehouse.rows("from mastered.declared_tiers") == [
        (1, "best", None, None, 10.5),
        (2, "rest", None, None, None),
    ]
    weights = dict(warehouse.rows("from mastered.declared_weights"))
    assert len(weights) == 6
    assert weights["accuracy"] == project(folder).settings.scores.weights["accuracy"]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"lifecycle": {"active_days": 30, "lapsing_days": 29}}, "lapsing_days must not be less"),
        ({"service": {"window": {"late_days": -1}}}, "greater than or equal to 0"),
        ({"service": {"metrics": [{"name": "a", "title": "A", "unit": "b", "rate_of": "ugly"}]}}, "'good' or 'bad'"),
        ({"standard": {"id": "member", "conditions": []}}, "at least 1"),
        ({"tiers": [{"name": "gold", "min_orders": -1}]}, "greater than or equal to 0"),
        ({"service": {"metrics": [{"name": "a", "title": one, "unit": "b"} for one in "AB"]}}, "'a' is written twice"),
        ({"tiers": [{"name": "gold"}, {"name": "gold"}]}, "'gold' is written twice"),
        ({"tiers": [{"name": "best"}], "plan": {"tiers": {"gold": 2}}}, "'gold' is no tier"),
        ({"service": {"cuts": ["shift", "good"]}}, "'good' is a name of the engine"),
        (
            {"standard": {"id": "m", "conditions": [{"name": "a", "title": "A", "owner": "nobody"}]}},
            "'nobody' is no owner",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(folder: Path, sections: dict[str, Any], message: str) -> None:
    declare(folder, **sections)
    with pytest.raises(ConfigError, match=message):
        project(folder)
