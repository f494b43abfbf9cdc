"""What each resolved record says, as one short mark: by it two nights tell which records their source changed."""

from collections.abc import Sequence

from dq_pipeline.config import Entity
from dq_pipeline.sql.selects import engine_select, union_of
from dq_pipeline.warehouse import Warehouse, literal, quoted

CONTENTS = "entity varchar, record_id varchar, content varchar"


def build_contents(warehouse: Warehouse, entities: Sequence[Entity]) -> int:
    """Build `mastered.record_contents` and return its number of rows.

    The mark is made of the conformed values, before anything is standardized: a better macro changes no record.
    """
    selects = [_marks(warehouse, entity) for entity in entities]
    warehouse.build_view("mastered.contents", union_of(selects, CONTENTS))
    return warehouse.build("mastered.record_contents", engine_select("mastered", "record_contents"))


def _marks(warehouse: Warehouse, entity: Entity) -> str:
    table = f"standardized.{entity.name}_conformed"
    names = sorted(name for name in warehouse.columns(table) if name != "record_id")
    values = ", ".join(f"coalesce(cast({quoted(name)} as varchar), '')" for name in names)
    return f"""select
    {literal(entity.name)} as entity,
    record_id,
    left(md5(concat_ws(chr(31), {values})), 16) as content
from {table}"""
