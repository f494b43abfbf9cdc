"""Between which two systems a pair is: how often pairs match differs by that, and is learned for each two of them."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

from dq_pipeline.config.entity import Entity
from dq_pipeline.warehouse import Warehouse, literal

_MOST_SYSTEMS = 12
_FEWEST_PROFILES = 100  # of a system, or nothing can be learned of it


@dataclass(frozen=True)
class Systems:
    """The systems of an entity's profiles that have a match prior of their own; none where they are too many or small.

    `pairs` names each two of them, in the order of their numbers; `possible` counts their possible pairs.
    """

    table: str
    column: str | None
    pairs: tuple[tuple[str, str], ...]
    possible: tuple[float, ...]

    def joins(self, left: str, right: str) -> str:
        """SQL joins that bring the systems of two profile numbers, as columns of system_l and system_r."""
        if not self.column:
            return ""
        return f"""inner join {self.table} as system_l
    on {left} = system_l.profile_no
inner join {self.table} as system_r
    on {right} = system_r.profile_no"""

    @property
    def group_sql(self) -> str:
        """An SQL expression over those joins: the number of the two systems."""
        return self.choose([str(number) for number in range(len(self.pairs))], "0")

    def choose(self, values: list[str], otherwise: str) -> str:
        """An SQL expression over those joins: the value that stands at the number of the two systems."""
        if not self.column:
            return otherwise
        low, high = (f"{end}(system_l.{self.column}, system_r.{self.column})" for end in ("least", "greatest"))
        cases = " ".join(
            f"when {low} = {literal(first)} and {high} = {literal(second)} then {value}"
            for (first, second), value in zip(self.pairs, values, strict=True)
        )
        return f"case {cases} else {otherwise} end"


def find_systems(warehouse: Warehouse, entity: Entity) -> Systems:
    """The systems among linked.<entity>_profile_rows."""
    table, column = f"linked.{entity.name}_profile_rows", entity.linkage.prior_by
    total = warehouse.count(table)
    whole = Systems(table, None, (("", ""),), (total * (total - 1) / 2,))
    if not column:
        return whole
    counts = dict(warehouse.rows(f"select {column}, count(*) from {table} group by 1 order by 1"))
    if not 2 <= len(counts) <= _MOST_SYSTEMS or None in counts or min(counts.values()) < _FEWEST_PROFILES:
        return whole
    pairs = tuple(combinations_with_replacement(sorted(counts), 2))
    possible = tuple(
        counts[one] * (counts[one] - 1) / 2 if one == other else float(counts[one] * counts[other])
        for one, other in pairs
    )
    return Systems(table, column, pairs, possible)
