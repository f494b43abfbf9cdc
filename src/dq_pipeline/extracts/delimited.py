"""CSV: the fast way through DuckDB where the file is plain and regular, else line by line with nothing lost.

DuckDB reads ten times faster but does not tell the line of a row, strips blanks around quotes and drops an empty field
too many. So its result counts only when every line of the file became one row (no line break inside quotes, no blank
line, nothing refused) and every byte of it is in a value; then line numbers follow. Any other file is read record by
record in Python, which knows the line and lets the rest of a bad file live.
"""

import codecs
import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pandas as pd

from dq_pipeline.config import Format
from dq_pipeline.config.limits import Limits
from dq_pipeline.errors import StageError
from dq_pipeline.extracts.plain import CHUNK_BYTES
from dq_pipeline.warehouse import Warehouse, file_literal, literal, quoted

# A quote that is never closed would swallow the rest of the file as one field: beyond this many lines it is a fault.
MAX_RECORD_LINES = 1_000
# Each such fault halves the limit down to this, so that a file full of stray quotes is still read in linear time.
MIN_RECORD_LINES = 50
# What a statement of DuckDB costs grows with the square of its columns.
MAX_FAST_COLUMNS = 1_000
BATCH_ROWS = 20_000
UNPARSED_TEXT_CHARACTERS = 4_000
COMMON = Limits()


def read_header(path: Path, form: Format, limits: Limits = COMMON) -> list[str] | None:
    """The names in the first line after `skip_lines`, or None where there is no such line."""
    for record in _Lines(path, form, limits.line_characters):
        return [name.strip() for name in record.fields or [record.lines[0][1]]]
    return None


def records(path: Path, form: Format, limits: Limits) -> Iterator["_Record"]:
    """The records of a file in UTF-8, the header with them; blank lines and `skip_lines` are none."""
    return iter(_Lines(path, form, limits.line_characters))


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file in UTF-8 with their numbers, counted as those of the records are, without its mark."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        yield from enumerate(stream, start=1)


def read_fast(warehouse: Warehouse, path: Path, form: Format, names: list[str], lines: int, target: str) -> bool:
    """Land the file in `target` (the columns by position, all text, and line_number); False where that is not exact."""
    columns = ", ".join(f"{literal(f'c{index}')}: 'VARCHAR'" for index in range(len(names)))
    first_line = form.skip_lines + (1 if form.header else 0)
    if len(names) > MAX_FAST_COLUMNS or (form.header and not _header_is_one_line(path, form)):
        return False
    content = _content_bytes(path, form, first_line)
    if content is None:
        return False
    select = f"""
        select {", ".join(f"nullif({quoted(f'c{i}')}, '') as {quoted(f'c{i}')}" for i in range(len(names)))},
            row_number() over () + {first_line} as line_number
        from read_csv({file_literal(path)}, auto_detect = false, columns = {{{columns}}}, header = false,
            skip = {first_line}, delim = {literal(form.delimiter)}, quote = {literal(form.quote)},
            escape = {literal(form.escape if form.quote else "")}, strict_mode = true, null_padding = false,
            max_line_size = {COMMON.line_characters}, compression = 'none', hive_partitioning = false)"""
    try:
        rows = warehouse.build(target, select)
    except StageError:
        return False
    return rows == lines - first_line and _holds_all(warehouse, target, form, len(names), rows, content)


def _header_is_one_line(path: Path, form: Format) -> bool:
    """Whether the header is all of the one line after `skip_lines`, which is what DuckDB skips."""
    header = next(iter(_Lines(path, form, COMMON.line_characters)), None)
    return header is not None and [number for number, _ in header.lines] == [form.skip_lines + 1]


def _content_bytes(path: Path, form: Format, first_line: int) -> int | None:
    """How many bytes after the first lines are neither quotes nor line ends; None where an escape stands among them."""
    quote, escape = form.quote.encode(), "" if form.escape == form.quote else form.escape
    content = 0
    with path.open("rb") as stream:
        for _ in range(first_line):
            stream.readline()
        if not first_line and stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            stream.seek(0)
        while chunk := stream.read(CHUNK_BYTES):
            if escape and quote and escape.encode() in chunk:
                return None
            content += len(chunk) - chunk.count(b"\n") - chunk.count(b"\r")
            content -= len(quote) * chunk.count(quote) if quote else 0
    return content


def _holds_all(warehouse: Warehouse, target: str, form: Format, width: int, rows: int, content: int) -> bool:
    """Whether values and delimiters make up every byte of the file; a null in an only column may be a blank line."""
    columns = [quoted(f"c{index}") for index in range(width)]
    if width == 1 and warehouse.value(f"select count(*) - count({columns[0]}) from {target}"):
        return False
    # Quotes within values are not counted in `content`; to take them out costs a second pass, and few files have any.
    unquoted = [f"replace({column}, {literal(form.quote)}, '')" for column in columns] if form.quote else []
    delimiters = (width - 1) * rows * len(form.delimiter.encode())
    for values in filter(None, (columns, unquoted)):
        lengths = ", ".join(f"coalesce(sum(strlen({value})), 0)" for value in values)
        held = sum(int(length) for length in warehouse.rows(f"select {lengths} from {target}")[0])
        if held + delimiters == content:
            return True
    return False


@dataclass
class _Record:
    """One record of the file: its fields, or None and the reason why it has none, and its lines with their numbers."""

    fields: list[str] | None
    lines: list[tuple[int, str]]
    reason: str = ""

    @property
    def line_number(self) -> int:
        """The line it begins on."""
        return self.lines[0][0]


def read_carefully(
    warehouse: Warehouse,
    path: Path,
    form: Format,
    names: list[str],
    target: str,
    aside: str,
    limits: Limits = COMMON,
    kept: Collection[int] | None = None,
) -> None:
    """Land the good records in `target` and the bad ones in `aside` (line_number, reason, text).

    `kept` are the positions of the columns that are landed; all, if it is left out.
    """
    places = range(len(names)) if kept is None else sorted(kept)
    columns = [f"c{place}" for place in places]
    typed = ", ".join(f"{quoted(name)} varchar" for name in columns)
    warehouse.execute(f"create or replace table {target} ({typed}, line_number bigint)")
    warehouse.execute(f"create or replace table {aside} (line_number bigint, reason varchar, text varchar)")
    good: list[list[str | int | None]] = []
    bad: list[tuple[int, str, str]] = []
    records = iter(_Lines(path, form, limits.line_characters))
    if form.header:
        next(records, None)
    for record in records:
        reason = record.reason or _fault(record, len(names))
        if reason:
            # Each line of it by itself: a quote that is closed by chance, far below, hides no row behind one record.
            bad.extend((number, reason, _printable(text)) for number, text in record.lines if text.strip("\r\n"))
        elif record.fields:
            good.append([*(record.fields[place] or None for place in places), record.line_number])
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
        return f"{len(fields)} field{'s' if len(fields) > 1 else ''} where {width} are expected"
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
    most_characters: int
    pending: list[tuple[int, str]] = field(default_factory=list)
    taken: list[tuple[int, str]] = field(default_factory=list)
    most_lines: int = MAX_RECORD_LINES
    characters: int = 0

    def __iter__(self) -> Iterator[_Record]:
        # Ours, which is told in words, is met first.
        csv.field_size_limit(2 * self.most_characters)
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            numbered = _numbered(stream, self.most_characters)
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
            if len(self.taken) >= self.most_lines:
                self.pending.append(line)
                most, self.most_lines = self.most_lines, max(self.most_lines // 2, MIN_RECORD_LINES)
                raise csv.Error(f"a quoted field runs over more than {most:,} lines")
            self.characters += len(line[1].rstrip("\r\n"))
            if self.characters > self.most_characters:
                what = "a quoted field runs over" if self.taken else "a line of"
                (self.pending if self.taken else self.taken).append(line)
                raise csv.Error(f"{what} more than {self.most_characters:,} characters")
            self.taken.append(line)
            yield line[1]

    def _next(self, feed: Iterator[str]) -> _Record | None:
        self.taken.clear()
        self.characters = 0
        form = self.form
        try:
            if form.quote and form.escape not in {"", form.quote}:
                fields = _split_escaped(feed, form)
            else:
                fields = next(
                    csv.reader(
                        feed,
                        delimiter=form.delimiter,
                        quotechar=form.quote or None,
                        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
                        strict=True,
                    )
                )
        except StopIteration:
            return None
        except csv.Error as error:
            return self._refuse(str(error))
        return _Record(fields, list(self.taken))

    def _refuse(self, reason: str) -> _Record:
        """Keep the first line of a broken record aside and push the others back."""
        first, *others = self.taken
        self.pending.extend(reversed(others))
        if reason == "unexpected end of data":
            reason = "a quoted field is never closed"
        elif "expected after" in reason:
            reason = "text after the closing quote of a field"
        return _Record(None, [first], reason)


def _numbered(stream: TextIO, most: int) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers; of one of more than `most` characters the first `most` + 1 alone."""
    number, was_return = 0, False
    while text := stream.readline(most + 2):
        if was_return and text == "\n":
            # The second half of a line end of which the first stood where reading of a long line stopped.
            was_return = False
            continue
        number += 1
        was_return = False
        if len(text) == most + 2 and len(text.rstrip("\r\n")) > most:
            part = text
            while part and not part.endswith(("\n", "\r")):
                part = stream.readline(most)
            was_return = part.endswith("\r")
        yield number, text if len(text.rstrip("\r\n")) <= most else text[: most + 1]


def _split_escaped(feed: Iterator[str], form: Format) -> list[str]:
    """The fields of one record where an escape inside quotes, before a quote or itself, is not a doubled quote.

    Any other escape character is text. Raises csv.Error as csv's reader does, StopIteration where no line is left.
    """
    fields: list[str] = []
    value = ""
    is_quoted, starts = False, True
    line = next(feed)
    position, end = 0, len(line.rstrip("\r\n"))
    if not end:
        return []
    while True:
        if starts and line.startswith(form.quote, position):
            is_quoted, starts, value, position = True, False, "", position + 1
        elif starts:
            stop = line.find(form.delimiter, position, end)
            fields.append(line[position : stop if stop >= 0 else end])
            if stop < 0:
                return fields
            position = stop + 1
        elif is_quoted and position >= len(line):
            line = next(feed, "")
            if not line:
                raise csv.Error("unexpected end of data")
            position, end = 0, len(line.rstrip("\r\n"))
        elif is_quoted:
            stops = [at for at in (line.find(form.quote, position), line.find(form.escape, position)) if at >= 0]
            stop = min(stops, default=len(line))
            value, position = value + line[position:stop], stop + 1
            if stop < len(line) and line[stop] == form.quote:
                is_quoted = False
            elif stop < len(line):
                follows = line[position : position + 1]
                is_escape = follows in {form.quote, form.escape} and follows != ""
                value, position = value + (follows if is_escape else form.escape), position + is_escape
        else:
            fields.append(value)
            if position >= end:
                return fields
            if line[position] != form.delimiter:
                raise csv.Error("delimiter expected after quote")
            starts, position = True, position + 1
