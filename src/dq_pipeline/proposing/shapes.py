"""The form that the values of a text column have: known ones such as e-mails, else signs and letters by their kind."""

import re
from dataclasses import dataclass
from itertools import groupby

from dq_pipeline.sql.declared_types import filled
from dq_pipeline.warehouse import Warehouse, literal, quoted

PLACEHOLDER = r"(?i)^\s*(n/a|none|null|unknown|test|x{2,}|asdf|[-.?]+)\s*$"
# Known forms, the first that fits counts: what it is called, and a pattern that DuckDB (RE2) reads.
_KNOWN = (
    ("name@domain.tld", r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"),
    ("2026-11-20 or with a time", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+(Z|[+-][0-9:]+)?)?$"),
    ("a whole number", r"^[+-]?[0-9]+$"),
    ("a number", r"^[+-]?[0-9]+([.,][0-9]+)?$"),
    ("a phone number", r"^\+?[0-9(][0-9 ().+/-]{5,}[0-9]( ?(x|ext\.?) ?[0-9]{1,6})?$"),
    ("a ZIP code", r"^[0-9]{5}(-[0-9]{4})?$"),
)
MOST_SHAPES = 3
_LONGEST = 40


@dataclass(frozen=True)
class Shape:
    """A pattern that `rows` values, a `share` of the filled ones, match; `is_whole` where it leaves nothing open."""

    regex: str
    told: str
    rows: int
    share: float
    is_whole: bool


def pattern_of(warehouse: Warehouse, table: str, name: str, *, keep_letters: bool) -> Shape | None:
    """The tightest form that most values of a column have, or None where they have none in common.

    `keep_letters` lets letters that all values begin with stand in the pattern; personal columns show kinds only.
    """
    column = quoted(name)
    total = int(warehouse.value(f"select count({filled(column)}) from {table}"))
    own = _own(warehouse, table, name, total, keep_letters=keep_letters)
    if own is not None and own.share >= 0.97:
        return own
    found = []
    for told, regex in _KNOWN:
        query = f"select count(*) from {table} where regexp_matches({column}, {literal(regex)})"
        rows = int(warehouse.value(query))
        found.append(Shape(regex, told, rows, rows / total, is_whole=True))
    good = [shape for shape in found if shape.share >= 0.97]
    return good[0] if good else own


def _own(warehouse: Warehouse, table: str, name: str, total: int, *, keep_letters: bool) -> Shape | None:
    """A pattern of the commonest kinds of signs, where a few kinds are nearly all."""
    column = quoted(name)
    kinds = column
    for signs, kind in (("[0-9]", "9"), ("[A-Z]", "A"), ("[a-z]", "a")):
        kinds = f"regexp_replace({kinds}, '{signs}', '{kind}', 'g')"
    rows = warehouse.rows(
        f"""select {kinds} as _kind, count(*) as _times, min({column}), max({column}) from {table}
        where {filled(column)} is not null and length({column}) <= {_LONGEST}
        group by _kind order by _times desc, _kind limit {MOST_SHAPES}"""
    )
    kept = [row for row in rows if row[1] >= 0.01 * total]
    # Words are no form: only what has digits, or is all capitals of one length, is made by a rule.
    if not kept or not all(re.search("[9]", kind) or re.fullmatch("A{2,4}", kind) for kind, *_ in kept):
        return None
    parts = [_regex(kind, _prefix(low, high) if keep_letters else "") for kind, _, low, high in kept]
    regex = f"^{parts[0]}$" if len(parts) == 1 else f"^({'|'.join(parts)})$"
    matching = int(warehouse.value(f"select count(*) from {table} where regexp_matches({column}, {literal(regex)})"))
    told = " or ".join(kind for kind, *_ in kept) + ", A for a letter and 9 for a digit"
    return Shape(regex, told, matching, matching / total, is_whole=True)


def _prefix(low: str, high: str) -> str:
    """The letters and signs that the first and the last value, and so all between, begin with; no digit of them."""
    same = 0
    while same < min(len(low), len(high)) and low[same] == high[same] and not low[same].isdigit():
        same += 1
    return low[:same]


def _regex(kind: str, prefix: str) -> str:
    classes = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    parts = [re.escape(prefix).replace("\\-", "-")] if prefix else []
    for sign, run in groupby(kind[len(prefix) :]):
        length = len(list(run))
        one = classes.get(sign, re.escape(sign).replace("\\-", "-").replace("\\ ", " "))
        parts.append(one if length == 1 else f"{one}{{{length}}}")
    return "".join(parts)
