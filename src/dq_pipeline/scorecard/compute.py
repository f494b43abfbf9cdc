"""The tables of `scored`: every defect with its rows, the score of every dimension, and what to repair first."""

from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.scorecard.declaring import declare, values
from dq_pipeline.scorecard.ledger import build_ledger
from dq_pipeline.scorecard.planning import attribute_failures, plan_actions
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal

_TREND = """run_id varchar, run_date date, cut varchar, dimension varchar, source varchar, entity varchar,
    touchpoint varchar, owner varchar, score double"""
_ISSUE_ROWS = """code varchar, entity varchar, key varchar, record_id varchar, master_id varchar, order_id varchar,
    detail varchar, value_at_risk decimal(18, 2), since date"""


def find_issues(warehouse: Warehouse, project: Project) -> int:
    """`scored.issue_rows`: the rows of every issue check and of every failed expectation; returns their number.

    An issue check's SELECT gives key, record_id, master_id, order_id, detail and value_at_risk; where it knows since
    when the row is wrong, also since.
    """
    warehouse.execute(f"create or replace table scored.found_rows ({_ISSUE_ROWS})")
    for issue in project.issues:
        name = f"{issue.code}_{issue.name}"
        warehouse.build("scored.found", project.sql("issues", name), where=project.sql_path("issues", name))
        since = "since" if "since" in warehouse.columns("scored.found") else "null"
        warehouse.execute(
            f"""insert into scored.found_rows
            select distinct {literal(issue.code)}, {literal(issue.entity)}, key, record_id, master_id, order_id, detail,
                value_at_risk, {since}
            from scored.found"""
        )
    warehouse.execute("drop table if exists scored.found")
    # A record means several things, a place and a customer; what it mainly means is resolved last.
    main = {source: entity.name for entity in project.entities for source in entity.sources}
    values(warehouse, "scored.main_entities", "source varchar, entity varchar", main.items())
    warehouse.execute(f"insert into scored.found_rows {engine_select('scored', 'finding_rows')}")
    return warehouse.build("scored.issue_rows", engine_select("scored", "issue_rows"))


def compute_scores(warehouse: Warehouse, project: Project, previous: Path | None) -> dict[str, int]:
    """Issues, ledger, scorecard, trend, attribution and plan, from this run and the published file before it."""
    declare(warehouse, project)
    ledger = build_ledger(warehouse, project, previous)
    warehouse.recall(previous, "scored.trend_before", "quality.trend", _TREND)
    for step in ("measures", "score_parts", "score_targets", "usual_scores"):
        warehouse.build(f"scored.{step}", engine_select("scored", step))
    steps = ("rule_results", "issues", "scorecard", "trend")
    made = {f"scored.{step}": warehouse.build(f"scored.{step}", engine_select("scored", step)) for step in steps}
    made |= attribute_failures(warehouse, project)
    made |= plan_actions(warehouse, project, previous)
    return made | {"scored.quarantine": ledger}
