"""An address text -> its segments: what punctuation sets apart is named; the rest is left for the model.

Lists of records are written with commas, so most of an address needs no model: what stands between two commas and looks
like a unit, a box, a state or a ZIP code is one. Only the rest goes to the model.
"""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from dq_pipeline.parsing.units import Pairs, split_units, unit_pairs
from dq_pipeline.parsing.vocabulary import (
    CODE_OF_BOTH,
    COUNTRIES,
    COUNTRY_AND_TOWN,
    COUNTRY_CODES,
    DIRECTIONS,
    NEVER_A_TOWN,
    PLAIN_TYPES,
    PROVINCES,
    STATE_AND_TOWN,
    STATE_CODES,
    STATE_NAMES,
    STATES_WITH_SHORT_ZIPS,
    STREET_ENDINGS,
    UNITED_STATES,
    folded,
    is_state,
)

_ZIP = r"\d{5}(?:\.0|\s?[-–—.]\s?\d{4}|\s?\d{4})?"
_SEPARATOR = re.compile(r"[,;|]")
_WORD = re.compile(r"\S+")
_ZIP_ONLY = re.compile(_ZIP)
_ZIP_LAST = re.compile(rf"(?P<before>.*?[^\W\d_]\.?)\s+(?P<zip>{_ZIP})")
_LONG_ZIP_LAST = re.compile(r"(?P<before>.*[^\W\d_]\.?)\s+(?P<zip>\d{5}\s?[-–—]\s?\d{4}|\d{5}\s\d{4})")
_SHORT_ZIP_LAST = re.compile(r"(?:(?P<before>.*?[^\W\d_]\.?)\s+)?(?P<zip>\d{3,4}(?:[- ]\d{4})?)")
_US_LAST = re.compile(rf"(?i)(?P<before>.*?\s{_ZIP})\s+(?:usa?|u\.\s?s\.(?:\s?a\.?)?|united states(?: of america)?)")
_BOX = re.compile(
    r"(?i)(?:(?:p\.?\s*o\.?|post\s+office|postal|lock|caller|apartado)\s*\.?\s*)?(?:box|bx|drawer|pob|apartado)"
    r"\s*(?:no\.?|number|#)?\s*#*\s*(?P<box>[\w-]*\d[\w-]*|[a-z]{1,3})"
)
_ROUTE_BOX = re.compile(
    r"(?i)(?P<route>(?:rr|r\.\s?r\.|rural\s+route|rural\s+rt|rfd|hcr?|hc\s?r|highway\s+contract(?:\s+r(?:ou)?te)?|star\s+route)"
    r"\s*#?\s*\w+)\s+(?:box|bx)\s*#*\s*(?P<box>[\w-]+)"
)
_PERSON_OR_NEARBY = re.compile(r"(?i)(?:c/o|care of|attn|attention|between|near|corner of|across from)\b")
_NEARBY = re.compile(
    r"(?i)(?P<line>\d.*?[\s.](?P<last>\w+)\.?)\s+(?P<nearby>(?:between|betw|bet|near|corner of|at|off|@)\s.+)"
)
_TOWN = re.compile(r"[^\W\d_][^\W\d_.'’‘` ()/-]*(?:[.'’‘` ()/-]+[^\W\d_.'’‘` ()/-]+)*\.?")
_FOREIGN_CODES = (
    ("a Canadian postal code", re.compile(r"(?i)\b[abceghj-nprstvxy]\d[a-z][ -]?\d[a-z]\d$")),
    ("a British postcode", re.compile(r"(?i)(?:^|\s)(?:gir ?0aa|[a-z]{1,2}\d[a-z\d]? \d[abd-hjlnp-uw-z]{2})$")),
    ("an Australian state", re.compile(r"\b(?:NSW|VIC|QLD|TAS|ACT|SA|WA|NT)[ ,]+\d{4}$")),
    ("another postal code", re.compile(r"(?i)(?:^|\s)(?:\d{5}-\d{3}|[a-z]{1,2}-\d{4,5}|[a-z]-\d{3} \d{2})$")),
)


@dataclass
class Segments:
    """What punctuation tells of an address. `rest` is what it does not tell, in order."""

    rest: list[str]
    units: Pairs = field(default_factory=list)
    po_box: str | None = None
    route: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    foreign: str | None = None
    notes: list[str] = field(default_factory=list)


def cut(text: str) -> Segments:
    """The segments of an address text whose blanks are single. Values are as they stand in the text."""
    parts = [part.strip(" .-") for part in _SEPARATOR.split(text)]
    found = Segments([part for place, part in enumerate(parts) if part and not _is_repeated(part, parts[:place])])
    _take_country(found)
    if not found.foreign:
        _take_postal_code(found)
        _take_state(found)
        _see_foreign_code(found, text)
    if found.foreign:
        return found
    _take_boxes(found)
    _take_units(found)
    _take_town(found)
    return found


def _is_repeated(segment: str, before: list[str]) -> bool:
    """Whether a segment with a number stands there already: many forms hold the same line twice."""
    return segment in before and any(character.isdigit() for character in segment)


def _take_country(found: Segments) -> None:
    """The country at the end goes; one that is not the United States makes the address foreign."""
    segments = found.rest
    inside = _US_LAST.fullmatch(segments[-1]) if segments else None
    if inside:
        segments[-1] = inside["before"]
    if len(segments) > 1 and folded(segments[-1]) in UNITED_STATES:
        segments.pop()
    if not segments:
        return
    last, name, before = segments[-1].replace(".", "").upper(), folded(segments[-1]), segments[:-1]
    is_code = last in COUNTRY_CODES and bool(before)
    if is_code and (before[-1].upper() in STATE_CODES or _ends_as_us(before)):
        found.notes.append(f"left out: {segments.pop()}")
        return
    if is_code and last in CODE_OF_BOTH:
        zip_before = _ZIP_ONLY.fullmatch(before[-1])
        is_code = (
            (zip_before is not None and not before[-1].startswith(CODE_OF_BOTH[last]))
            or before[-1].upper() in PROVINCES
            or _code_of(", ".join(before)) is not None
        )
    is_name = name in COUNTRIES and not (name in COUNTRY_AND_TOWN and _is_line_only(before))
    if not is_code and not is_name:
        return
    if _ends_as_us(before):
        found.notes.append(f"the country {segments.pop()} does not fit the state and the ZIP code")
    else:
        found.foreign = f"country {segments[-1]}"


def _is_line_only(segments: list[str]) -> bool:
    """Whether segments are a street and units alone, so that what follows must be the town."""
    others = [segment for segment in segments if not unit_pairs(segment)]
    return len(others) == 1 and any(character.isdigit() for character in others[0])


def _ends_as_us(segments: list[str]) -> bool:
    """Whether segments end with a state and a ZIP code."""
    text = " ".join(segments)
    words = re.split(r"\s+", re.sub(rf"\s{_ZIP}$", "", text))
    return bool(re.search(rf"\s{_ZIP}$", text)) and (is_state(words[-1]) or is_state(" ".join(words[-2:])))


def _take_postal_code(found: Segments) -> None:
    """A ZIP code that is the last segment, or ends it after a state; one of nine digits needs no state."""
    segments = found.rest
    if len(segments) > 1 and _ZIP_ONLY.fullmatch(segments[-1]):
        found.postal_code = segments.pop()
        return
    ending = _ZIP_LAST.fullmatch(segments[-1]) if segments else None
    if ending and _state_at_end(ending["before"]) is None:
        ending = _LONG_ZIP_LAST.fullmatch(segments[-1])
    if ending:
        segments[-1], found.postal_code = ending["before"], ending["zip"]
        return
    short = _SHORT_ZIP_LAST.fullmatch(segments[-1]) if len(segments) > 1 else None
    state = (short["before"] or segments[-2]) if short else ""
    if short and re.sub(r"^.*\s|\.", "", state).upper() in STATES_WITH_SHORT_ZIPS:
        found.postal_code = short["zip"]
        _shorten(segments, short["before"] or "")
    elif len(segments) > 2 and is_state(segments[-2]) and not is_state(segments[-1]):
        _take_wrong_postal_code(found)


def _take_wrong_postal_code(found: Segments) -> None:
    """One word after a state can only be meant as a ZIP code: `37O13`."""
    last = found.rest[-1]
    if re.fullmatch(r"[\w-]{1,10}", last) and (len(found.rest) > 3 or re.search(r"\d", last)):
        found.postal_code = found.rest.pop()
        found.notes.append(f"{last} is no ZIP code")


def _shorten(segments: list[str], last: str) -> None:
    """Put what is left of the last segment in its place."""
    segments[-1:] = [last.rstrip(" .")] if last.strip(" .") else []


def _state_at_end(segment: str) -> int | None:
    """Where the state begins that ends a segment, or None."""
    starts = [match.start() for match in _WORD.finditer(segment)][-3:]
    return next((start for start in starts if is_state(segment[start:])), None)


def _take_state(found: Segments) -> None:
    """A state that is the last segment, or ends it after a town or before the ZIP code."""
    segments = found.rest
    start = _state_at_end(segments[-1]) if segments else None
    if start is None and found.postal_code and len(segments) > 2:
        _take_wrong_state(found)
    if start is None or (len(segments) == 1 and not found.postal_code) or unit_pairs(segments[-1][:start] + " 1"):
        return
    name = folded(segments[-1])
    if start == 0 and name in STATE_AND_TOWN and (len(segments) < 3 or unit_pairs(segments[-2])):
        return
    found.state = segments[-1][start:]
    _shorten(segments, segments[-1][:start])
    if segments and not found.postal_code and len(segments) > 1 and _ZIP_ONLY.fullmatch(segments[-1]):
        found.postal_code = segments.pop()


def _take_wrong_state(found: Segments) -> None:
    """What stands between a town and the ZIP code and is two letters, or almost a state's name, is meant as a state."""
    last = found.rest[-1]
    name = folded(last)
    is_almost = len(name) >= 3 and (
        any(state.startswith(name) for state in STATE_NAMES) or bool(get_close_matches(name, STATE_NAMES, 1, 0.85))
    )
    if _is_town(found.rest[-2]) and (is_almost or re.fullmatch(r"[A-Za-z]{2}|\W{1,3}", last)):
        found.state = found.rest.pop()
        found.notes.append(f"{last} is no state")


def _code_of(text: str) -> str | None:
    """The kind of foreign postal code at the end of a text, or None."""
    return next((kind for kind, pattern in _FOREIGN_CODES if pattern.search(text)), None)


def _see_foreign_code(found: Segments, text: str) -> None:
    """A postal code of another country, where no state and ZIP code speak against it, or a script that is not Latin."""
    if _is_other_script(text):
        found.foreign = "letters that are not Latin"
    elif not (found.state and found.postal_code) and len(found.rest) > 1:
        found.foreign = _code_of(text)


def _is_other_script(text: str) -> bool:
    """Whether most letters are not Latin."""
    if text.isascii():
        return False
    letters = [character for character in text if character.isalpha()]
    return sum(character > "\u024f" for character in letters) * 2 > len(letters)


def _take_boxes(found: Segments) -> None:
    """Segments that are a post office box, a rural route with its box, a person or a place nearby."""
    kept = []
    for segment in found.rest:
        box, route = _BOX.fullmatch(segment), _ROUTE_BOX.fullmatch(segment)
        if route and not found.po_box:
            found.route, found.po_box = route["route"], route["box"]
        elif box and not found.po_box:
            found.po_box = box["box"]
        elif _PERSON_OR_NEARBY.match(segment) and len(found.rest) > 1:
            found.notes.append(f"left out: {segment}")
        else:
            kept.append(segment)
    found.rest = kept


def _take_units(found: Segments) -> None:
    """Segments that are units, if a segment with the street is left; a number alone in front belongs to the street."""
    has_number_apart = len(found.rest) > 1 and re.fullmatch(r"\d+[a-zA-Z]?", found.rest[0])
    if has_number_apart and (len(found.rest) > 2 or not _is_town(found.rest[1])):
        found.rest[:2] = [f"{found.rest[0]} {found.rest[1]}"]
    kept: list[str] = []
    for place, segment in enumerate(_without_nearby(found)):
        pairs = unit_pairs(segment, bare=place > 0)
        if not pairs or not (kept or place + 1 < len(found.rest) or found.po_box):
            segment, pairs = split_units(segment)
            kept.append(segment)
        found.units += pairs
    found.rest = kept


def _without_nearby(found: Segments) -> list[str]:
    """The segments without what tells where a street's house is: `12 Oak St between 2nd and 3rd Ave`."""
    kept = []
    for segment in found.rest:
        nearby = _NEARBY.fullmatch(segment)
        if nearby and nearby["last"].lower() in PLAIN_TYPES | DIRECTIONS:
            found.notes.append(f"left out: {nearby['nearby']}")
            segment = nearby["line"]
        kept.append(segment)
    return kept


def _take_town(found: Segments) -> None:
    """The last segment is the town if it is a name and something comes before it."""
    if not found.rest or not (len(found.rest) > 1 or found.po_box):
        return
    *before, last = found.rest
    is_unsure = folded(last) in STATE_AND_TOWN and before and not found.state and not found.postal_code
    # "123 Maple Rochester, New York" has its town before the state; "12 Oak St, New York" has not.
    if is_unsure and folded(before[-1]).split(" ")[-1] not in PLAIN_TYPES | DIRECTIONS:
        return
    if _is_town(last):
        found.city = found.rest.pop()


def _is_town(segment: str) -> bool:
    """Whether a segment can be the name of a town."""
    name = folded(segment)
    words = name.split()
    return (
        len(name) >= 3
        and _TOWN.fullmatch(segment) is not None
        and words[-1] not in STREET_ENDINGS
        and words[0] not in NEVER_A_TOWN
    )
