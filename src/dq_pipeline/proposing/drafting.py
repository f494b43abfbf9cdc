"""A draft of a source's suite from its data: what most rows are like, within robust limits, for a person to review.

Nothing of the draft is a bare minimum, maximum or list of what is there: limits are quantiles with room to spare, rare
values are left out of sets, and `mostly` says which share of the rows is as proposed. Of personal columns only the form
is told, never a value.
"""

import json
import math
import uuid
from collections.abc import Iterator, Sequence
from datetime import date

from dq_pipeline.config import Source
from dq_pipeline.proposing.depending import depending, orders
from dq_pipeline.proposing.draft_parts import (
    DAYS,
    ENOUGH,
    LEAST_IN_SET,
    MOST_NULLS,
    NUMBERS,
    Expectation,
    Seen,
    made,
    of,
)
from dq_pipeline.proposing.shapes import PLACEHOLDER, pattern_of
from dq_pipeline.scorecard.masking import is_personal
from dq_pipeline.sql.declared_types import cast_to_declared, filled
from dq_pipeline.warehouse import Warehouse, literal, quoted

_SPACE = uuid.UUID("6f0c3e0e-5a83-4d0c-8d0c-0a3d9a4c5b11")
# A set has no more values, each in so many rows; the rest is taken for slips.
LARGEST_SET, LEAST_ROWS_A_VALUE = 40, 10
OUTER = 0.005


def look(warehouse: Warehouse, source: Source, personal: frozenset[str]) -> list[Seen]:
    """Every column of `raw.<source>`, with the common values of those that have few and are not personal."""
    table = f"raw.{source.name}"
    seen = []
    for name, column in source.columns.items():
        value = filled(quoted(name))
        rows, count, distinct = warehouse.rows(
            f"select count(*), count({value}), count(distinct {value}) from {table}"
        )[0]
        private = column.personal or is_personal(name, personal)
        values: tuple[tuple[str, int], ...] = ()
        if (
            column.type == "text"
            and not private
            and 0 < distinct <= LARGEST_SET
            and count >= distinct * LEAST_ROWS_A_VALUE
        ):
            query = f"""select {value} as _value, count(*) as _times from {table}
                where {value} is not null group by _value order by _times desc, _value"""
            values = tuple((str(one), int(times)) for one, times in warehouse.rows(query))
        shape = (
            pattern_of(warehouse, table, name, keep_letters=not private) if column.type == "text" and count else None
        )
        seen.append(Seen(name, column, int(rows), int(count), int(distinct), private, values, shape))
    return seen


def draft(warehouse: Warehouse, source: Source, seen: Sequence[Seen], run_date: date) -> list[Expectation]:
    """The proposed expectations: of the table and its key, then column by column, then across columns."""
    drafted = [*_table(source, seen)]
    for one in seen:
        if one.filled:
            drafted += [*_nulls(source, one), *_values(warehouse, source, one, run_date)]
    drafted += [*orders(warehouse, source, seen), *depending(warehouse, source, seen)]
    for one_made in drafted:
        one_made["meta"]["owner"] = source.owner
        text = json.dumps([one_made["type"], one_made["kwargs"]], sort_keys=True)
        one_made["id"] = str(uuid.uuid5(_SPACE, f"{source.name} {text}"))
    return drafted


def as_suite(source: Source, expectations: Sequence[Expectation]) -> str:
    """The draft as Great Expectations' JSON."""
    document = {
        "expectations": list(expectations),
        "id": str(uuid.uuid5(_SPACE, f"{source.name} draft")),
        "meta": {"great_expectations_version": "1.24.1"},
        "name": source.name,
        "notes": None,
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _table(source: Source, seen: Sequence[Seen]) -> Iterator[Expectation]:
    rows = seen[0].rows
    kind = "expect_table_row_count_to_be_between"
    least = max(1, rows // 2)
    yield made(
        kind,
        "no_rows",
        "completeness",
        f"The extract has at least {least:,} rows",
        f"{rows:,} rows",
        severity="critical",
        min_value=least,
    )
    kind = "expect_table_columns_to_match_set"
    said = "The extract has every column of its contract"
    yield made(
        kind,
        "wrong_columns",
        "consistency",
        said,
        f"{len(seen)} columns",
        severity="critical",
        column_set=list(source.columns),
        exact_match=False,
    )
    for name in source.key:
        one = next(each for each in seen if each.name == name)
        said = f"{name} is not blank: it is of the key"
        share = one.filled / one.rows
        yield made(
            "expect_column_values_to_not_be_null",
            "missing_key",
            "completeness",
            said,
            of(one.filled, one.rows),
            share=share,
            severity="critical",
            column=name,
        )


def _nulls(source: Source, one: Seen) -> Iterator[Expectation]:
    share = one.filled / one.rows
    if one.name not in source.key and share >= 1 - MOST_NULLS:
        yield made(
            "expect_column_values_to_not_be_null",
            f"missing_{one.name}",
            "completeness",
            f"{one.name} is given",
            of(one.filled, one.rows),
            share=share,
            column=one.name,
        )


def _values(warehouse: Warehouse, source: Source, one: Seen, run_date: date) -> Iterator[Expectation]:
    """What the filled values of a column are: of a set, of a form, of a range, of a length, unique."""
    if one.column.type in NUMBERS and not one.is_personal:
        yield from _number_range(warehouse, source, one)
    elif one.column.type in DAYS and not one.is_personal:
        yield from _day_range(warehouse, source, one, run_date)
    elif one.column.type == "text":
        yield from _text(warehouse, source, one)
    if one.name not in source.key and one.distinct >= 50 and one.shape is not None and one.shape.share >= ENOUGH:
        yield from _unique(warehouse, source, one)


def _text(warehouse: Warehouse, source: Source, one: Seen) -> Iterator[Expectation]:
    kept = [(value, times) for value, times in one.values if times >= max(3, LEAST_IN_SET * one.filled)]
    share = sum(times for _, times in kept) / one.filled
    if kept and share >= ENOUGH:
        said = f"{one.name} is one of {', '.join(value for value, _ in kept)}"
        yield made(
            "expect_column_values_to_be_in_set",
            f"bad_{one.name}",
            "validity",
            said,
            of(sum(t for _, t in kept), one.filled),
            share=share,
            column=one.name,
            value_set=[value for value, _ in kept],
        )
        return
    if one.shape is not None and one.shape.share >= ENOUGH:
        said = f"{one.name} has the form {one.shape.told}"
        told = of(one.shape.rows, one.filled)
        yield made(
            "expect_column_values_to_match_regex",
            f"bad_{one.name}",
            "validity",
            said,
            told,
            share=one.shape.share,
            column=one.name,
            regex=one.shape.regex,
        )
        if one.shape.is_whole:
            return
    text = quoted(one.name)
    longest, fits, real = warehouse.rows(
        f"""with lengths as (
            select length({text}) as n, {text} as v from raw.{source.name} where {filled(text)} is not null
        ),
        limits as (select cast(ceil(quantile_disc(n, 0.999) * 1.5 / 10) * 10 as bigint) as longest from lengths)
        select any_value(longest), count(*) filter (where n <= longest),
            count(*) filter (where not regexp_matches(v, {literal(PLACEHOLDER)})) from lengths, limits"""
    )[0]
    said = f"{one.name} has at most {longest} characters"
    yield made(
        "expect_column_value_lengths_to_be_between",
        "too_long",
        "validity",
        said,
        of(fits, one.filled),
        share=fits / one.filled,
        column=one.name,
        max_value=int(longest),
    )
    said = f"{one.name} is a real value, no placeholder such as N/A, TEST or XXX"
    yield made(
        "expect_column_values_to_not_match_regex",
        "placeholder_value",
        "validity",
        said,
        of(real, one.filled),
        share=real / one.filled,
        column=one.name,
        regex=PLACEHOLDER,
    )


def _number_range(warehouse: Warehouse, source: Source, one: Seen) -> Iterator[Expectation]:
    typed = f"cast({cast_to_declared(one.name, one.column)} as double)"
    low, high, least_share = warehouse.rows(
        f"""select quantile_disc(v, {OUTER}), quantile_disc(v, {1 - OUTER}), avg(cast(v >= 0 as integer))
        from (select {typed} as v from raw.{source.name}) where v is not null"""
    )[0]
    if low is None:
        return
    room = max(high - low, 1.0)
    # What is hardly ever negative is not meant to be.
    lowest = 0.0 if low >= 0 and least_share >= ENOUGH else _outward(low - room, down=True)
    highest = _outward(high + room, down=False)
    inside, known = warehouse.rows(
        f"""select count(*) filter (where v between {lowest} and {highest}), count(v)
        from (select {typed} as v from raw.{source.name})"""
    )[0]
    said = f"{one.name} is between {lowest:,.15g} and {highest:,.15g}"
    yield made(
        "expect_column_values_to_be_between",
        f"bad_{one.name}",
        "validity",
        said,
        of(inside, known),
        share=inside / known,
        column=one.name,
        min_value=lowest,
        max_value=highest,
    )


def _outward(value: float, *, down: bool) -> float:
    """`value` with two digits that say something, rounded away from the data."""
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return float(round((math.floor if down else math.ceil)(value / step) * step, 6))


def _day_range(warehouse: Warehouse, source: Source, one: Seen, run_date: date) -> Iterator[Expectation]:
    typed = f"cast({cast_to_declared(one.name, one.column)} as timestamp)"
    query = f"""with typed as (select {typed} as v from raw.{source.name}),
        first as (select year(quantile_disc(v, {OUTER})) as year from typed)
        select any_value(year), count(v), count(*) filter (where v >= make_date(year, 1, 1)),
            count(*) filter (where v < date '{run_date}' + interval 1 day)
        from typed, first"""
    year, known, since, past = warehouse.rows(query)[0]
    if not known:
        return
    first = f"{int(year)}-01-01"
    yield made(
        "expect_column_values_to_be_between",
        f"odd_{one.name}",
        "accuracy",
        f"{one.name} is not before {first}",
        of(since, known),
        share=since / known,
        column=one.name,
        min_value=first,
    )
    if past / known >= ENOUGH:
        yield made(
            "expect_column_values_to_be_between",
            f"future_{one.name}",
            "timeliness",
            f"{one.name} is not after the run date",
            of(past, known),
            share=past / known,
            column=one.name,
            max_value={"$PARAMETER": "run_date_end"},
        )


def _unique(warehouse: Warehouse, source: Source, one: Seen) -> Iterator[Expectation]:
    value = quoted(one.name)
    alone = warehouse.value(
        f"""select coalesce(sum(n), 0) from (
            select count(*) as n from raw.{source.name} where {value} is not null group by {value} having n = 1
        )"""
    )
    if alone / one.filled >= ENOUGH:
        yield made(
            "expect_column_values_to_be_unique",
            f"repeated_{one.name}",
            "uniqueness",
            f"No two rows have one {one.name}",
            of(int(alone), one.filled),
            share=float(alone) / one.filled,
            column=one.name,
        )
