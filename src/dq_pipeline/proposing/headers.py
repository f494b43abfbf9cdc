"""Headers as words: `CustomerFirstName`, `first_name` and `NOMBRE (pila)` made comparable, and told what they mean."""

import re
import unicodedata
from functools import lru_cache

from dq_pipeline.proposing.fields import Field, fields_of, words

EXACT, WITHIN, LESSER, PARTLY, BARELY = 1.0, 0.9, 0.8, 0.6, 0.45
_SHORT = {
    "addr": "address", "add": "address", "adr": "address", "num": "number", "nbr": "number", "cd": "code",
    "ph": "phone", "tel": "phone", "telephone": "phone", "yr": "year",
    "fname": "first name", "lname": "last name", "mname": "middle name",
}  # fmt: skip


def words_of(header: str) -> tuple[str, ...]:
    """A header's words: accents folded, small letters, camel case and digits parted."""
    parted = re.sub(r"(?<=[a-záéíóúñü])(?=[A-ZÁÉÍÓÚÑ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    folded = unicodedata.normalize("NFKD", parted).encode("ascii", "ignore").decode().lower()
    folded = re.sub(r"\be[- _]?mail", "email", folded.replace("'", ""))
    return tuple(re.findall(r"[a-z]+|[0-9]+", folded))


def column_name(header: str) -> str:
    """A header as a column name: its words joined by `_`, at most 60 characters; empty where it has no letter."""
    parted = re.sub(r"(?<=[a-záéíóúñü0-9])(?=[A-ZÁÉÍÓÚÑ])|(?<=[A-Z])(?=[A-Z][a-z])", "_", header)
    folded = unicodedata.normalize("NFKD", parted).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[:60].strip("_")
    if not re.search(r"[a-z]", name):
        return ""
    return name if name[0].isalpha() else f"n_{name}"[:60]


def plain(header: str) -> tuple[str, ...]:
    """The words of a header with abbreviations written out."""
    return tuple(word for short in words_of(header) for word in _SHORT.get(short, short).split())


def header_scores(header: str, entity: str) -> dict[str, float]:
    """How well a header names each field of an entity: field -> 0.45 to 1; fields that it does not name are left out.

    1 is a synonym word for word, 0.9 one beside words such as `customer` or `home`, 0.8 beside `shipping` or `work`,
    0.6 one of several words within others, 0.45 a single word beside another.
    """
    parts = plain(header)
    found: dict[str, float] = {}
    for one in fields_of(entity).values():
        score = max((_score(parts, synonym) for synonym in synonyms(one)), default=0.0)
        if score:
            found[one.name] = score
    return found


def header_rank(header: str, field: Field) -> int:
    """The place of the first synonym that a header is, or else holds: earlier ones are the better names."""
    parts, known = plain(header), synonyms(field)
    if parts in known:
        return known.index(parts)
    places = [place for place, synonym in enumerate(known) if {*parts}.issuperset(synonym)]
    return len(known) + min(places, default=0)


@lru_cache(maxsize=256)
def synonyms(field: Field) -> tuple[tuple[str, ...], ...]:
    """A field's synonyms as words, its own name first."""
    return tuple(dict.fromkeys(plain(name) for name in (field.name, *field.headers)))


def _score(parts: tuple[str, ...], synonym: tuple[str, ...]) -> float:
    if parts == synonym or "".join(parts) == "".join(synonym):
        return EXACT
    rest = list(parts)
    for word in synonym:
        if word not in rest:
            return 0.0
        rest.remove(word)
    if words().beside.issuperset(rest):
        return WITHIN
    if (words().beside | words().lesser).issuperset(rest):
        return LESSER
    # One word within others says little: `email_opt_in` is no e-mail, `bank_name` is no customer's.
    return PARTLY if len(synonym) > 1 else BARELY if len(rest) == 1 else 0.0
