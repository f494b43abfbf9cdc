"""Expectations of one suite that say the same, or that no value can meet both; judged without data.

Two expectations contradict each other where no filled value could pass both on the rows that both look at. What
cannot be known (a bound that is the run date, a pattern against a range) counts as no contradiction.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dq_pipeline.config.source import ColumnType

Expectation = Mapping[str, Any]

_NULL, _NOT_NULL = "expect_column_values_to_be_null", "expect_column_values_to_not_be_null"
_IN, _NOT_IN = "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set"
_MATCH, _NOT_MATCH = "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"
_BETWEEN, _GREATER = "expect_column_values_to_be_between", "expect_column_pair_values_a_to_be_greater_than_b"
_LENGTHS, _LENGTH = "expect_column_value_lengths_to_be_between", "expect_column_value_lengths_to_equal"
_OF_TYPE, _IN_TYPES = "expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"
# Row conditions and `mostly` say on which rows an expectation looks; notes of GX change nothing.
_IDLE = ("notes", "meta", "result_format", "catch_exceptions", "condition_parser")


def is_same(one: Expectation, other: Expectation) -> bool:
    """Whether both say the same; severity, code and description may differ."""
    return one["type"] == other["type"] and _said(one) == _said(other)


def _said(expectation: Expectation) -> str:
    kept = {name: value for name, value in expectation["kwargs"].items() if name not in _IDLE and value is not None}
    if "mostly" in kept and kept["mostly"] == 1:
        del kept["mostly"]
    for name, value in kept.items():
        if name in {"value_set", "column_set", "type_list"} and isinstance(value, list):
            kept[name] = sorted(json.dumps(item) for item in value)
        elif name in {"min_value", "max_value"} and isinstance(value, int | float):
            kept[name] = float(value)
        elif name == "unexpected_rows_query":
            kept[name] = " ".join(str(value).lower().split())
    return json.dumps(kept, sort_keys=True)


def contradiction(one: Expectation, other: Expectation) -> str | None:
    """Why no filled value can meet both, or None where one can."""
    if not _share_rows(one, other):
        return None
    for first, second in ((one, other), (other, one)):
        for judge in _JUDGES:
            found = judge(first, second)
            if found:
                return found
    return None


def own_contradiction(expectation: Expectation) -> str | None:
    """Why no filled value can meet an expectation by itself, or None."""
    kwargs = expectation["kwargs"]
    if "min_value" in kwargs and "max_value" in kwargs and _is_empty([_bounds(expectation)]):
        return f"nothing lies between {_shown(kwargs['min_value'])} and {_shown(kwargs['max_value'])}"
    return None


def type_conflict(expectation: Expectation, declared: ColumnType) -> str | None:
    """Why an expectation on a column speaks of another type than the contract declares, or None."""
    kind, kwargs = expectation["type"], expectation["kwargs"]
    if kind in {_IN, _NOT_IN}:
        values = kwargs.get("value_set") or []
    elif kind == _BETWEEN:
        values = [kwargs.get("min_value"), kwargs.get("max_value")]
    else:
        return None
    for value in values:
        if value is None or isinstance(value, dict):
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            "text": kind != _BETWEEN or not is_number,
            "integer": is_number,
            "decimal": is_number,
            "boolean": isinstance(value, bool),
        }.get(declared, not is_number and _as_date(value) is not None)
        if not fits:
            return f"{_shown(value)} is no {declared}, which the contract declares"
    return None


def _share_rows(one: Expectation, other: Expectation) -> bool:
    """Whether there are rows that both look at and both insist on: `mostly` leaves room for two opinions."""
    conditions = [_json(expectation["kwargs"].get("row_condition")) for expectation in (one, other)]
    if all(conditions) and conditions[0] != conditions[1]:
        return False
    shares = [expectation["kwargs"].get("mostly") for expectation in (one, other)]
    return sum(1.0 if share is None else float(share) for share in shares) > 1


def _column(expectation: Expectation) -> Any:
    return expectation["kwargs"].get("column")


def _nulls(one: Expectation, other: Expectation) -> str | None:
    if one["type"] == _NULL and other["type"] == _NOT_NULL and _column(one) == _column(other):
        return f"{_column(one)} must be null, and must not"
    return None


def _ranges(one: Expectation, other: Expectation) -> str | None:
    """Two ranges of one column, of its lengths, or of one figure of the table."""
    if "min_value" not in {*one["kwargs"], *other["kwargs"]} and "max_value" not in {*one["kwargs"], *other["kwargs"]}:
        return None
    lengths = {one["type"], other["type"]} <= {_LENGTHS, _LENGTH}
    if (one["type"] != other["type"] and not lengths) or _column(one) != _column(other):
        return None
    if _is_empty([_bounds(one), _bounds(other)]):
        return f"no value is {_range(one)} and {_range(other)}"
    return None


def _sets(one: Expectation, other: Expectation) -> str | None:
    """A set of values against another set, a range or a pattern."""
    if one["type"] != _IN or _column(one) != _column(other):
        return None
    values = one["kwargs"].get("value_set") or []
    against: dict[str, tuple[str, Callable[[Any], bool]]] = {
        _IN: ("the other set", lambda value: value in (other["kwargs"].get("value_set") or [])),
        _NOT_IN: ("what the other set leaves", lambda value: value not in (other["kwargs"].get("value_set") or [])),
        _BETWEEN: ("the range", lambda value: not _is_empty([(value, value, False, False), _bounds(other)])),
        _MATCH: ("the pattern", lambda value: _matches(other, value)),
        _NOT_MATCH: ("what the pattern leaves", lambda value: not _matches(other, value, unknown=False)),
    }
    if other["type"] not in against or not values:
        return None
    name, passes = against[other["type"]]
    return None if any(passes(value) for value in values) else f"no value of the set is in {name}"


def _patterns(one: Expectation, other: Expectation) -> str | None:
    same = _column(one) == _column(other) and one["kwargs"].get("regex") == other["kwargs"].get("regex")
    if one["type"] == _MATCH and other["type"] == _NOT_MATCH and same:
        return f"{_column(one)} must match {_shown(one['kwargs'].get('regex'))}, and must not"
    return None


def _types(one: Expectation, other: Expectation) -> str | None:
    if not {one["type"], other["type"]} <= {_OF_TYPE, _IN_TYPES} or _column(one) != _column(other):
        return None
    types = [
        {str(name).upper() for name in expectation["kwargs"].get("type_list") or [expectation["kwargs"].get("type_")]}
        for expectation in (one, other)
    ]
    if types[0] & types[1]:
        return None
    return f"{_column(one)} cannot be {' or '.join(sorted(types[0]))} and {' or '.join(sorted(types[1]))}"


def _orders(one: Expectation, other: Expectation) -> str | None:
    """A after B, and B after A."""
    if one["type"] != _GREATER or other["type"] != _GREATER:
        return None
    first, second = (
        (expectation["kwargs"].get("column_A"), expectation["kwargs"].get("column_B")) for expectation in (one, other)
    )
    equal = one["kwargs"].get("or_equal") and other["kwargs"].get("or_equal")
    return None if first != second[::-1] or equal else f"{first[0]} must be above {first[1]}, and below it"


_JUDGES = (_nulls, _ranges, _sets, _patterns, _types, _orders)


def _bounds(expectation: Expectation) -> tuple[Any, Any, bool, bool]:
    """Lowest, highest, and whether each itself is out."""
    kwargs = expectation["kwargs"]
    if expectation["type"] == _LENGTH:
        return kwargs.get("value"), kwargs.get("value"), False, False
    return (
        kwargs.get("min_value"),
        kwargs.get("max_value"),
        bool(kwargs.get("strict_min")),
        bool(kwargs.get("strict_max")),
    )


def _is_empty(ranges: list[tuple[Any, Any, bool, bool]]) -> bool:
    """Whether no value lies in all ranges; false where two bounds cannot be compared."""
    for lowest, _, low_out, _ in ranges:
        for _, highest, _, high_out in ranges:
            low, high = _comparable(lowest), _comparable(highest)
            if low is None or high is None or isinstance(low, datetime) != isinstance(high, datetime):
                continue
            if low > high or (low == high and (low_out or high_out)):
                return True
    return False


def _comparable(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return None
    return float(value) if isinstance(value, int | float) else _as_date(value)


def _as_date(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        return None


def _matches(expectation: Expectation, value: Any, *, unknown: bool = True) -> bool:
    """Whether a value matches the pattern; `unknown` for one that Python does not read."""
    try:
        return re.search(str(expectation["kwargs"].get("regex")), str(value)) is not None
    except re.error:
        return unknown


def _range(expectation: Expectation) -> str:
    lowest, highest, low_out, high_out = _bounds(expectation)
    parts = [f"{'above' if low_out else 'at least'} {_shown(lowest)}" if lowest is not None else ""]
    parts.append(f"{'below' if high_out else 'at most'} {_shown(highest)}" if highest is not None else "")
    return " and ".join(filter(None, parts))


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if value else ""
