"""How a text file is written: its encoding, delimiter, quotes, and whether its first line is a header."""

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dq_pipeline.config import Format
from dq_pipeline.errors import ConfigError

HEAD_BYTES = 400_000
HEAD_RECORDS = 400
DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f")
_QUOTES = (('"', '"'), ('"', "\\"), ("", ""), ("'", "'"))
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Values, not names: a first line that has one of them is data.
_VALUE = re.compile(
    r"[-+]?[0-9][0-9.,]*|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T].*)?|[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"
    r"|[-+0-9(). ]*[0-9]{3}[-. ][0-9]{4}|https?://.*"
)


@dataclass(frozen=True)
class Dialect:
    """The form of a text file, its first record, and whether that is a header."""

    form: Format
    first: tuple[str, ...]
    first_lines: int
    has_header: bool


def sniff(path: Path, is_known_header: bool = False) -> Dialect:
    """The dialect of a plain (unpacked) text file, from its first records. Raises ConfigError where it has none.

    `is_known_header` says that the first record is data although it looks like names, because the names are given.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    encoding = _encoding(head)
    text = _whole_lines(head, encoding)
    if not text.strip():
        raise ConfigError("the file has no line of text", where=path, remedy="name a file that has rows")
    form, records = _best_form(text, encoding)
    first = next((record for record in records if record), [])
    names = tuple(value.strip() for value in first)
    has_header = not is_known_header and not any(_VALUE.fullmatch(name) for name in names)
    # A line that is blank but for delimiters names nothing.
    has_header = has_header and any(names)
    return Dialect(form.model_copy(update={"header": has_header}), names, _lines_of_first(text, form), has_header)


def _encoding(head: bytes) -> str:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        # Bytes 0x80 to 0x9f are quotes and dashes in Windows' code page and nothing in Latin-1.
        return "cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", head) else "latin-1"
    return "utf-8"


def _whole_lines(head: bytes, encoding: str) -> str:
    """The text of the head up to its last line end, where it was cut."""
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head).lstrip("\ufeff")
    return text if len(head) < HEAD_BYTES else text[: text.rfind("\n") + 1] or text


def _best_form(text: str, encoding: str) -> tuple[Format, list[list[str]]]:
    """The delimiter and quotes by which most records have the same number of fields, several if possible."""
    best: tuple[tuple[float, int, int], Format, list[list[str]]] | None = None
    for order, (quote, escape) in enumerate(_QUOTES):
        if quote == "'" and not re.search(r"(^|[,;\t|])'[^']*'([,;\t|]|\r?$)", text, re.MULTILINE):
            continue
        if escape == "\\" and '\\"' not in text:
            continue
        for delimiter in DELIMITERS:
            records, share = _split(text, delimiter, quote, escape)
            width = _usual_width(records)
            rank = (round(share, 2) if width > 1 else 0.0, min(width, 3), -order)
            if best is None or rank > best[0] or (rank == best[0] and width > _usual_width(best[2])):
                form = Format(delimiter=delimiter, quote=quote, escape=escape or quote or '"', encoding=encoding)
                best = rank, form, records
    assert best is not None
    return best[1], best[2]


def _split(text: str, delimiter: str, quote: str, escape: str) -> tuple[list[list[str]], float]:
    """The first records, and the share of them that have the usual number of fields."""
    reader = csv.reader(
        StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=escape == quote,
        escapechar=escape if escape != quote and escape else None,
        strict=True,
    )
    records: list[list[str]] = []
    faults = 0
    while len(records) < HEAD_RECORDS and faults < HEAD_RECORDS:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error:
            faults += 1
            continue
        if record:
            records.append(record)
    width = _usual_width(records)
    usual = sum(len(record) == width for record in records)
    return records, usual / max(1, len(records) + faults)


def _usual_width(records: list[list[str]]) -> int:
    widths = Counter(map(len, records))
    return min(widths, key=lambda width: (-widths[width], -width)) if widths else 0


def _lines_of_first(text: str, form: Format) -> int:
    """On how many lines the first record stands; blank lines before it count."""
    reader = csv.reader(
        StringIO(text, newline=""),
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
    )
    for record in reader:
        if record:
            break
    return reader.line_num
