"""CSV: the fast way through DuckDB where the file is plain and regular, else line by line with nothing lost.

DuckDB reads ten times faster but does not tell the line of a row. So its result counts only when every line of the
file became one row (no line break inside quotes, no blank line, nothing refused); then line numbers follow. Any
other file goes through Python's csv reader, which knows the line and lets the rest of a bad file live.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dq_pipeline.config import Format
from dq_pipeline.errors import StageError
from dq_pipeline.warehouse import Warehouse, literal, quoted

# A quote that is never closed would swallow the rest of the file as one field: beyond this many lines it is a fault.
MAX_RECORD_LINES = 1_000
MAX_FIELD_CHARACTERS = 16_000_000
BATCH_ROWS = 20_000
UNPARSED_TEXT_CHARACTERS = 4_000


def read_header(path: Path, form: Format) -> list[str] | None:
    """The names in the first line after `skip_lines`, or None where there is no such line."""
    for record in _Lines(path, form):
        return [name.strip() for name in record.fields] if record.fields is not None else [record.text]
    return None


def read_fast(warehouse: Warehouse, path: Path, form: Format, names: list[str], lines: int, target: str) -> bool:
    """Land the file in `target` (the columns by position, all text, and line_number); False where that is not exact."""
    columns = ", ".join(f"{literal(f'c{index}')}: 'VARCHAR'" for index in range(len(names)))
    first_line = form.skip_lines + (1 if form.header else 0)
    select = f"""
        select {", ".join(f"nullif({quoted(f'c{i}')}, '') as {quoted(f'c{i}')}" for i in range(len(names)))},
            row_number() over () + {first_line} as line_number
        from read_csv({literal(path)}, auto_detect = false, columns = {{{columns}}}, header = false,
            skip = {first_line}, delim = {literal(form.delimiter)}, quote = {literal(form.quote)},
            escape = {literal(form.escape if form.quote else "")}, strict_mode = true, null_padding = false,
            max_line_size = {MAX_FIELD_CHARACTERS})"""
    try:
        rows = warehouse.build(target, select)
    except StageError:
        return False
    return rows == lines - first_line


@dataclass
class _Record:
    """One record of the file: its fields, or None and the reason why it has none."""

    line_number: int
    fields: list[str] | None
    text: str = ""
    reason: str = ""


def read_carefully(warehouse: Warehouse, path: Path, form: Format, names: list[str], target: str, aside: str) -> None:
    """Land the good records in `target` and the bad ones in `aside` (line_number, reason, text)."""
    columns = [f"c{index}" for index in range(len(names))]
    typed = ", ".join(f"{quoted(name)} varchar" for name in columns)
    warehouse.execute(f"create or replace table {target} ({typed}, line_number bigint)")
    warehouse.execute(f"create or replace table {aside} (line_number bigint, reason varchar, text varchar)")
    good: list[list[str | int | None]] = []
    bad: list[tuple[int, str, str]] = []
    records = iter(_Lines(path, form))
    if form.header:
        next(records, None)
    for record in records:
        reason = record.reason or _fault(record, len(names))
        if reason:
            bad.append((record.line_number, reason, _printable(record.text)))
        elif record.fields:
            good.append([*(value or None for value in record.fields), record.line_number])
        if len(good) >= BATCH_ROWS or len(bad) >= BATCH_ROWS:
            _insert(warehouse, target, good, [*columns, "line_number"])
            _insert(warehouse, aside, bad, ["line_number", "reason", "text"])
    _insert(warehouse, target, good, [*columns, "line_number"])
    _insert(warehouse, aside, bad, ["line_number", "reason", "text"])


def _insert(
    warehouse: Warehouse, table: str, rows: list[list[str | int | None]] | list[tuple[int, str, str]], names: list[str]
) -> None:
    if rows:
        frame = pd.DataFrame(rows, columns=names, dtype=object)
        warehouse.register("landing_batch", frame)
        warehouse.execute(f"insert into {table} select * from landing_batch")
        warehouse.unregister("landing_batch")
        rows.clear()


def _fault(record: _Record, width: int) -> str:
    """Why a record cannot be a row of `width` columns; empty where it can."""
    fields = record.fields or []
    if any("\0" in value for value in fields):
        return "a NUL byte"
    if any(_has_surrogate(value) for value in fields):
        return "bytes that are not of the declared encoding"
    if len(fields) != width:
        return f"{len(fields)} fields where {width} are expected"
    return ""


def _printable(text: str) -> str:
    """The text of a bad line, cut to a sane length; bytes that are no UTF-8 are written as \\xNN."""
    raw = text.rstrip("\r\n")[:UNPARSED_TEXT_CHARACTERS].encode("utf-8", errors="surrogateescape")
    return raw.decode("utf-8", errors="backslashreplace")


def _has_surrogate(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)


@dataclass
class _Lines:
    """The records of a CSV file with the line each begins on; after a fault, reading resumes on the next line."""

    path: Path
    form: Format
    pending: list[tuple[int, str]] = field(default_factory=list)
    taken: list[tuple[int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[_Record]:
        csv.field_size_limit(MAX_FIELD_CHARACTERS)
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            numbered = enumerate(stream, start=1)
            for _ in range(self.form.skip_lines):
                next(numbered, None)
            while True:
                record = self._next(self._feed(numbered))
                if record is None:
                    return
                if record.fields != []:
                    yield record

    def _feed(self, numbered: Iterator[tuple[int, str]]) -> Iterator[str]:
        """Physical lines for the csv reader, those that were pushed back first; `taken` remembers them."""
        while True:
            line = self.pending.pop() if self.pending else next(numbered, None)
            if line is None:
                return
            if len(self.taken) >= MAX_RECORD_LINES:
                self.pending.append(line)
                raise csv.Error(f"a quoted field runs over more than {MAX_RECORD_LINES} lines")
            self.taken.append(line)
            yield line[1]

    def _next(self, feed: Iterator[str]) -> _Record | None:
        self.taken.clear()
        form = self.form
        doubles = bool(form.quote) and form.escape in {"", form.quote}
        reader = csv.reader(
            feed,
            delimiter=form.delimiter,
            quotechar=form.quote or None,
            doublequote=doubles,
            escapechar=None if doubles or not form.escape or not form.quote else form.escape,
            quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
            strict=True,
        )
        try:
            fields = next(reader)
        except StopIteration:
            return None
        except csv.Error as error:
            return self._refuse(str(error))
        return _Record(self.taken[0][0], fields, "".join(text for _, text in self.taken))

    def _refuse(self, reason: str) -> _Record:
        """Keep the first line of a broken record aside and push the others back."""
        number, text = self.taken[0]
        self.pending.extend(reversed(self.taken[1:]))
        reason = "a quoted field is never closed" if reason == "unexpected end of data" else reason
        return _Record(number, None, text.rstrip("\r\n"), reason.replace("'", '"'))
