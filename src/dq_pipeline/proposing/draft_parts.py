"""What a draft is made of: what was seen of each column, and one proposed expectation."""

import math
from dataclasses import dataclass
from typing import Any

from dq_pipeline.config import Column
from dq_pipeline.proposing.shapes import Shape

Expectation = dict[str, Any]
NUMBERS, DAYS = ("integer", "decimal"), ("date", "timestamp")
# A property is proposed where so large a share of the rows has it.
ENOUGH = 0.97
MOST_NULLS = 0.05
LEAST_IN_SET = 0.005


@dataclass(frozen=True)
class Seen:
    """What a column's rows are like: how many there are, how many are filled, how many values differ."""

    name: str
    column: Column
    rows: int
    filled: int
    distinct: int
    is_personal: bool
    values: tuple[tuple[str, int], ...] = ()
    shape: Shape | None = None


def made(
    kind: str,
    code: str,
    dimension: str,
    said: str,
    told: str,
    *,
    share: float = 1.0,
    severity: str = "warning",
    **kwargs: Any,
) -> Expectation:
    """An expectation; `share` of the rows meet it, rounded down, and `told` says of how many that was learned."""
    if share < 1:
        kwargs["mostly"] = math.floor(share * 1000) / 1000
    meta = {"code": code, "dimension": dimension}
    return {"description": said, "kwargs": kwargs, "meta": meta, "notes": told, "severity": severity, "type": kind}


def of(count: int, rows: int) -> str:
    """Of how many rows something was learned."""
    return f"{count:,} of {rows:,} rows"
