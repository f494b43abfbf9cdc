"""What the tests of extracts share: one source that lands one folder's files."""

import re
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from dq_pipeline.config import Format, Source
from dq_pipeline.extracts import land_in_place
from dq_pipeline.warehouse import Warehouse

DAY = date(2026, 11, 20)
BREAK = re.compile(r"\r\n|\n|\r")
UNPARSED = "source varchar, source_file varchar, line_number bigint, reason varchar, text varchar"


class Landing(NamedTuple):
    """Rows as (line, values …), lines kept aside as (line, reason, text), breaches as (gate, text), record ids."""

    rows: list[tuple[Any, ...]]
    aside: list[tuple[Any, ...]]
    breaches: list[tuple[str, str]]
    ids: list[str]


def contract(columns: Any = ("id", "v"), **more: Any) -> Source:
    """A source `s` with text columns, the first of which is its key."""
    declared = columns if isinstance(columns, dict) else dict.fromkeys(columns)
    base = {
        "name": "s",
        "title": "S",
        "owner": "sales",
        "touchpoint": "web",
        "location": {"path": "x.csv"},
        "key": [next(iter(declared))],
        "rows": {"min": 0},
        "columns": declared,
    }
    return Source.model_validate(base | more)


def landed(folder: Path, source: Source, day: date = DAY) -> Landing:
    """The source's files in `folder`, landed. Conservation is asserted on the way."""
    warehouse = Warehouse(threads=1)
    warehouse.execute(f"create table raw.unparsed ({UNPARSED})")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    try:
        result = land_in_place(warehouse, source, folder, day, scratch)
        breaches = [(breach.gate, str(breach)) for breach in result.breaches]
        aside = warehouse.rows("select line_number, reason, text from raw.unparsed order by all")
        if not result.is_complete:
            return Landing([], aside, breaches, [])
        columns = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in source.columns)
        rows = warehouse.rows(f"select line_number, {columns} from raw.s order by source_file, line_number, record_id")
        ids = [
            row[0] for row in warehouse.rows("select record_id from raw.s order by source_file, line_number, record_id")
        ]
        assert (result.rows, result.unparsed) == (len(rows), len(aside))
        assert len(set(ids)) == len(ids), "a record id must be unique"
        assert set(warehouse.tables("raw")) == {"s", "unparsed"}, "nothing is left lying about"
        return Landing(rows, aside, breaches, ids)
    finally:
        warehouse.close()


def land_text(folder: Path, content: str | bytes, columns: Any = ("id", "v"), **more: Any) -> Landing:
    """One file x.csv (or `location`) of that content, landed."""
    source = contract(columns, **more)
    path = folder / source.location.path
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return landed(folder, source)


def nothing_is_lost(content: bytes, form: Format, rows: list[tuple[object, ...]], aside: list[int]) -> None:
    """Every line with anything on it is in a row or aside, once; the header's own lines are the only exception."""
    text = content.decode("utf-8-sig", errors="surrogateescape")
    lines = BREAK.split(text)
    filled = [number for number, line in enumerate(lines, start=1) if line and number > form.skip_lines]
    covered = list(aside)
    for number, *values in rows:
        assert isinstance(number, int)
        breaks = sum(len(BREAK.findall(str(value))) for value in values if value is not None)
        covered += [line for line in range(number, number + breaks + 1) if lines[line - 1]]
    assert len(covered) == len(set(covered))
    first = min(covered, default=len(lines) + 1)
    missing = set(filled) - set(covered)
    assert set(covered) <= set(filled)
    if not form.header:
        assert not missing
    else:
        assert all(line < first for line in missing)
        assert bool(missing) == bool(filled)
        if missing and not form.quote:
            assert missing == {filled[0]}
