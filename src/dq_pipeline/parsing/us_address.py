"""One US address as text -> its parts, as they stand in the text.

What punctuation tells is cut off first (`segments`); what is left is a plain line (`plain`) or goes to the model.
"""

import re
from typing import NamedTuple

from dq_pipeline.parsing import model, segments
from dq_pipeline.parsing.plain import plain_line
from dq_pipeline.parsing.vocabulary import STREET_ENDINGS, folded

# Longer texts are no addresses, and the model's time grows with the length.
LONGEST = 400


class AddressParts(NamedTuple):
    """The parts of one address; None where the text has no such part. `street` is without type and directions.

    `parse_status`: parsed, ambiguous (a part stands in two places; the note says which), foreign (not in the United
    States; no parts), unparsed (nothing that tells a place; no parts) or failed (the parser broke on this text).
    """

    number: str | None = None
    predirection: str | None = None
    street: str | None = None
    street_type: str | None = None
    postdirection: str | None = None
    unit_type: str | None = None
    unit: str | None = None
    po_box: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    parse_status: str = "unparsed"
    parse_note: str | None = None


_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_LINE_ENDS = re.compile(r"\s*[\r\n]+\s*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_BLANKS = re.compile(r"\s+")


def parse_address(text: str) -> AddressParts:
    """The parts of an address text. What it cannot read is `unparsed`, with the reason."""
    clean = _clean(text)
    if len(clean) > LONGEST:
        return AddressParts(parse_note=f"longer than {LONGEST} characters")
    cut = segments.cut(clean)
    if cut.foreign:
        return AddressParts(parse_status="foreign", parse_note=cut.foreign)
    notes = cut.notes
    line = cut.rest[0] if len(cut.rest) == 1 else ""
    has_town = not cut.city and folded(line).split(" ")[-1] not in STREET_ENDINGS
    parts = None if has_town else plain_line(line)
    if cut.rest and not parts:
        parts, seen = model.parts_of(", ".join(cut.rest), cut.state, cut.postal_code, has_town=has_town)
        notes += seen
    parts = parts or {}
    _add(parts, cut)
    if not _tells_a_place(parts):
        return AddressParts(parse_note="no street with a number or type, no box, state or ZIP code")
    ambiguous = any(note.startswith("ambiguous") for note in notes)
    return AddressParts(
        **parts, parse_status="ambiguous" if ambiguous else "parsed", parse_note="; ".join(notes) or None
    )


def _tells_a_place(parts: dict[str, str]) -> bool:
    """Whether the parts are more than a name or a number alone."""
    if parts.keys() & {"po_box", "state", "postal_code"}:
        return True
    return "street" in parts and bool(parts.keys() & {"number", "street_type", "predirection", "postdirection"})


def _clean(text: str) -> str:
    """The text on one line, without control characters and the quotes or brackets around it; lines are segments."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    if not text.isprintable():
        text = _CONTROLS.sub(" ", _LINE_ENDS.sub(", ", text.strip()))
    text = _BLANKS.sub(" ", text)
    return text.strip(" \"'()[]{}<>")


def _add(parts: dict[str, str], cut: segments.Segments) -> None:
    """What the segments told goes above what the model saw; units of both are joined."""
    if cut.units:
        kind, _ = next((pair for pair in reversed(cut.units) if pair[0]), ("", ""))
        parts["unit"] = " ".join(filter(None, [parts.get("unit"), *(identifier for _, identifier in cut.units)]))
        parts["unit_type"] = kind or parts.get("unit_type", "")
    told = {"po_box": cut.po_box, "city": cut.city, "state": cut.state, "postal_code": cut.postal_code}
    parts |= {part: value for part, value in told.items() if value}
    route = cut.route or parts.pop("route", None)
    if route and "street" not in parts:
        parts["street"] = re.sub(r"\s*#\s*", " ", route)
    for part in ("unit", "unit_type", "state", "city"):
        value = parts.get(part, "").strip(" .,")
        parts[part] = value
        if not value:
            del parts[part]
