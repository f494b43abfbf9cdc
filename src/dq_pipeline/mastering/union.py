"""What linkage found for each entity, as one table for all: edges, judgements, and the queue of what to review."""

from collections.abc import Sequence
from pathlib import Path

from dq_pipeline.config import Entity
from dq_pipeline.errors import ConfigError
from dq_pipeline.sql.selects import engine_select, union_of
from dq_pipeline.warehouse import Warehouse, literal

_PAIR = "entity varchar, record_id_l varchar, record_id_r varchar"
_WEIGHED = f"{_PAIR}, match_weight double, match_probability double"
# Table of each entity -> the columns that are read of it, where there is no entity.
_LINKED = {
    "edges": f"{_WEIGHED}, match_reason varchar, decision varchar",
    "review": f"{_WEIGHED}, reason varchar",
    "confusable": f"{_PAIR}, kind varchar",
    "evidence": f"{_PAIR}, place integer, comparison varchar, level varchar, bits float",
    "judgements": (
        f"{_PAIR}, judgement_id varchar, judgement varchar, decided_by varchar, decided_at varchar, why varchar,"
        " status varchar, changed varchar"
    ),
}
_STAKE = "entity varchar, master_id varchar, order_id varchar, value double, is_open boolean"
STAKE_COLUMNS = tuple(column.split()[0] for column in _STAKE.split(", "))


def union_entities(warehouse: Warehouse, entities: Sequence[Entity]) -> dict[str, int]:
    """Build edges, judgements, review_queue and review_evidence in `mastered`; table -> rows.

    The queue reads mastered.stake, of `build_stake`.
    """
    for linked, columns in _LINKED.items():
        parts = [
            f"select {literal(entity.name)} as entity, * from linked.{entity.name}_{linked}"
            for entity in entities
            if warehouse.has(f"linked.{entity.name}_{linked}")
        ]
        warehouse.build_view(f"linked.all_{linked}", union_of(parts, columns))
    tables = ("edges", "judgements", "at_stake", "queued", "review_queue", "review_evidence")
    rows = {f"mastered.{name}": warehouse.build(f"mastered.{name}", engine_select("mastered", name)) for name in tables}
    return {table: count for table, count in rows.items() if table not in {"mastered.at_stake", "mastered.queued"}}


def build_stake(warehouse: Warehouse, select: str | None, where: Path) -> None:
    """Build mastered.stake, the project's SELECT of what a master suffers where it is mistaken; empty without one.

    Raises ConfigError where a column is missing.
    """
    if select is None:
        warehouse.execute(f"create or replace table mastered.stake ({_STAKE})")
        return
    warehouse.build("mastered.stake", select, where=where)
    missing = [name for name in STAKE_COLUMNS if name not in warehouse.columns("mastered.stake")]
    if missing:
        raise ConfigError(
            f"the column {missing[0]} is missing",
            where=where,
            remedy=f"give one row for each master and order, with the columns {', '.join(STAKE_COLUMNS)}",
        )
