"""Where the customer meets the company: what each touchpoint knows of the truth, and how often it fails them."""

from pathlib import Path

from dq_pipeline.config import Entity, Project
from dq_pipeline.scorecard.declaring import values
from dq_pipeline.sql.selects import engine_select, union_of
from dq_pipeline.warehouse import Warehouse, literal, quoted

_COUNTS = "entity varchar, attribute varchar, touchpoint varchar, agree bigint, contradict bigint, missing bigint"
_BEFORE = """run_date date, entity varchar, attribute varchar, touchpoint varchar, below_since date,
    nights_below integer"""
# What stands between the parts of a column's name in the one wide pass.
_PARTS = ("agree", "contradict", "missing")


def build_touchpoints(warehouse: Warehouse, project: Project, previous: Path | None) -> dict[str, int]:
    """Build `scored.touchpoint_matrix` and `scored.touchpoint_service`; table -> rows.

    Needs golden records, tonight's touchpoint profile, and the outcomes of orders.
    """
    warehouse.execute(f"create or replace table scored.touchpoint_counts ({_COUNTS})")
    for entity in project.entities:
        _count(warehouse, project, entity)
    matrix = project.settings.touchpoint_matrix
    values(warehouse, "scored.touchpoint_settings", "agreement double", [(matrix.agreement,)])
    values(warehouse, "scored.touchpoint_targets", "name varchar, agreement double", matrix.targets.items())
    values(warehouse, "scored.touchpoints", "touchpoint varchar", [(name,) for name in project.settings.touchpoints])
    warehouse.recall(previous, "scored.touchpoint_matrix_before", "quality.touchpoint_matrix", _BEFORE)
    tables = ("touchpoint_matrix", "touchpoint_service")
    return {f"scored.{name}": warehouse.build(f"scored.{name}", engine_select("scored", name)) for name in tables}


def _count(warehouse: Warehouse, project: Project, entity: Entity) -> None:
    """One pass over an entity's records: for each golden field, those that agree, contradict, or have no value."""
    ignored = {*project.settings.touchpoint_matrix.ignore, f"{entity.name}.{entity.golden.dated_by}"}
    fields = [field for field in entity.golden.fields if f"{entity.name}.{field.name}" not in ignored]
    columns = {field.name: field.taken()[0] for field in fields}
    if not columns:
        return
    sums = ",\n".join(
        f"    sum(case when {condition} then 1 else 0 end) as {part}_{place}"
        for place, column in enumerate(columns.values())
        for part, condition in zip(_PARTS, _conditions(warehouse, entity, column), strict=True)
    )
    touched = [
        f"select record_id, {_touchpoint(project, name)} as touchpoint from validated.{name}" for name in entity.sources
    ]
    key = quoted(entity.id_column)
    warehouse.build(
        "scored.touchpoint_sums",
        f"""select touched.touchpoint,
{sums}
from mastered.{entity.name}_records as records
join mastered.{entity.name}_golden as golden
    on golden.{key} = records.{key}
join ({union_of(touched, "record_id varchar, touchpoint varchar")}) as touched
    on touched.record_id = records.record_id
group by touched.touchpoint""",
    )
    for place, attribute in enumerate(columns):
        counts = ", ".join(f"{part}_{place}" for part in _PARTS)
        warehouse.execute(
            f"""insert into scored.touchpoint_counts
            select {literal(entity.name)}, {literal(attribute)}, touchpoint, {counts} from scored.touchpoint_sums"""
        )
    warehouse.execute("drop table scored.touchpoint_sums")


def _conditions(warehouse: Warehouse, entity: Entity, column: str) -> tuple[str, str, str]:
    """When a record agrees with the golden value, contradicts it, and has no value where there is one."""
    record, golden = f"records.{quoted(column)}", f"golden.{quoted(column)}"
    is_text = warehouse.columns(f"mastered.{entity.name}_golden")[column] == "VARCHAR"
    same = f"lower({record}) = lower({golden})" if is_text else f"{record} = {golden}"
    return same, f"not ({same})", f"{record} is null and {golden} is not null"


def _touchpoint(project: Project, name: str) -> str:
    """A record's touchpoint: what its row says, or its source's."""
    source = project.source(name)
    whole = literal(source.touchpoint)
    return f"coalesce({quoted(source.touchpoint_column)}, {whole})" if source.touchpoint_column else whole
