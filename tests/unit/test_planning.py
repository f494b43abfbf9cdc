"""Attribution and plan: few defects that explain most, names that must be declared, and repairs across nights."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.config.scoring import Failures, Target
from dq_pipeline.errors import ConfigError
from dq_pipeline.scorecard.planning import _cover, attribute_failures
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

REST = "false as is_perfect, 'M' as customer_id, 'web' as touchpoint, 1.0 as value"


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


@pytest.fixture
def pipelines(tmp_path: Path) -> Path:
    """The sample's files, for a test to break."""
    return Path(shutil.copytree(CHECKOUT / "pipelines", tmp_path / "pipelines"))


def project(**failures: Any) -> Any:
    """As much of a project as attribution looks at."""
    declared = Failures.model_validate({"kinds": {"late": {"title": "late", "cost": 12}}} | failures)
    return SimpleNamespace(
        issues=[SimpleNamespace(code="X01", causes=("late",))],
        settings=SimpleNamespace(failures=declared),
        sql_path=lambda state, name: Path(f"sql/{state}/{name}.sql"),
    )


def test_the_defect_that_explains_most_of_what_is_left_comes_next(warehouse: Warehouse) -> None:
    traced = {"A": (1, 2, 3), "B": (1, 2, 4), "C": (4, 5), "D": (1,)}
    listed = ", ".join(f"('{code}', '{order}')" for code, orders in traced.items() for order in orders)
    # Two rows with one defect on one order are one reason.
    warehouse.build("scored.attribution", f"select * from (values {listed}, ('A', '1')) as pairs(code, order_id)")
    _cover(warehouse)
    query = "select position, code, orders, newly_explained, explained from scored.covered order by position"
    assert warehouse.rows(query) == [(1, "A", 3, 3, 3), (2, "C", 2, 2, 5)]


@pytest.mark.parametrize("orders", [1_000, 100_000])
def test_each_failed_order_traces_to_its_own_rows_at_any_size(warehouse: Warehouse, orders: int) -> None:
    warehouse.build(
        "mastered.outcome",
        f"select 'O' || range as order_id, if(range % 10 = 0, 'late', null) as failure, {REST} from range({orders})",
    )
    warehouse.build(
        "mastered.links",
        f"""select 'O' || range as order_id, 'stock' as through, 'v:' || (range % 50) as record_id,
            null::varchar as entity, null::varchar as master_id from range(0, {orders}, 10)""",
    )
    warehouse.build(
        "scored.issue_rows",
        "select 'X01' as code, 'v:10' as record_id, null::varchar as order_id, 'customer' as entity, null as master_id",
    )
    warehouse.build("scored.issues", "select 'X01' as code, 'a shelf' as title, 'warehouse' as owner")
    rows = attribute_failures(warehouse, project(orders="outcome", links="links"))
    # A tenth fails; a fifth of these hangs on the shelf.
    assert rows["scored.failed_orders"] == orders // 10
    assert rows["scored.attribution"] == orders // 50
    query = "select code, orders, failed_orders from scored.attribution_summary"
    assert warehouse.rows(query) == [("X01", orders // 50, orders // 10)]


def test_without_declared_failures_no_order_has_failed(warehouse: Warehouse) -> None:
    warehouse.execute(
        """create table scored.issue_rows
            (code varchar, record_id varchar, order_id varchar, entity varchar, master_id varchar)"""
    )
    warehouse.execute("create table scored.issues (code varchar, title varchar, owner varchar)")
    nothing = SimpleNamespace(issues=[], settings=SimpleNamespace(failures=None))
    rows = attribute_failures(warehouse, nothing)
    assert set(rows.values()) == {0}


def test_a_failure_that_nobody_declared_is_an_error(warehouse: Warehouse) -> None:
    warehouse.build(
        "mastered.outcome", f"select order_id, failure, {REST} from (values ('O1', 'lost')) as rows(order_id, failure)"
    )
    with pytest.raises(ConfigError, match="'lost' is no declared failure"):
        attribute_failures(warehouse, project(orders="outcome"))


def test_a_select_of_outcomes_without_a_column_is_an_error(warehouse: Warehouse) -> None:
    warehouse.build("mastered.outcome", "select 'O1' as order_id, 'late' as failure")
    with pytest.raises(ConfigError, match="the column is_perfect is missing"):
        attribute_failures(warehouse, project(orders="outcome"))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("issues.yml", "causes: [misdelivered]", "causes: [stolen]", "'stolen' is no failure"),
        ("nightly.yml", "tier_table: customer_tier", "tier_table: nobody", "'nobody' is no table of `mastered`"),
        ("nightly.yml", "orders: order_outcome", "orders: nobody", "'nobody' is no table of `mastered`"),
        ("nightly.yml", "source_weights: {orders: 2", "source_weights: {nobody: 2", "'nobody' is no source"),
        ("nightly.yml", "orders.missing_ship_to: [missing", "nobody.bad: [missing", "'nobody' is no source"),
        ("nightly.yml", "ignore: [customer.status", "ignore: [customer.shoe_size", "no field of a golden record"),
        ("nightly.yml", "weights: {accuracy: 2", "weights: {accuracy: 0", "accuracy must weigh more than 0"),
        (
            "nightly.yml",
            "overall_target: 0.98",
            "targets: [{owner: nobody, target: 0.9}]",
            "'nobody' is no owner",
        ),
    ],
)
def test_names_are_those_that_are_declared(pipelines: Path, file: str, old: str, new: str, message: str) -> None:
    path = pipelines / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_project(pipelines.parent)


def test_a_target_says_what_it_is_for_and_an_expectations_causes_are_declared() -> None:
    with pytest.raises(ValueError, match="name a dimension, source, entity, touchpoint or owner"):
        Target(target=0.9)
    with pytest.raises(ValueError, match=r"causes\.s\.bad: 'lost' is no failure; known: late"):
        project(causes={"s.bad": ("lost",)})
