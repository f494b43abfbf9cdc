"""What the project file declares of promises and customers, as small tables that the project's SELECTs join."""

from collections.abc import Sequence

from dq_pipeline.config import Project
from dq_pipeline.config.base import DIMENSIONS
from dq_pipeline.warehouse import Warehouse, literal


def build_declared(warehouse: Warehouse, project: Project) -> None:
    """Build `mastered.declared_window` and `_lifecycle` (one row), `_tiers` (best first) and `_weights`."""
    settings = project.settings
    window, stages = settings.service.window, settings.lifecycle
    _table(warehouse, "window", "early_days integer, late_days integer", [(window.early_days, window.late_days)])
    limits = (stages.new_days, stages.active_days, stages.lapsing_days)
    _table(warehouse, "lifecycle", "new_days integer, active_days integer, lapsing_days integer", [limits])
    tiers = [
        (rank, tier.name, tier.max_recency_days, tier.min_orders, tier.min_value)
        for rank, tier in enumerate(settings.tiers, start=1)
    ]
    weights = [(dimension, settings.scores.weights.get(dimension, 1.0)) for dimension in DIMENSIONS]
    _table(warehouse, "weights", "dimension varchar, weight double", weights)
    columns = "rank integer, name varchar, max_recency_days integer, min_orders integer, min_value double"
    _table(warehouse, "tiers", columns, tiers)


def _table(warehouse: Warehouse, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    warehouse.execute(f"create or replace table mastered.declared_{name} ({columns})")
    for row in rows:
        values = ", ".join(literal(value) for value in row)
        warehouse.execute(f"insert into mastered.declared_{name} values ({values})")
