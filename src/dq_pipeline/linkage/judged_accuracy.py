"""How right linkage is by the stewards' judgements, each night, as a table."""

from collections.abc import Sequence

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.evaluation import JudgedEvaluation, evaluate_judgements
from dq_pipeline.sql.selects import union_of
from dq_pipeline.warehouse import Warehouse, literal

_FIGURES = ("precision", "recall")
_COUNTS = ("same", "different", "merged_same", "merged_different")
_SHARES = tuple(f"{figure}{part}" for figure in _FIGURES for part in ("", "_from", "_to"))
_COLUMNS = ", ".join(
    ["entity varchar", *(f"{name} integer" for name in _COUNTS), *(f"{name} double" for name in _SHARES)]
)


def build_judged_accuracy(warehouse: Warehouse, entities: Sequence[Entity]) -> int:
    """Build linked.all_judged_accuracy: one row is an entity; its shares are null where no judged pair tells them."""
    selects = [_select(warehouse, entity) for entity in entities]
    return warehouse.build("linked.all_judged_accuracy", union_of(selects, _COLUMNS))


def _select(warehouse: Warehouse, entity: Entity) -> str:
    found = JudgedEvaluation(0, 0, 0, 0)
    if warehouse.has(f"linked.{entity.name}_merges") and warehouse.count(f"linked.{entity.name}_judgements"):
        found = evaluate_judgements(warehouse, entity.name)
    columns = [f"cast({getattr(found, name)} as integer) as {name}" for name in _COUNTS]
    for figure in _FIGURES:
        low, high = getattr(found, f"{figure}_range") or (None, None)
        shares = {figure: getattr(found, figure), f"{figure}_from": low, f"{figure}_to": high}
        columns += [f"cast({_rounded(share)} as double) as {name}" for name, share in shares.items()]
    return f"select {literal(entity.name)} as entity, {', '.join(columns)}"


def _rounded(share: float | None) -> str:
    return literal(None if share is None else round(share, 6))
