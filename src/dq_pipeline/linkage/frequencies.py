"""How frequent the values of each profile are among strangers: agreeing in a rare one says more."""

from collections.abc import Sequence
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.warehouse import Warehouse


def frequencies_table(entity: Entity) -> str:
    """The table of the frequencies."""
    return f"linked.{entity.name}_frequencies"


def build_frequencies(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], comparisons: Sequence[Comparison]
) -> None:
    """Build linked.<entity>_frequencies (profile_no, f_<column>...): one row is one profile, null where a value is."""
    rows = f"linked.{entity.name}_profile_rows"
    u_of = {entry["name"]: entry["levels"] for entry in model["comparisons"]}
    selects = {
        column: _frequency_select(rows, comparison, column, u_of[comparison.name][place]["u"])
        for comparison in comparisons
        for place, column in enumerate(comparison.frequencies())
        if column
    }
    columns = "".join(f",\n    of_{column}.frequency as f_{column}" for column in selects)
    joins = "\n".join(
        f"left join (\n{select}\n) as of_{column}\n    on profiles.{column} = of_{column}.{column}"
        for column, select in selects.items()
    )
    warehouse.build(
        frequencies_table(entity),
        f"select\n    profiles.profile_no{columns}\nfrom {rows} as profiles\n{joins}\norder by profiles.profile_no",
    )


def _frequency_select(rows: str, comparison: Comparison, column: str, u: float) -> str:
    """A SELECT (value, frequency) of a column of the profiles.

    Of a name: its share. A pair that agrees holds the value twice by itself, so 1.5 is taken off its count; the floor
    keeps the rarest values from weighing without bound (a floor of one in all would make data of names only
    unmatchable). Of an identifier (`counted_by`): strangers do not draw it by chance, so it starts from u, or from half
    a holder if that is less, and grows with its holders; one holder more is forgiven, for names are mistyped.
    """
    parts = [f"coalesce(cast({part} as varchar), '')" for part in comparison.counted_by]
    if parts:
        holders = f"count(distinct {' || chr(31) || '.join(parts)})"
        frequency = f"greatest(holders - 1, 1) * least({u!r}, 0.5 / (select sum(holders) from counts))"
    else:
        holders = "count(*)"
        frequency = f"""greatest(
        greatest(holders - 1.5, 0.5) / (select sum(holders) from counts),
        0.3 / (select count(*) from {rows})
    )"""
    return f"""with counts as (
select
    {column},
    {holders} as holders
from {rows}
where {column} is not null
group by {column}
)
select
    {column},
    {frequency} as frequency
from counts"""
