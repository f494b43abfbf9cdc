"""What linkage found for each entity, as one table for all: edges, the review queue, and judgements."""

from collections.abc import Sequence

from dq_pipeline.config import Entity
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal


def union_entities(warehouse: Warehouse, entities: Sequence[Entity]) -> dict[str, int]:
    """Build edges, review_queue and judgements in `mastered`; table -> rows."""
    rows = {}
    for table, linked in (("edges", "edges"), ("review_queue", "review"), ("judgements", "judgements")):
        parts = "\nunion all by name\n".join(
            f"select {literal(entity.name)} as entity, * from linked.{entity.name}_{linked}" for entity in entities
        )
        warehouse.build_view(f"linked.all_{linked}", parts)
        rows[f"mastered.{table}"] = warehouse.build(f"mastered.{table}", engine_select("mastered", table))
    return rows
