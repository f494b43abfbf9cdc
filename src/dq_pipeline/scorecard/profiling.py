"""What each source looks like tonight, column by column, beside the nights before: known as soon as rows are validated.

A column's distribution is a count for each bin: its values where there are few, else the size of numbers and the age
of dates in half powers of two, else the length of texts. Bins never depend on a night's data, so that nights compare.
"""

from pathlib import Path

from dq_pipeline.config import Column, Project, Source
from dq_pipeline.sql.bins import bin_of
from dq_pipeline.sql.selects import engine_select, union_of
from dq_pipeline.warehouse import Warehouse, literal, quoted

# A column of no more distinct values is told by its values, and stays so until it has many more.
FEW_VALUES, MANY_VALUES = 40, 200
_FIGURES = """source varchar, column_name varchar, rows bigint, nulls bigint, distinct_values bigint, age_days bigint,
    binned_by varchar, bins map(varchar, bigint)"""
_TOUCHED = "source varchar, column_name varchar, touchpoint varchar, rows bigint, age_days bigint"
_DATED = ("date", "timestamp")
_NUMBERS = ("integer", "decimal")


def build_profiles(warehouse: Warehouse, project: Project, previous: Path | None) -> dict[str, int]:
    """Build `scored.profile_history` and `scored.touchpoint_history`, tonight's figures with them; table -> rows.

    Needs the raw and the validated tables, nothing later.
    """
    nights = project.settings.anomalies.nights
    warehouse.build("scored.kept_nights", f"select {nights} as nights")
    dated = "run_id varchar, run_date date"
    warehouse.recall(previous, "scored.profile_before", "quality.profile_history", f"{dated}, {_FIGURES}")
    warehouse.recall(previous, "scored.touchpoints_before", "quality.touchpoint_history", f"{dated}, {_TOUCHED}")
    warehouse.execute(f"create or replace table scored.profile ({_FIGURES})")
    known = {(source, column): way for source, column, way in warehouse.rows(_WAYS_BEFORE)}
    for source in project.sources:
        _profile_source(warehouse, source, {name: known.get((source.name, name)) for name in source.columns})
    touched = [_touchpoints(source) for source in project.sources]
    warehouse.build("scored.touchpoint_profile", union_of(touched, _TOUCHED))
    tables = ("profile_history", "touchpoint_history")
    return {f"scored.{name}": warehouse.build(f"scored.{name}", engine_select("scored", name)) for name in tables}


_WAYS_BEFORE = """select source, column_name, max_by(binned_by, run_date) from scored.profile_before
    where run_date < run_date() and binned_by is not null
    group by source, column_name"""


def _profile_source(warehouse: Warehouse, source: Source, known: dict[str, str | None]) -> None:
    """Tonight's figures of one source: two passes over its validated rows, and its number of raw rows."""
    table, name = f"validated.{source.name}", literal(source.name)
    columns = list(source.columns)
    counted = ", ".join(f"count({quoted(column)}), approx_count_distinct({quoted(column)})" for column in columns)
    rows, age, *figures = warehouse.rows(f"select count(*), {_age(source)}, {counted} from {table}")[0]
    warehouse.execute(
        f"insert into scored.profile (source, column_name, rows, age_days) "
        f"select {name}, '', count(*), {literal(age)} from raw.{source.name}"
    )
    filled = dict(zip(columns, figures[::2], strict=True))
    distinct = dict(zip(columns, figures[1::2], strict=True))
    ways = {column: _way(source, column, distinct[column], known[column]) for column in columns}
    binned = {column: f"histogram({bin_of(quoted(column), way)})" for column, way in ways.items() if way}
    listed = ", ".join(f"{expression} as b{place}" for place, expression in enumerate(binned.values()))
    warehouse.build("scored.binned", f"select {listed or '1 as none'} from {table}")
    places = {column: f"b{place}" for place, column in enumerate(binned)}
    for column in columns:
        values = (source.name, column, rows, rows - filled[column], distinct[column], None, ways[column])
        warehouse.execute(
            f"""insert into scored.profile
            select {", ".join(literal(value) for value in values)}, {places.get(column, "null")} from scored.binned"""
        )
    warehouse.execute("drop table scored.binned")


def _way(source: Source, name: str, distinct: int, before: str | None) -> str | None:
    """How a column is binned: by value, size, age or length; null for a key, of which every row has its own.

    A person's data is never told by its values.
    """
    column = source.columns[name]
    if name in source.key and len(source.key) == 1:
        return None
    may_be_told = not column.personal and column.type not in _DATED
    if may_be_told and distinct <= (MANY_VALUES if before == "value" else FEW_VALUES if before is None else 0):
        return "value"
    return _way_of_many(column)


def _way_of_many(column: Column) -> str:
    if column.type in _DATED:
        return "age"
    return "size" if column.type in _NUMBERS else "length"


def _age(source: Source, table: str = "") -> str:
    """The SQL expression of how many days old the newest row of a table is; a date to come is no news."""
    if source.freshness is None:
        return "cast(null as bigint)"
    day = f"cast({table}{quoted(source.freshness.column)} as date)"
    return f"date_diff('day', max(case when {day} <= run_date() then {day} end), run_date())"


def _touchpoints(source: Source) -> str:
    """A SELECT of the touchpoints in tonight's raw rows: how many rows each has, and how old its newest valid row is.

    Raw, because a channel that no expectation knows yet has its rows in quarantine.
    """
    told = source.touchpoint_column
    touchpoint = f"delivered.{quoted(told)}" if told else literal(source.touchpoint)
    return f"""select {literal(source.name)} as source, {literal(told or "")} as column_name,
    {touchpoint} as touchpoint, count(*) as rows, {_age(source, "valid.")} as age_days
from raw.{source.name} as delivered
left join validated.{source.name} as valid
    on valid.record_id = delivered.record_id
where {touchpoint} is not null
group by all"""
