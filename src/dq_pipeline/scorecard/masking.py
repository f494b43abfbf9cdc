"""Personal values -> what a person may read of them outside the database: initials, an ending, two digits, or nothing.

Values of columns are masked by what their column holds. Free texts (a finding's detail, an error) are masked wherever
they look like personal data, and wherever they quote a value that a personal column of the run's tables holds.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date

from dq_pipeline.errors import StageError
from dq_pipeline.warehouse import Warehouse, quoted, table_name

Mask = Callable[[str], str]
Span = tuple[int, int, Mask]

HIDDEN = "•••"
# Nobody younger is a customer, and no business date that a report quotes is older.
OLDEST_PLAIN_DATE_YEARS = 10
LONGEST_PHRASE_WORDS = 8

# What the words of a column's name tell about its values; the first kind that fits counts.
_KINDS: Mapping[str, frozenset[str]] = {
    "email": frozenset({"email", "mail"}),
    "phone": frozenset({"phone", "mobile", "fax", "tel", "telephone"}),
    "birth": frozenset({"birth", "birthday", "birthdate", "dob"}),
    "name": frozenset({"name", "surname", "firstname", "lastname", "fullname", "nickname", "alias"}),
    "street": frozenset({"street", "line", "line1", "line2", "line3", "address", "unit", "apartment", "care"}),
}
_PLAIN_WORDS = frozenset({"id", "key", "source", "role", "type", "kind", "channel", "status", "is", "has", "records"})
_PLAIN_WORDS |= {"country", "state", "city", "at", "on", "created", "updated", "count"}
# A unit_price is no unit of an address.
_AMOUNT_WORDS = frozenset({"price", "total", "amount", "cost", "quantity"})
_POSTAL_WORDS = frozenset({"postal", "postcode", "zip", "zipcode"})

# How `errors.DqError` sets off what to do.
_REMEDY = "\n  What to do: "
_OF_NOBODY = frozenset({"raw.schema_changes", "raw.sources", "raw.sources_before"})
_WORD = re.compile(r"[^\W_]+")
_CHUNK = re.compile(r"\S+")
_QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,200})'(?!\w)|\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|‘([^’\n]{1,200})’")
# A quoted technical name (orders.order_id) or key (O0000448) is no person.
_TECHNICAL = re.compile(r"(?:[a-z]+\.)?[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Za-z]{1,5}[-:]?\d{1,20}")
_MAIL = re.compile(r"[^\s<>()\[\]'\",;:|/@]+\s?@\s?[^\s<>()\[\]'\",;:|/@]+")
_ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)-\d\d?-\d\d?(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?!\d)")
_OTHER_DATE = re.compile(r"(?<![\d.])\d{1,2}[./-](?:\d{1,2}|[A-Za-z]{3,9})[./-](\d{4})(?!\d)")
_COMPACT_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")
_AMOUNT = re.compile(r"(?<![\w.])-?\d+\.\d{1,2}(?![\d.-])")
_PHONE = re.compile(r"(?<![\w])[+(]{0,2}\d[\d\s().\u2010-\u2015/-]{5,}\d(?!\w)")
# WH-EAST: a place's code, and no Mrs. East.
_CODE = re.compile(r"\s*[A-Z]{2,4}[-_/][A-Z0-9]+\s*")
_NAME_CHUNK = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-])*")


def kind_of(column: str, declared: Collection[str] = ()) -> str:
    """What a column holds: email, phone, birth, name, street, postal, plain, or text (unknown, so masked).

    `declared` are the columns that the project's contracts call personal: none of them is ever plain.
    """
    words = set(column.lower().split("_"))
    if words & _AMOUNT_WORDS and column not in declared:
        return "plain"
    for kind, telling in _KINDS.items():
        if words & telling and not (kind == "street" and "id" in words):
            return kind
    if words & _POSTAL_WORDS:
        return "postal"
    return "plain" if words & _PLAIN_WORDS and column not in declared else "text"


def is_personal(column: str, declared: Collection[str] = ()) -> bool:
    """Whether a column holds values that tell who a person is or where one lives."""
    return column in declared or kind_of(column) in _KINDS


def mask_text(text: str) -> str:
    """Only the first letter; nothing of a text that begins with a digit (`12 Elm Street` -> `•••`)."""
    text = text.strip()
    return text[0] + HIDDEN if text[:1].isalpha() else HIDDEN


def mask_name(text: str) -> str:
    """The first letter of each word: `J••• S•••`."""
    return " ".join(mask_text(word) for word in text.split()) or HIDDEN


def mask_email(text: str) -> str:
    """Two letters and the ending: `j•••@g•••.com`."""
    local, at, domain = text.strip().rpartition("@")
    if not (local.strip() and at and domain.strip()):
        return mask_text(text)
    _, dot, ending = domain.strip().rpartition(".")
    shown = dot + ending.lower() if dot and ending.isalpha() and len(ending) <= 6 else ""
    return f"{mask_text(local.lower())}@{mask_text(domain.lower())}{shown}"


def mask_phone(text: str) -> str:
    """The last two digits: `••••••••17`."""
    digits = re.sub(r"\D", "", text)
    return f"••••••••{digits[-2:]}" if len(digits) >= 4 else HIDDEN


def mask_value(column: str, value: object, declared: Collection[str] = ()) -> str | None:
    """A column's value as a reader may see it; None stays None."""
    if value is None or not str(value).strip():
        return None
    text = str(value)
    match kind_of(column, declared):
        case "plain":
            return text
        case "email":
            return mask_email(text)
        case "phone":
            return mask_phone(text)
        case "birth":
            return "••••-••-••"
        case "name":
            return mask_name(text)
        case "postal" if column not in declared:
            return text[:2] + HIDDEN
        case _:
            return mask_text(text)


def mask_compared(column: str, value: object, declared: Collection[str] = ()) -> object:
    """A compared value as a reader may see it: a key, which is made of several values, tells as much as they do."""
    personal = {*declared, column} if column.endswith("_key") else declared
    return mask_value(column, value, personal) if is_personal(column, personal) else value


def mask_free_texts(
    warehouse: Warehouse, texts: Iterable[str], today: date, declared: Collection[str] = ()
) -> dict[str, str]:
    """Text -> the same with everything personal masked.

    Raises nothing: where the tables cannot be asked what they hold, nothing of the texts is shown.
    """
    distinct = sorted({text for text in texts if text})
    candidates = {phrase for text in distinct for phrase, _, _ in _phrases(text)}
    try:
        known = _held_by_tables(warehouse, sorted(candidates), declared)
    except StageError:
        return dict.fromkeys(distinct, f"{HIDDEN} (not shown: it may hold personal data and could not be checked)")
    return {text: mask_free_text(text, today, known) for text in distinct}


def mask_free_text(text: str, today: date, known: Collection[str] = ()) -> str:
    """`text` without what looks like personal data or is a phrase of `known` (lower case, words joined by a blank).

    An error's remedy, which follows on a line of its own, is looked at for itself.
    """
    return _REMEDY.join(_masked(part, today, known) for part in text.split(_REMEDY))


def _masked(text: str, today: date, known: Collection[str]) -> str:
    spans = list(_suspicious(text, today))
    spans += [(start, end, _mask_words) for phrase, start, end in _phrases(text) if phrase in known]
    return _replaced(text, spans)


def _hide(_: str) -> str:
    return HIDDEN


def _mask_words(text: str) -> str:
    return _CHUNK.sub(lambda chunk: mask_text(chunk.group().strip("\"'“”‘’(),;:")), text)


def _suspicious(text: str, today: date) -> Iterator[Span]:
    """The places that look like an e-mail address, a phone number, a birth date, a name, a street or a quoted value."""
    taken: list[tuple[int, int]] = []
    for pattern in (_ISO_DATE, _OTHER_DATE, _COMPACT_DATE):
        for found in pattern.finditer(text):
            taken.append(found.span())
            if int(found.group(1)) <= today.year - OLDEST_PLAIN_DATE_YEARS:
                yield *found.span(), _hide
    taken += [found.span() for found in _AMOUNT.finditer(text)]
    for found in _MAIL.finditer(text):
        yield *found.span(), mask_email
    for found in _PHONE.finditer(text):
        overlaps = any(start < found.end() and found.start() < end for start, end in taken)
        if 7 <= len(re.sub(r"\D", "", found.group())) <= 15 and not overlaps:
            yield *found.span(), mask_phone
    for found in _QUOTED.finditer(text):
        inside = found.lastindex or 0
        if not _TECHNICAL.fullmatch(found.group(inside)):
            yield *found.span(inside), _mask_words
    yield from _proper_names(text)


def _proper_names(text: str) -> Iterator[Span]:
    """Two or more capitalized words in a row, or a number and one: `John Smith`, `SMITH, JOHN`, `12 Elm Street`."""
    run: list[tuple[int, int, str]] = []
    for found in [*_CHUNK.finditer(text), None]:
        word = found.group().strip("\"'“”‘’(),;:.!?") if found else ""
        start = found.start() + found.group().find(word) if found and word else 0
        is_name = bool(_NAME_CHUNK.fullmatch(word)) and word[0].isupper()
        is_number = word.isdigit() and len(word) <= 6
        if found and (is_name or is_number):
            if is_number:
                yield from _run_span(run)
                run = []
            run.append((start, start + len(word), word))
            if not found.group().endswith((":", ";", "!", "?")):
                continue
        yield from _run_span(run)
        run = []


def _run_span(run: list[tuple[int, int, str]]) -> Iterator[Span]:
    # "Binder Error:" is how the engine's own messages begin.
    if len(run) >= 2 and run[-1][2] != "Error":
        yield run[0][0], run[-1][1], _mask_words


def _phrases(text: str) -> Iterator[tuple[str, int, int]]:
    """Every run of words of a text, folded, with its place; a word alone only where it is written like a name."""
    is_code = bool(_CODE.fullmatch(text))
    words = [(found.group().lower(), found.start(), found.end()) for found in _WORD.finditer(text)]
    for first, (word, start, end) in enumerate(words):
        is_written_so = text[start].isupper() or text[start - 1] in "'\"‘“"
        if first and len(word) >= 2 and word.isalpha() and is_written_so and not is_code:
            yield word, start, end
        for last in range(first + 1, min(first + LONGEST_PHRASE_WORDS, len(words))):
            phrase = " ".join(part for part, _, _ in words[first : last + 1])
            yield phrase, start, words[last][2]


def _held_by_tables(warehouse: Warehouse, candidates: list[str], declared: Collection[str]) -> set[str]:
    """Those of the phrases that a personal text column of the run's raw or standardized tables holds as a value."""
    if not candidates:
        return set()
    tables = [f"{schema}.{name}" for schema in ("raw", "standardized") for name in warehouse.tables(schema)]
    # Conformed records are those of `<source>__<entity>`, which are looked through as well; names of columns are none.
    tables = [table for table in tables if not table.endswith("_conformed") and table not in _OF_NOBODY]
    found: set[str] = set()
    for table in tables:
        kinds = warehouse.columns(table)
        columns = [name for name, kind in kinds.items() if kind == "VARCHAR" and is_personal(name, declared)]
        for column in columns:
            held = warehouse.rows(
                f"""with held as (
                    select distinct {quoted(column)} as value
                    from {table_name(table)}
                ), folded as (
                    select lower(trim(regexp_replace(value, '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'))) as phrase
                    from held
                )
                select distinct phrase
                from folded
                where phrase in (select unnest(?))""",
                [candidates],
            )
            found.update(phrase for (phrase,) in held)
    return found


def _replaced(text: str, spans: list[Span]) -> str:
    """`text` with each place masked in its own way; places that overlap are masked together, word by word."""
    result: list[str] = []
    position = 0
    merged: list[Span] = []
    for start, end, mask in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            before = merged[-1]
            contained = end <= before[1]
            merged[-1] = (before[0], max(before[1], end), before[2] if contained else _mask_words)
        else:
            merged.append((start, end, mask))
    for start, end, mask in merged:
        result += [text[position:start], mask(text[start:end])]
        position = end
    return "".join([*result, text[position:]])
