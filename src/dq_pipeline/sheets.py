"""Sheets that spreadsheets open: CSV that people edit and send back, and tables of any size as CSV or workbook."""

import csv
import io
import math
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from dq_pipeline.errors import ConfigError
from dq_pipeline.private import write_private

# A cell that begins with one of these is a formula to a spreadsheet; an apostrophe before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_DELIMITERS = (",", ";", "\t", "|")
# Where a list is separated by semicolons, a spreadsheet cuts the line there: what follows is a cell too.
_INNER = re.compile(r"(;[\s\"']*)(?=[=+\-@＝＋－＠])")
_MARKED = re.compile(r"(;[\s\"']*)'(?=[=+\-@＝＋－＠])")
# Characters that command a terminal; a sheet has no use for them.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
# What a sheet of a workbook holds at most, its header with it, and what a cell of it does.
WORKBOOK_ROWS = 1_048_576
CELL_CHARACTERS = 32_767


@dataclass(frozen=True)
class Sheet:
    """A header and rows of cells. One that `is_private` is written so that only its owner can read it."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    is_private: bool = False

    def text(self) -> str:
        """As CSV, every cell on one line, and no cell that a spreadsheet would take for a formula."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([plain(cell) for cell in row] for row in self.rows)
        return stream.getvalue()

    def write(self, path: Path) -> None:
        """Write it whole or not at all, with the mark by which Excel knows UTF-8. Raises ConfigError."""
        staged = path.with_name(f".{path.name}.new")
        try:
            if self.is_private:
                write_private(path, self.text(), encoding="utf-8-sig", newline="")
                return
            staged.write_text(self.text(), encoding="utf-8-sig", newline="")
            os.replace(staged, path)
        except OSError as error:
            raise ConfigError(
                f"the file cannot be written: {error.strerror}", where=path, remedy="name another place with --out"
            ) from error


@dataclass(frozen=True)
class Line:
    """A row of a sheet that was read: its line in the file, and its cells by column."""

    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """The cell, without blanks around it; empty where the sheet has no such column."""
        return self.cells.get(column, "")


def plain(cell: object) -> object:
    """A cell on one line, that no spreadsheet takes for a formula; numbers stay numbers."""
    if cell is None or isinstance(cell, bool | int | float | Decimal):
        return cell
    text = _INNER.sub(r"\1'", " ".join(_CONTROLS.sub("", str(cell)).split()))
    return f"'{text}" if text.startswith(_FORMULA) or str(cell).startswith(_FORMULA) else text


def stream_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows one after the other as CSV that Excel knows for UTF-8, each cell `plain`. Raises OSError."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([plain(name) for name in header])
        writer.writerows([plain(cell) for cell in row] for row in rows)


def stream_workbook(path: Path, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows one after the other as the one sheet of a workbook, its header row fixed on top.

    Raises OSError, and ValueError where a cell holds more text than a workbook keeps.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    # A sheet's name has no more than 31 characters.
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    sheet.append([_cell(name) for name in header])
    for row in rows:
        sheet.append([_cell(value) for value in row])
    book.save(path)


def _cell(value: object) -> object:
    """A value as a workbook keeps it: numbers and days are such, text is `plain` and without control characters."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    # A workbook counts its days from 1900 on.
    if isinstance(value, date | datetime) and value.year > 1900:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    cell = plain(value)
    if not isinstance(cell, str):
        return cell
    if len(cell) > CELL_CHARACTERS:
        raise ValueError(f"a cell holds {len(cell):,} characters, a workbook's at most {CELL_CHARACTERS:,}")
    return plain(ILLEGAL_CHARACTERS_RE.sub("", cell))


def _unplain(text: str) -> str:
    text = _MARKED.sub(r"\1", text.strip())
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def read_sheet(path: Path, needed: Sequence[str]) -> list[Line]:
    """The rows of a sheet as a spreadsheet saves it: any usual delimiter, UTF-8 or UTF-16. Raises ConfigError.

    `needed` columns must be there, in any order and spelled in any case; rows without any text are left out.
    """
    text = _decoded(path)
    # Some spreadsheets begin with a line that names the delimiter.
    told = text[:5].lower() if text[:4].lower() == "sep=" else ""
    skipped = 1 if told else 0
    lines = text.splitlines(keepends=True)[skipped:]
    first = lines[0] if lines else ""
    delimiter = told[4:] or max(_DELIMITERS, key=first.count)
    try:
        reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, strict=True)
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in needed if name not in header]
        if missing:
            raise ConfigError(
                f"the column {missing[0]} is missing; the columns are {', '.join(header) or 'none'}",
                where=f"{path}, line {1 + skipped}",
                remedy="use the file that `dq review export` writes, with its first line",
            )
        return [
            Line(reader.line_num + skipped, dict(zip(header, map(_unplain, row), strict=False)))
            for row in reader
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise ConfigError(f"it is no CSV: {error}", where=path, remedy="save it as CSV UTF-8") from error


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=path, remedy="name a file") from error
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ConfigError(
            "it is not in UTF-8", where=path, remedy="save it as `CSV UTF-8` (a choice of the spreadsheet's Save As)"
        ) from error


def blank_workbook(
    path: Path,
    target: Path,
    sheet: str | None,
    names: Sequence[str],
    dropped: Collection[int],
    blanked: Mapping[int, Collection[str]],
) -> None:
    """Write a workbook anew, without the rows `dropped` and with the named cells of the rows `blanked` empty.

    `names` are those of the columns, in their order; other sheets go, because nobody knows whom they speak of.
    """
    from openpyxl import load_workbook

    book = load_workbook(path)
    kept = book[sheet] if sheet else book.worksheets[0]
    for other in book.worksheets:
        if other is not kept:
            book.remove(other)
    for line, columns in blanked.items():
        for column in columns:
            kept.cell(line, names.index(column) + 1).value = None
    for line in sorted(dropped, reverse=True):
        kept.delete_rows(line)
    book.save(target)
