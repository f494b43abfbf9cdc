"""What becomes of hostile files, as one line each: `python -m tests.outcomes` prints the table, `--write` keeps it."""

import csv
import faulthandler
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import Format, Source, load_project
from dq_pipeline.errors import ConfigError
from tests.conftest import CHECKOUT
from tests.hostile_files import GROUPS, Case
from tests.hostile_yaml import PROJECT_CASES, ProjectCase, good_project
from tests.unit.landing_case import Landing, contract, landed, nothing_is_lost

DOCUMENT = CHECKOUT / "docs/hostile-files.md"
NASTY = Path(os.environ.get("DQ_SHARED_DATA") or CHECKOUT.parent / "shared/data").resolve() / "nasty_csv"
SECONDS, HARD_SECONDS = 120, 600
GATES = {
    *("empty_extract", "changed_shape", "unreadable_extract", "truncated_extract", "oversized_extract"),
    *("missing_extract", "too_few_rows"),
}
_HEAD = """# What becomes of hostile files

Made by `python -m tests.outcomes --write`, and held by `tests/unit/test_hostile_files.py`, which gives each file two
minutes. Every file ends in rows, in rows with lines kept aside (each with its number, its reason and its text, in
`raw.unparsed` and in the report), or in one error that says where, what and what to do; `…` stands for more of it.
Lines add up: what is neither a row nor aside is the header or blank.
"""


@pytest.fixture(autouse=True)
def time_limited() -> Iterator[None]:
    """A file must never hold the night: an alarm raises in Python, and what hangs in a library ends the tests."""

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"not read within {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    faulthandler.dump_traceback_later(HARD_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def told(found: Landing) -> str:
    """The outcome in one line. Asserts that an error is one, and says where and what to do."""
    if found.breaches:
        [(gate, whole)] = found.breaches
        where, _, message = whole.partition(": ")
        message, _, remedy = message.partition("\n  What to do: ")
        assert gate in GATES
        assert where
        assert remedy
        assert whole.replace("\n", "").isprintable(), whole
        assert len(whole) < 4_000
        # A column of another type is seen when its rows are there; the night is held all the same.
        assert not found.rows or "(retyped: " in message
        return f"error {gate}: {message}"
    aside = ""
    if found.aside:
        line, reason, _ = found.aside[0]
        assert all(number >= 1 and why and isinstance(kept, str) for number, why, kept in found.aside)
        aside = f", {counted(len(found.aside), 'line')} aside (line {line}: {reason})"
    return counted(len(found.rows), "row") + aside


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def case_source(case: Case, folder: Path) -> Source:
    more = dict(case.more)
    if "location" in more:
        path = more["location"]["path"].replace("NAME", folder.name)
        more["location"] = more["location"] | {"path": path}
    return contract(case.columns, **more)


def land_case(case: Case, folder: Path) -> str:
    """Make the file, land it, and tell what became of it. Asserts that the lines of a CSV file in UTF-8 add up."""
    case.make(folder)
    source = case_source(case, folder)
    found = landed(folder, source)
    form, path = source.format, folder / source.location.path
    if not found.breaches and form == Format(encoding="utf-8") and path.is_file() and path.suffix == ".csv":
        nothing_is_lost(path.read_bytes(), form, found.rows, [line for line, _, _ in found.aside])
    return told(found).replace(str(folder), "data")


def load_case(case: ProjectCase, folder: Path) -> str:
    """Change a good project, load it, and tell what is said."""
    case.change(good_project(folder))
    try:
        load_project(folder)
    except ConfigError as error:
        said = error
    else:
        return "read"
    assert said.exit_code == 2
    assert said.remedy
    assert len(str(said)) < 4_000
    return str(said).partition("\n  What to do: ")[0].replace(f"{folder.resolve()}/", "")


def is_as_told(outcome: str, expected: str) -> bool:
    """Whether an outcome is the expected one, in which `…` stands for any text."""
    return re.fullmatch(".*".join(re.escape(part) for part in expected.split("…")), outcome, re.DOTALL) is not None


def nasty_names() -> list[str]:
    """The files of the collection, if it is there."""
    if not NASTY.is_dir():
        return []
    with (NASTY / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return sorted(row["file"] for row in csv.DictReader(stream))


def by_position(path: Path) -> dict[str, Any]:
    """A contract of the file's columns by position, as many as its first line has by its likeliest delimiter."""
    first = path.read_bytes()[:100_000].decode("utf-8-sig", errors="replace").splitlines()[:1] or [""]
    delimiter = max(",;|\t", key=first[0].count)
    try:
        width = len(next(csv.reader(first, delimiter=delimiter), []))
    except csv.Error:
        width = first[0].count(delimiter) + 1
    columns = {f"c{index}": None for index in range(max(1, width))}
    return {"columns": columns, "format": {"delimiter": delimiter, "header": False}}


def land_nasty(name: str, folder: Path) -> str:
    """One file of the collection, landed by position; and what became of it."""
    path = folder / "x.csv"
    path.write_bytes((NASTY / name).read_bytes())
    source = contract(**by_position(path))
    found = landed(folder, source)
    if not found.breaches:
        nothing_is_lost(path.read_bytes(), source.format, found.rows, [line for line, _, _ in found.aside])
    return told(found)


def document() -> str:
    """The table of the files that are made here, as docs/hostile-files.md has it; the collection's is added to it."""
    parts = [_HEAD]
    for title, cases in GROUPS.items():
        parts.append(f"\n## {title}\n\n| file | outcome |\n|---|---|\n")
        parts += [f"| {case.name} | {cell(case.outcome)} |\n" for case in cases]
    parts.append("\n## Files of the project\n\n| file | outcome |\n|---|---|\n")
    parts += [f"| {case.name} | {cell(case.outcome)} |\n" for case in PROJECT_CASES]
    return "".join(parts)


def cell(outcome: str) -> str:
    """The outcome as a cell of a table, cut to a readable length."""
    cut = outcome if len(outcome) <= 150 else outcome[:149] + "…"
    return re.sub(r"([|<>*_\\`])", r"\\\1", cut)


NASTY_HEAD = """
## Files that broke other readers

{count} files from the tests of csv-spectrum and DuckDB and the Big List of Naughty Strings, read by position as so many
columns as their first line has. They are no part of the project.

| file | outcome |
|---|---|
"""


def _print(each: Callable[[str], object]) -> None:
    each(document())
    names = nasty_names()
    if names:
        each(NASTY_HEAD.format(count=len(names)))
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            each(f"| {name} | {cell(land_nasty(name, Path(folder)))} |\n")


if __name__ == "__main__":
    lines: list[str] = []
    _print(lines.append if "--write" in sys.argv else sys.stdout.write)
    if lines:
        DOCUMENT.write_text("".join(lines), encoding="utf-8")
