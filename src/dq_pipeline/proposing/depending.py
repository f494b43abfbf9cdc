"""Columns of a source that follow each other, or that are filled by what another says; proposed, not decided."""

from collections.abc import Iterator, Sequence

from dq_pipeline.config import Source
from dq_pipeline.proposing.draft_parts import DAYS, ENOUGH, LEAST_IN_SET, MOST_NULLS, Expectation, Seen, made, of
from dq_pipeline.sql.declared_types import cast_to_declared, filled
from dq_pipeline.warehouse import Warehouse, literal, quoted


def orders(warehouse: Warehouse, source: Source, seen: Sequence[Seen]) -> Iterator[Expectation]:
    """Days that follow each other in nearly all rows."""
    days = [one for one in seen if one.column.type in DAYS and not one.is_personal]
    for later in days:
        for earlier in days:
            if later is earlier:
                continue
            parts = [f"cast({cast_to_declared(one.name, one.column)} as timestamp)" for one in (later, earlier)]
            both, right, apart = warehouse.rows(
                f"""select count(*), count(*) filter (where a >= b), count(*) filter (where a > b)
                from (select {parts[0]} as a, {parts[1]} as b from raw.{source.name})
                where a is not null and b is not null"""
            )[0]
            if both >= 20 and right / both >= ENOUGH and apart:
                said = f"{later.name} is not before {earlier.name}"
                yield made(
                    "expect_column_pair_values_a_to_be_greater_than_b",
                    f"{later.name}_before_{earlier.name}",
                    "consistency",
                    said,
                    of(right, both),
                    share=right / both,
                    column_A=later.name,
                    column_B=earlier.name,
                    or_equal=True,
                    ignore_row_if="either_value_is_missing",
                )


def depending(warehouse: Warehouse, source: Source, seen: Sequence[Seen]) -> Iterator[Expectation]:
    """Columns that are filled, or blank, by what another column says."""
    for told in seen:
        common = [value for value, times in told.values if times >= max(20, LEAST_IN_SET * told.filled)]
        for one in seen if 2 <= len(common) <= 12 else ():
            blank = 1 - one.filled / one.rows
            if one is told or not MOST_NULLS < blank < 1 - MOST_NULLS:
                continue
            for value in common:
                rows, given = warehouse.rows(
                    f"""select count(*), count({filled(quoted(one.name))}) from raw.{source.name}
                    where {quoted(told.name)} = {literal(value)}"""
                )[0]
                yield from _where(told, value, one, rows, given, blank)


def _where(told: Seen, value: str, one: Seen, rows: int, given: int, blank: float) -> Iterator[Expectation]:
    """Filled or blank in nearly all rows of a value, and clearly more so than in all rows."""
    condition = {"column": {"name": told.name}, "operator": "==", "parameter": value, "type": "comparison"}
    share = given / rows
    if share >= ENOUGH and (1 - share) < blank / 2:
        said = f"{one.name} is given where {told.name} is {value}"
        yield made(
            "expect_column_values_to_not_be_null",
            f"missing_{one.name}",
            "consistency",
            said,
            of(given, rows),
            share=share,
            column=one.name,
            row_condition=condition,
        )
    elif 1 - share >= ENOUGH and share < (1 - blank) / 2:
        said = f"{one.name} is blank where {told.name} is {value}"
        yield made(
            "expect_column_values_to_be_null",
            f"unasked_{one.name}",
            "consistency",
            said,
            of(rows - given, rows),
            share=1 - share,
            column=one.name,
            row_condition=condition,
        )
