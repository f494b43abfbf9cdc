"""Metrics of service and the minimum standard: each a SELECT of the project, summed and cut by the engine."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.errors import StageError
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal, quoted

_COUNTS = ("good", "bad", "unknown")


def compute_service(warehouse: Warehouse, project: Project) -> dict[str, int]:
    """`scored.service_metrics`, `minimum_standard` and `standard_rows`, the project's own scored tables, and its views.

    Views are made last, for they may read what was scored. Table -> rows.
    """
    rows = _measure(warehouse, project) | _hold_to_standard(warehouse, project)
    for name in project.settings.scored:
        if files("dq_pipeline.sql").joinpath("scored", f"{name}.sql").is_file():
            message = f"scored: {name!r} is the name of a table of the engine"
            raise StageError(message, where=project.file, remedy="take another name")
        path = project.sql_path("scored", name)
        rows[f"scored.{name}"] = warehouse.build(f"scored.{name}", project.sql("scored", name), where=path)
    for name in project.settings.views:
        path = project.sql_path("mastered", name)
        warehouse.build_view(f"mastered.{name}", project.sql("mastered", name), where=path)
    return rows


def _measure(warehouse: Warehouse, project: Project) -> dict[str, int]:
    """Every metric's good, bad and unknown, of all and by each cut that its SELECT names."""
    service = project.settings.service
    columns = "metric varchar, title varchar, unit varchar, rate_of varchar, target double, place integer"
    declared = [
        (metric.name, metric.title, metric.unit, metric.rate_of, metric.target, place)
        for place, metric in enumerate(service.metrics, start=1)
    ]
    _declare(warehouse, "scored.declared_metrics", columns, declared)
    columns = 'metric varchar, "by" varchar, value_of varchar, good bigint, bad bigint, unknown bigint'
    warehouse.execute(f"create or replace table scored.measured ({columns})")
    for metric in service.metrics:
        where = project.sql_path("service", metric.name)
        warehouse.build_view("scored.measuring", project.sql("service", metric.name), where=where)
        given = list(warehouse.columns("scored.measuring"))
        _expect(given, required=_COUNTS, allowed=(*_COUNTS, *service.cuts), where=where)
        cuts = [name for name in given if name not in _COUNTS]
        _sum_up(warehouse, metric.name, cuts)
    warehouse.execute("drop view if exists scored.measuring")
    select = engine_select("scored", "service_metrics")
    return {"scored.service_metrics": warehouse.build("scored.service_metrics", select)}


def _sum_up(warehouse: Warehouse, metric: str, cuts: Sequence[str]) -> None:
    """Insert one metric's sums. The rows are read once; the cuts are sums of the sums by all cuts together."""
    sums = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in _COUNTS)
    names = ", ".join(quoted(cut) for cut in cuts)
    grouped = f"select {names}, {sums} from scored.measuring group by {names}" if cuts else None
    warehouse.build("scored.summed", grouped or f"select {sums} from scored.measuring")
    warehouse.execute(f"insert into scored.measured select {literal(metric)}, 'all', 'all', {sums} from scored.summed")
    for cut in cuts:
        warehouse.execute(
            f"""insert into scored.measured
            select {literal(metric)}, {literal(cut)}, coalesce(cast({quoted(cut)} as varchar), 'unknown'), {sums}
            from scored.summed
            group by {quoted(cut)}"""
        )
    warehouse.execute("drop table scored.summed")


def _hold_to_standard(warehouse: Warehouse, project: Project) -> dict[str, int]:
    """Which conditions of the minimum standard each member meets; rows are kept of those that are unmet or unknown."""
    standard = project.settings.standard
    conditions = standard.conditions if standard else ()
    declared = [
        (condition.name, condition.title, condition.owner, condition.remedy, place)
        for place, condition in enumerate(conditions, start=1)
    ]
    columns = "condition varchar, title varchar, owner varchar, remedy varchar, place integer"
    _declare(warehouse, "scored.declared_conditions", columns, declared)
    warehouse.execute("create or replace table scored.held (condition varchar, member_id varchar, met boolean)")
    for condition in conditions:
        where = project.sql_path("standard", condition.name)
        warehouse.build_view("scored.holding", project.sql("standard", condition.name), where=where)
        member = standard.id if standard else ""
        _expect(warehouse.columns("scored.holding"), required=(member, "met"), allowed=(member, "met"), where=where)
        warehouse.execute(
            f"insert into scored.held select {literal(condition.name)}, {quoted(member)}, met from scored.holding"
        )
    warehouse.execute("drop view if exists scored.holding")
    steps = ("minimum_standard", "standard_rows")
    return {f"scored.{step}": warehouse.build(f"scored.{step}", engine_select("scored", step)) for step in steps}


def _expect(
    given: Sequence[str] | dict[str, str], required: Sequence[str], allowed: Sequence[str], where: Path
) -> None:
    """The columns of a SELECT are those that the engine reads; raises StageError."""
    missing = [name for name in required if name not in given]
    if missing:
        raise StageError(f"the SELECT has no column {missing[0]}", where=where, remedy=f"name one {missing[0]}")
    other = [name for name in given if name not in allowed]
    if other:
        remedy = "take it out, or declare it under `service.cuts` in the project file"
        raise StageError(f"nothing reads the column {other[0]}", where=where, remedy=remedy)


def _declare(warehouse: Warehouse, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    warehouse.execute(f"create or replace table {table} ({columns})")
    for row in rows:
        warehouse.execute(f"insert into {table} values ({', '.join(literal(value) for value in row)})")
