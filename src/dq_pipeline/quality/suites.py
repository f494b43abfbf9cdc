"""Suites of expectations: Great Expectations' own JSON files, read and checked, with errors that name the expectation.

A suite file is what GX writes: `{"name", "expectations": [{"type", "kwargs", "meta", "severity", ...}], "meta"}`, so a
GX user opens and edits it there. On top of GX's form each expectation must say its `severity` and, in `meta`, its
`dimension`, `owner` and `code` (the name of the defect it finds). `meta.column` names the column of an expectation
whose kwargs name none (plain SQL).
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from dq_pipeline.config.base import DIMENSIONS, Severity
from dq_pipeline.errors import ConfigError

SEVERITIES: tuple[str, ...] = get_args(Severity)
_FIELDS = ("type", "kwargs", "meta", "severity", "id", "description", "notes", "rendered_content")
_COLUMN_KWARGS = ("column", "column_A", "column_B", "column_list")


@dataclass(frozen=True)
class Suite:
    """The expectations that one table must meet, as GX's JSON has them."""

    name: str
    path: Path
    expectations: tuple[dict[str, Any], ...]


def load_suite(path: Path, columns: Collection[str] | None = None) -> Suite:
    """Read one suite file; `columns` are the columns of its table, where they are known.

    Raises ConfigError that names the file, the expectation and every fault found. Needs Great Expectations, whose
    import takes about two seconds, because only GX knows its expectations and their arguments.
    """
    suite = read_suite(path)
    faults = check_suite(suite, columns)
    if faults:
        raise ConfigError(
            "\n  ".join(faults), where=path, remedy="correct the expectation in that file, then run `dq check`"
        )
    return suite


def read_suite(path: Path) -> Suite:
    """Read one suite file without checking its expectations. Raises ConfigError where it is no suite."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("the suite is missing", where=path, remedy="create it: README, `Expectations`") from error
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        remedy = "look at that line and the one before it: a comma, a quote or a bracket"
        raise ConfigError(f"not valid JSON: {error.msg}", where=where, remedy=remedy) from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"the suite cannot be read: {error}", where=path, remedy="give this user the right to read it, as UTF-8"
        ) from error
    listed = data.get("expectations") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ConfigError(
            "no suite: it must be an object with a list of objects named `expectations`",
            where=path,
            remedy='write {"name": "...", "expectations": [...]} as Great Expectations does',
        )
    return Suite(name=str(data.get("name") or path.stem), path=path, expectations=tuple(listed))


def check_suite(suite: Suite, columns: Collection[str] | None = None) -> list[str]:
    """Every fault of a suite's expectations, one line each with index (from 0) and type; empty where it is sound."""
    from dq_pipeline.quality.checker import expectation_fault

    faults = []
    for index, expectation in enumerate(suite.expectations):
        where = f"expectations[{index}] {expectation.get('type', '(no type)')}"
        found = list(_shape_faults(expectation))
        if not found:
            found = [*_column_faults(expectation, columns), *filter(None, [expectation_fault(expectation)])]
        faults += [f"{where}: {fault}" for fault in found]
    return faults


def columns_of(expectation: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that an expectation is about, in the order of its arguments; none for one about the whole table."""
    named = [expectation["kwargs"].get(argument) for argument in _COLUMN_KWARGS]
    if not any(named):
        named = [expectation["meta"].get("column")]
    lists = [value if isinstance(value, list) else [value] for value in named if value]
    return tuple(str(column) for columns in lists for column in columns)


def describe(expectation: Mapping[str, Any]) -> str:
    """What an expectation says in plain English: its description or notes, else its type and arguments in words."""
    said = expectation.get("description") or expectation.get("notes") or expectation["meta"].get("notes")
    if said:
        return " ".join(said) if isinstance(said, list) else str(said)
    columns = columns_of(expectation)
    words = str(expectation["type"]).removeprefix("expect_")
    for prefix in ("column_values_to_", "column_pair_values_", "compound_columns_to_", "multicolumn_values_to_"):
        words = words.removeprefix(prefix)
    arguments = [
        f"{name.replace('_', ' ')} {json.dumps(value, ensure_ascii=False)}"
        for name, value in expectation["kwargs"].items()
        if name not in _COLUMN_KWARGS and value is not None
    ]
    subject = " and ".join(columns) or "the table"
    listed = f" ({', '.join(arguments)})" if arguments else ""
    return f"{subject}: {words.replace('_', ' ')}{listed}"


def _shape_faults(expectation: Mapping[str, Any]) -> Iterator[str]:
    """What is missing or unknown before Great Expectations is asked."""
    if not isinstance(expectation.get("type"), str):
        yield 'has no type; add one, such as "expect_column_values_to_not_be_null"'
        return
    for field in expectation:
        if field not in _FIELDS:
            yield f"unknown field {field!r}; known: {', '.join(_FIELDS)}"
    if not isinstance(expectation.get("kwargs"), dict):
        yield 'has no kwargs; add "kwargs": {...} with its arguments'
    if expectation.get("severity") not in SEVERITIES:
        yield f"severity is {expectation.get('severity')!r}; use one of {', '.join(SEVERITIES)}"
    meta = expectation.get("meta")
    if not isinstance(meta, dict):
        yield 'has no meta; add "meta": {"code": ..., "dimension": ..., "owner": ...}'
        return
    for name in ("code", "owner"):
        if not isinstance(meta.get(name), str) or not meta[name]:
            yield f"meta.{name} is missing; " + (
                "name the defect it finds" if name == "code" else "name the department that repairs it"
            )
    if meta.get("dimension") not in DIMENSIONS:
        yield f"meta.dimension is {meta.get('dimension')!r}; use one of {', '.join(DIMENSIONS)}"


def _column_faults(expectation: Mapping[str, Any], columns: Collection[str] | None) -> Iterator[str]:
    """Columns that an expectation names and its table does not have; a set of columns is for the run to judge."""
    if columns is None:
        return
    for name in (*columns_of(expectation), *_condition_columns(expectation["kwargs"].get("row_condition"))):
        if name not in columns:
            yield f"the table has no column {name!r}; known: {', '.join(columns)}"


def _condition_columns(condition: Any) -> Iterator[str]:
    """The columns that a row condition in GX's JSON form names."""
    if isinstance(condition, dict):
        if isinstance(condition.get("column"), dict):
            yield str(condition["column"].get("name"))
        for part in condition.get("conditions") or ():
            yield from _condition_columns(part)
