"""Casts raw text to the types that a contract declares: a value that would change is no value of its type.

Every cast is one SQL expression that is null where the text is blank or not of the type. Engines round `12.7` to the
integer 13 and drop a time's zone without a word; here such texts are refused, so that they become findings.
"""

from dq_pipeline.config import Column
from dq_pipeline.warehouse import literal, quoted

_DATE = r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_TIME = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_UTC = r"( ?(Z|[+-]00(:?00)?))?"
# Text of these forms keeps its meaning when DuckDB casts it.
_FORMS = {
    "integer": r"[+-]?[0-9]{1,18}([.]0*)?",
    "decimal": r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?",
    "date": rf"{_DATE}([ T]00:00(:00([.]0+)?)?)?",
    "timestamp": rf"{_DATE}([ T]{_TIME}{_UTC})?",
}
_SQL_TYPES = {"integer": "bigint", "decimal": "decimal(18, 4)", "date": "date", "timestamp": "timestamp"}
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def filled(column: str) -> str:
    """SQL for the text of a raw column (an SQL name), null where it is blank."""
    return f"nullif(trim({column}), '')"


def cast_to_declared(name: str, column: Column) -> str:
    """SQL that casts the raw text column `name` to its declared type; null where it is blank or not of that type.

    integer: whole numbers up to 18 digits, `7.0` too. decimal: up to 14 digits before and 4 after the point. date and
    timestamp: the contract's `formats` (strptime's), else ISO; a zone other than UTC is refused. boolean: true or
    false, yes or no, 1 or 0.
    """
    text = filled(quoted(name))
    if column.type == "text":
        return quoted(name)
    if column.type == "boolean":
        listed = [", ".join(literal(word) for word in words) for words in (_TRUE, _FALSE)]
        return f"case when lower({text}) in ({listed[0]}) then true when lower({text}) in ({listed[1]}) then false end"
    kind = _SQL_TYPES[column.type]
    if column.formats:
        formats = ", ".join(literal(form) for form in column.formats)
        return f"cast(try_strptime({text}, [{formats}]) as {kind})"
    value = f"try_cast({text} as {kind})"
    keeps = f"regexp_full_match({text}, {literal(_FORMS[column.type])})"
    if column.type == "decimal":
        keeps += f" and {value} = try_cast({text} as decimal(38, 10))"
    return f"case when {keeps} then {value} end"
