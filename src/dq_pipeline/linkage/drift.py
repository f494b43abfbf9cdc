"""How the pairs that are compared agree: what a model saw in training, and whether tonight's pairs still are like that.

The measure is the population stability index of a comparison: the sum over its levels of (tonight's share - trained
share) * ln(tonight's share / trained share). Below 0.1 nothing changed, above 0.25 the model is of another world.
"""

import math
from collections.abc import Sequence
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.model import ELSE_LABEL
from dq_pipeline.linkage.profiles import input_table, mentioned
from dq_pipeline.linkage.settings import null_condition
from dq_pipeline.warehouse import Warehouse, literal

SHIFTED, DRIFTED = 0.1, 0.25
MISSING = "missing"
# Enough for shares to a tenth of a percent, and few enough to compare in a second.
SAMPLE_PAIRS = 100_000
_SMALLEST_SHARE = 1e-4  # a level that one side has never seen; else one pair would weigh without bound
_PRIME = 1_000_003

_COLUMNS = """entity varchar, comparison varchar, label varchar, trained_share double, tonight_share double,
    psi double, status varchar"""


def observe(warehouse: Warehouse, entity: Entity) -> dict[str, dict[str, float]]:
    """Comparison -> level's label -> its share among a drawn part of the pairs in linked.<entity>_scored.

    Empty where no pair was compared. The same pairs are drawn whatever the order of the rows.
    """
    scored = f"linked.{entity.name}_scored"
    if not warehouse.has(scored) or not warehouse.count(scored):
        return {}
    texts = [text for one in entity.linkage.comparisons for text in _conditions(one)]
    columns = mentioned(list(warehouse.columns(input_table(entity))), texts)
    both = "".join(f",\n    l.{column} as {column}_l,\n    r.{column} as {column}_r" for column in columns)
    levels = ",\n".join(f"    {level_sql(one)} as {one.name}" for one in entity.linkage.comparisons)
    heads = f"(select profile_no, record_id from linked.{entity.name}_profiles where record_id = profile_id)"
    counted = "\nunion all\n".join(
        f"select {literal(one.name)}, {one.name} as label, count(*) as pairs from levels group by {one.name}"
        for one in entity.linkage.comparisons
    )
    rows = warehouse.rows(
        f"""with drawn as (
{_drawn(warehouse, scored)}
),
sides as (
select
    drawn.l as pair_l{both}
from drawn
inner join {heads} as heads_l
    on drawn.l = heads_l.profile_no
inner join {heads} as heads_r
    on drawn.r = heads_r.profile_no
inner join {input_table(entity)} as l
    on heads_l.record_id = l.record_id
inner join {input_table(entity)} as r
    on heads_r.record_id = r.record_id
),
levels as materialized (
select
{levels}
from sides
)
{counted}"""
    )
    totals = {one.name: sum(count for name, _, count in rows if name == one.name) for one in entity.linkage.comparisons}
    found = {(name, label): count / totals[name] for name, label, count in rows}
    return {
        one.name: {label: round(found.get((one.name, label), 0.0), 6) for label in labels(one)}
        for one in entity.linkage.comparisons
    }


def labels(comparison: Comparison) -> list[str]:
    """The labels of a comparison's levels, the strongest first, then what disagrees and what is missing."""
    return [*(level.label for level in comparison.levels), ELSE_LABEL, MISSING]


def level_sql(comparison: Comparison) -> str:
    """An SQL expression on a pair (columns x_l and x_r): the label of the level at which it is."""
    cases = [f"when {null_condition(comparison)} then {literal(MISSING)}"]
    cases += [f"when {level.sql} then {literal(level.label)}" for level in comparison.levels]
    return f"case {' '.join(cases)} else {literal(ELSE_LABEL)} end"


def _conditions(comparison: Comparison) -> list[str]:
    return [null_condition(comparison), *(level.sql for level in comparison.levels)]


def _drawn(warehouse: Warehouse, scored: str) -> str:
    total = warehouse.count(scored)
    if total <= SAMPLE_PAIRS:
        return f"select l, r from {scored}"
    part = round(_PRIME * SAMPLE_PAIRS / total)
    return f"select l, r from {scored} where (l * 7919 + r * 104729) % {_PRIME} < {part}"


def stability_index(trained: dict[str, float], tonight: dict[str, float]) -> float:
    """The population stability index of two distributions over the same levels."""
    index = 0.0
    for label in trained.keys() | tonight.keys():
        before = max(trained.get(label, 0.0), _SMALLEST_SHARE)
        now = max(tonight.get(label, 0.0), _SMALLEST_SHARE)
        index += (now - before) * math.log(now / before)
    return round(index, 4)


def drift(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Rows (entity, comparison, label, trained share, tonight's share, index of the comparison, status).

    Status is ok, shifted, drifted, or unknown where the model does not say what it saw or nothing was compared.
    """
    trained, tonight = model.get("observed") or {}, observe(warehouse, entity)
    rows: list[tuple[Any, ...]] = []
    for comparison in entity.linkage.comparisons:
        before, now = trained.get(comparison.name), tonight.get(comparison.name)
        index = stability_index(before, now) if before and now else None
        for label in labels(comparison):
            shares = (before or {}).get(label), (now or {}).get(label)
            rows.append((entity.name, comparison.name, label, *shares, index, _status(index)))
    return rows


def _status(index: float | None) -> str:
    if index is None:
        return "unknown"
    return "drifted" if index > DRIFTED else "shifted" if index > SHIFTED else "ok"


def build_drift(warehouse: Warehouse, models: Sequence[tuple[Entity, dict[str, Any]]]) -> int:
    """Build `scored.model_drift` for all entities with their models in force; returns its number of rows."""
    warehouse.execute(f"create or replace table scored.model_drift ({_COLUMNS})")
    for entity, model in models:
        rows = drift(warehouse, entity, model)
        values = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows)
        warehouse.execute(f"insert into scored.model_drift values {values}")
    return warehouse.count("scored.model_drift")
