"""What a report is read from: a run's tables, and the first rows of a list with the count of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dq_pipeline.scorecard.masking import mask_value
from dq_pipeline.warehouse import Warehouse, literal

LIST_ROWS = 25

Row = dict[str, Any]
Section = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """The first rows of a list, how many there are in all, and the table that holds all of them."""

    rows: Sequence[Row]
    total: int
    table: str


@dataclass(frozen=True)
class Night:
    """What the sections are read from: the run's tables, its id and date, and the columns declared personal.

    With an `owner`, lists that name owners hold that one's rows alone. `is_unmasked` shows people in clear.
    """

    warehouse: Warehouse
    run_id: str
    run_date: date
    personal: frozenset[str] = frozenset()
    owner: str | None = None
    is_unmasked: bool = False

    @property
    def mine(self) -> str:
        """An SQL condition on a row's owner."""
        return f"owner = {literal(self.owner)}" if self.owner else "true"

    def listing(self, table: str, select: str, parameters: Sequence[Any] = (), most: int = LIST_ROWS) -> Listing:
        """The first `most` rows of a SELECT whose order is total, with the count of all."""
        total = int(self.warehouse.value(f"select count(*) from ({select}) as listed", parameters))
        return Listing(self.warehouse.records(f"{select} limit {most}", parameters), total, table)

    def shown(self, column: str, value: object) -> object:
        """A column's value as a reader of this report may see it."""
        return value if self.is_unmasked else mask_value(column, value, self.personal)

    def has(self, *tables: str) -> bool:
        """Whether all these tables exist."""
        return all(self.warehouse.has(table) for table in tables)
