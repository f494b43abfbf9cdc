"""Why orders fail and what to repair first: attribution of failed orders to defects, and the plan across nights."""

from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.scorecard.declaring import values
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal

_OUTCOMES = """order_id varchar, failure varchar, is_perfect boolean, customer_id varchar, touchpoint varchar,
    value decimal(18, 2)"""
_LINKS = "order_id varchar, through varchar, record_id varchar, entity varchar, master_id varchar"
_TIERS = "customer_id varchar, tier varchar"
_HISTORY = """run_id varchar, run_date date, action_id varchar, code varchar, status varchar, rows bigint,
    failed_orders bigint, money_at_risk decimal(18, 2), priority double, overall_score double,
    predicted_score_gain double, predicted_orders bigint, arrived_score_gain double, arrived_orders bigint"""
_FORESEEN = "run_id varchar, run_date date, action_id varchar, code varchar, order_id varchar"


def attribute_failures(warehouse: Warehouse, project: Project) -> dict[str, int]:
    """Build `scored.failed_orders`, `scored.attribution` and its summary; table -> rows.

    Needs `scored.issue_rows` and `scored.issues`. Without `failures` in the project file no order has failed.
    """
    failures = project.settings.failures
    _content(warehouse, project, "scored.order_outcomes", failures.orders if failures else None, _OUTCOMES)
    _content(warehouse, project, "scored.order_links", failures.links if failures else None, _LINKS)
    kinds = failures.kinds if failures else {}
    costs = [(name, kind.title, kind.cost) for name, kind in kinds.items()]
    values(warehouse, "scored.failure_kinds", "failure varchar, title varchar, cost double", costs)
    causes = [(issue.code, cause) for issue in project.issues for cause in issue.causes]
    causes += [(code, cause) for code, named in (failures.causes if failures else {}).items() for cause in named]
    values(warehouse, "scored.causes", "code varchar, failure varchar", causes)
    _refuse_unknown_failures(warehouse, project)
    rows = {"scored.attribution": warehouse.build("scored.attribution", engine_select("scored", "attribution"))}
    _cover(warehouse)
    for table in ("failed_orders", "attribution_summary"):
        rows[f"scored.{table}"] = warehouse.build(f"scored.{table}", engine_select("scored", table))
    return rows


def plan_actions(warehouse: Warehouse, project: Project, previous: Path | None) -> dict[str, int]:
    """Build `scored.action_plan`, `scored.action_history` and `scored.action_orders`; table -> rows.

    Needs issues, measures, scorecard and attribution of tonight, and the published file of the night before.
    """
    plan = project.settings.plan
    _content(warehouse, project, "scored.customer_tiers", plan.tier_table, _TIERS)
    values(warehouse, "scored.tier_weights", "tier varchar, weight double", plan.tiers.items())
    values(warehouse, "scored.row_weights", "severity varchar, weight double", plan.row_weights.items())
    columns = "customer_weight double, order_weight double, money_unit double, start_minutes double"
    settings = (plan.customer_weight, plan.order_weight, plan.money_unit, plan.start_minutes)
    values(warehouse, "scored.plan_settings", columns, [settings])
    warehouse.recall(previous, "scored.action_history_before", "quality.action_history", _HISTORY)
    warehouse.recall(previous, "scored.action_orders_before", "quality.action_orders", _FORESEEN)
    steps = ("score_losses", "action_orders", "action_figures", "action_states", "action_history", "action_plan")
    rows = {f"scored.{step}": warehouse.build(f"scored.{step}", engine_select("scored", step)) for step in steps}
    return {f"scored.{name}": rows[f"scored.{name}"] for name in ("action_plan", "action_history", "action_orders")}


def _content(warehouse: Warehouse, project: Project, target: str, table: str | None, columns: str) -> None:
    """`target` with the columns that the engine reads of a table of the project's own; empty where none is declared."""
    warehouse.execute(f"create or replace table {target} ({columns})")
    if table is None:
        return
    names = list(warehouse.columns(target))
    missing = [name for name in names if name not in warehouse.columns(f"mastered.{table}")]
    if missing:
        raise ConfigError(
            f"the column {missing[0]} is missing",
            where=project.sql_path("mastered", table),
            remedy=f"give the columns {', '.join(names)}",
        )
    warehouse.execute(f"insert into {target} select {', '.join(names)} from mastered.{table}")


def _refuse_unknown_failures(warehouse: Warehouse, project: Project) -> None:
    """Every failure that the project's SELECT gives is one that it declares."""
    unknown = warehouse.value(
        """select min(failure) from scored.order_outcomes
        where failure is not null and failure not in (select failure from scored.failure_kinds)"""
    )
    if unknown is not None:
        failures = project.settings.failures
        where = project.sql_path("mastered", failures.orders or "") if failures else None
        raise ConfigError(f"{unknown!r} is no declared failure", where=where, remedy="declare it in `failures.kinds`")


def _cover(warehouse: Warehouse) -> None:
    """`scored.covered`: defects in the order in which each explains most of the failed orders that are left.

    Each round takes the defect with most unexplained orders (tie: most orders in all, then the code).
    """
    warehouse.execute(
        """create or replace table scored.covered
            (position integer, code varchar, orders bigint, newly_explained bigint, explained bigint)"""
    )
    warehouse.build("scored.uncovered", "select distinct code, order_id from scored.attribution")
    totals = dict(warehouse.rows("select code, count(*) from scored.uncovered group by code"))
    position, explained = 0, 0
    while totals:
        left = warehouse.rows("select code, count(*) from scored.uncovered group by code")
        if not left:
            break
        code, newly = min(left, key=lambda row: (-row[1], -totals[row[0]], row[0]))
        position, explained = position + 1, explained + newly
        row = ", ".join(literal(value) for value in (position, code, totals[code], newly, explained))
        warehouse.execute(f"insert into scored.covered values ({row})")
        warehouse.execute(
            "delete from scored.uncovered where order_id in (select order_id from scored.uncovered where code = ?)",
            [code],
        )
    warehouse.execute("drop table scored.uncovered")
