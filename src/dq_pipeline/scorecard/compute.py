"""The tables of `scored`: every defect with its rows, the score of every dimension, and what to repair first."""

from collections.abc import Iterable
from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.scorecard.ledger import build_ledger
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal

_TREND = "run_id varchar, run_date date, dimension varchar, source varchar, entity varchar, score double"
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
    _values(warehouse, "scored.main_entities", "source varchar, entity varchar", main.items())
    warehouse.execute(f"insert into scored.found_rows {engine_select('scored', 'finding_rows')}")
    return warehouse.build("scored.issue_rows", engine_select("scored", "issue_rows"))


def compute_scores(warehouse: Warehouse, project: Project, previous: Path | None) -> dict[str, int]:
    """Issues, quarantine ledger, scorecard, trend and action plan, from this run and the published file before it."""
    _declare(warehouse, project)
    ledger = build_ledger(warehouse, project, previous)
    warehouse.recall(previous, "scored.trend_before", "quality.trend", _TREND)
    steps = ("rule_results", "issues", "measures", "scorecard", "trend", "action_plan")
    made = {f"scored.{step}": warehouse.build(f"scored.{step}", engine_select("scored", step)) for step in steps}
    return made | {"scored.quarantine": ledger}


def _declare(warehouse: Warehouse, project: Project) -> None:
    """What the project declares, as tables: issue checks, targets, sources, and what should be unique where."""
    checks = [
        (issue.code, issue.dimension, issue.source, warehouse.count(f"validated.{issue.source}"))
        for issue in project.issues
    ]
    _values(
        warehouse, "scored.issue_checks", "code varchar, dimension varchar, source varchar, examined bigint", checks
    )
    _values(warehouse, "scored.targets", "dimension varchar, target double", project.settings.targets.items())
    touchpoints = [(source.name, source.touchpoint) for source in project.sources]
    _values(warehouse, "scored.sources", "source varchar, touchpoint varchar", touchpoints)
    unique = [(entity.name, source) for entity in project.entities for source in entity.unique_in]
    _values(warehouse, "scored.unique_in", "entity varchar, source varchar", unique)
    warehouse.build(
        "scored.should_be_unique",
        """select xref.entity, xref.source, xref.master_id
        from mastered.xref
        join scored.unique_in on unique_in.entity = xref.entity and unique_in.source = xref.source""",
    )
    declared = """code varchar, name varchar, title varchar, dimension varchar, severity varchar, source varchar,
        owner varchar, touchpoint varchar, effort_minutes double, remedy varchar"""
    _values(warehouse, "scored.declared_issues", declared, _declared_checks(project))
    warehouse.execute(
        """insert into scored.declared_issues
        select rules.source || '.' || rules.code, rules.code, min(rules.description), min(rules.dimension),
            min(rules.severity), rules.source, min(rules.owner), coalesce(min(sources.touchpoint), 'all'), 5,
            'correct the row in ' || rules.source || '; it is checked again in the next run'
        from quarantined.rule_results as rules
        left join scored.sources on sources.source = rules.source
        group by rules.source, rules.code"""
    )


def _declared_checks(project: Project) -> list[tuple[object, ...]]:
    return [
        (
            issue.code,
            issue.name,
            issue.title,
            issue.dimension,
            issue.severity,
            issue.source,
            issue.owner,
            issue.touchpoint,
            issue.effort_minutes,
            issue.remedy,
        )
        for issue in project.issues
    ]


def _values(warehouse: Warehouse, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    """A small table from values of the project's files."""
    warehouse.execute(f"create or replace table {table} ({columns})")
    listed = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows)
    if listed:
        warehouse.execute(f"insert into {table} values {listed}")
