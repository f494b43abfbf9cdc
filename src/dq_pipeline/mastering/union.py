"""What linkage found for each entity, as one table for all: edges, the review queue, and judgements."""

from collections.abc import Sequence

from dq_pipeline.config import Entity
from dq_pipeline.sql.selects import engine_select, union_of
from dq_pipeline.warehouse import Warehouse, literal

_PAIR = "entity varchar, record_id_l varchar, record_id_r varchar"
_WEIGHED = f"{_PAIR}, match_weight double, match_probability double"
# Published table -> the table of each entity that it is made of, and the columns that it reads there.
_TABLES = {
    "edges": ("edges", f"{_WEIGHED}, match_reason varchar, decision varchar"),
    "review_queue": ("review", f"{_WEIGHED}, reason varchar"),
    "judgements": (
        "judgements",
        f"{_PAIR}, judgement varchar, decided_by varchar, decided_at varchar, why varchar, status varchar",
    ),
}


def union_entities(warehouse: Warehouse, entities: Sequence[Entity]) -> dict[str, int]:
    """Build edges, review_queue and judgements in `mastered`; table -> rows."""
    rows = {}
    for table, (linked, columns) in _TABLES.items():
        parts = [
            f"select {literal(entity.name)} as entity, * from linked.{entity.name}_{linked}" for entity in entities
        ]
        warehouse.build_view(f"linked.all_{linked}", union_of(parts, columns))
        rows[f"mastered.{table}"] = warehouse.build(f"mastered.{table}", engine_select("mastered", table))
    return rows
