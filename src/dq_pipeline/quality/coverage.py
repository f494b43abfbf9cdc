"""What suites leave out, say twice, or say against themselves: one line a fault, with file, line and remedy."""

import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from dq_pipeline.config import Project, Source
from dq_pipeline.config.loading import line_of
from dq_pipeline.config.source import ColumnType
from dq_pipeline.quality.contradictions import contradiction, is_same, own_contradiction, type_conflict
from dq_pipeline.quality.suites import Suite, columns_of

_DECODER = json.JSONDecoder()


def expectation_lines(path: Path) -> list[int]:
    """The line, from 1, on which each expectation of a suite file begins; the file must be a suite."""
    text = path.read_text(encoding="utf-8")
    lines: list[int] = []
    position = _skip(text, text.index("{") + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        if key != "expectations":
            _, position = _DECODER.raw_decode(text, position)
        else:
            position = _skip(text, position + 1)
            while text[position] != "]":
                lines.append(text.count("\n", 0, position) + 1)
                _, position = _DECODER.raw_decode(text, position)
                position = _skip(text, position)
            position += 1
        position = _skip(text, position)
    return lines


def _skip(text: str, position: int) -> int:
    """The next place that is no blank and no comma."""
    while text[position] in " \t\r\n,":
        position += 1
    return position


def suite_contradictions(suite: Suite, types: Mapping[str, ColumnType] | None = None) -> list[str]:
    """The faults that a suite's expectations have among themselves, and against the types of its contract."""
    lines = expectation_lines(suite.path)
    told = [
        f"line {line}, {one['meta']['code']} ({one['type']})"
        for line, one in zip(lines, suite.expectations, strict=True)
    ]
    faults = []
    for place, one in enumerate(suite.expectations):
        why = own_contradiction(one)
        columns = columns_of(one)
        if not why and types and len(columns) == 1 and columns[0] in types:
            why = type_conflict(one, types[columns[0]])
        if why:
            faults.append(f"{suite.path}, {told[place]}: no value can pass: {why}; correct it")
    for (place, one), (other_place, other) in combinations(enumerate(suite.expectations), 2):
        if is_same(one, other):
            faults.append(f"{suite.path}, {told[other_place]}: it says what {told[place]} says; take one out")
            continue
        why = contradiction(one, other)
        if why:
            faults.append(
                f"{suite.path}, {told[other_place]}: it contradicts {told[place]}: {why}; correct one of both, "
                "or say with a row_condition for which rows each is"
            )
    return faults


def uncovered_columns(project: Project, source: Source, suite: Suite | None) -> Iterator[str]:
    """The columns that a contract calls critical and that no expectation of its suite looks at.

    An expectation that only informs covers nothing; nor do the declared type and the set of columns.
    """
    looked_at = {
        name for one in (suite.expectations if suite else ()) if one["severity"] != "info" for name in columns_of(one)
    }
    path = project.pipelines / "sources" / f"{source.name}.yml"
    for name, column in source.columns.items():
        if column.critical and name not in looked_at:
            line = line_of(path, ("columns", name))
            where = project.suite_path("raw", source.name)
            yield f"{path}, line {line}: no expectation covers the critical column {name}; add one to {where}"


def known_codes(project: Project, suites: Mapping[tuple[str, str], Suite]) -> set[str]:
    """Every code that quality.issues can have: of issue checks, of declared types, and of expectations."""
    codes = {issue.code for issue in project.issues}
    for source in project.sources:
        typed = {name: column for name, column in source.columns.items() if column.type != "text"}
        codes |= {f"{source.name}.{column.code or f'bad_{name}'}" for name, column in typed.items()}
    for (state, table), suite in suites.items():
        name = f"mastered.{table}" if state == "mastered" else table
        codes |= {f"{name}.{one['meta']['code']}" for one in suite.expectations}
    return codes
