"""How an extract's columns differ from its contract: new, missing, perhaps renamed, of another type.

A rename is proposed, never assumed: by how alike two names are, and by how alike tonight's values of the one are to
those that the last published night had of the other.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import yaml

from dq_pipeline.config import Column, Source
from dq_pipeline.config.source import ENGINE_COLUMNS, ColumnType
from dq_pipeline.regular import printable
from dq_pipeline.sql.bins import bin_of
from dq_pipeline.sql.declared_types import cast_to_declared, filled
from dq_pipeline.warehouse import Warehouse, literal, quoted

Kind = Literal["new", "missing", "renamed", "retyped"]
# What became of it: the night is held; the column is in validated.<source>, left out, or empty; values are kept out.
Effect = Literal["refused", "carried", "left_out", "empty", "kept_out", "proposed"]

# Last night's figures of each column, which `ingest` recalls; without it contents are compared with types alone.
PROFILES = "raw.profiles_before"
MAX_COLUMNS = 2_000
MAX_NAME = 100
# New columns beyond so many are text, without a look.
MOST_LOOKED_AT = 50
# A rename is proposed from these on: of the names, of the contents, of both together; of the names alone.
LEAST_NAME, LEAST_CONTENT, LEAST_BOTH, LEAST_NAME_ALONE = 0.35, 0.5, 0.6, 0.75
# A column is of another type where fewer than half of at least so many values are of its own.
RETYPED_SHARE, RETYPED_VALUES = 0.5, 20
FITS = 0.95
_TYPES: tuple[ColumnType, ...] = ("integer", "decimal", "boolean", "timestamp", "date")
_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")


@dataclass(frozen=True)
class SchemaChange:
    """One column that is not as the contract says; `found_name` is its name in the file, or the other name proposed.

    `proposal` is the line under `columns` that would accept it. Similarities are 0 to 1, None where unknown.
    """

    source: str
    file: str
    kind: Kind
    column: str
    found_name: str | None = None
    declared_type: str | None = None
    found_type: str | None = None
    name_similarity: float | None = None
    content_similarity: float | None = None
    share: float | None = None
    proposal: str | None = None
    effect: Effect = "refused"

    def told(self, policy: str) -> str:
        """The change as a warning: what is so, what becomes of it, and the line that would accept it."""
        source, line, declared, reads = self.source, self.proposal, self.declared_type, self.found_type
        column, found = printable(self.column, MAX_NAME), printable(self.found_name or "", MAX_NAME)
        alike, share = self.likeness(), f"{self.share or 0:.0%}"
        accept = _said(f"under `columns` of sources/{source}.yml: {line}")
        if self.kind == "new" and self.effect == "carried":
            message = (
                f"{source}: column {column} is new (drift: {policy}); it is carried to validated.{source}; {accept}"
            )
        elif self.kind == "new":
            message = f"{source}: column {column} is new (drift: {policy}); it is left out; {accept}"
        elif self.kind == "missing":
            message = f"{source}: column {column} is missing (drift: {policy}); it is empty tonight; {accept}"
        elif self.kind == "renamed":
            message = f"{source}: column {column} may be {found} now (drift: {policy}; {alike}); {accept}"
        else:
            of_type = _said(f"{share} of its values are {declared}, as declared; they read as {reads}")
            message = f"{source}: column {column} has another type (drift: {policy}; {of_type}); {accept}"
        return _said(message)

    def likeness(self) -> str:
        """How alike the two columns of a rename are."""
        names = f"{self.name_similarity or 0:.0%}"
        if self.content_similarity is None:
            return _said(f"names alike by {names}, contents unknown")
        contents = f"{self.content_similarity:.0%}"
        return _said(f"names alike by {names}, contents by {contents}")


def _said(message: str) -> str:
    """A sentence for people: the catalogues find it by this call."""
    return message


def compare_names(source: Source, file: str, names: Sequence[str]) -> list[SchemaChange]:
    """The columns that are missing from a file's `names`, and those that are new in it."""
    named = source.header_names()
    changes = [
        SchemaChange(
            source.name,
            file,
            "missing",
            name,
            declared_type=column.type,
            proposal=f"{yaml_name(name)}: {{{_written(column)}, optional: true}}",
            effect="empty",
        )
        for name, column in source.columns.items()
        if named[name] not in names and not column.optional
    ]
    if source.extra_columns == "breach":
        wanted = set(named.values())
        extra = dict.fromkeys(name for name in names if name not in wanted)
        changes += [SchemaChange(source.name, file, "new", name, name, effect="left_out") for name in extra]
    return changes


def can_be_carried(source: Source, names: Collection[str], name: str) -> bool:
    """Whether a new column can have its name in our tables: one of its own, and one that can be read."""
    taken = {*ENGINE_COLUMNS, *(known.lower() for known in source.columns)}
    others = [other for other in names if other.lower() == name.lower()]
    is_plain = 0 < len(name) <= MAX_NAME and name.isprintable()
    return is_plain and name.lower() not in taken and len(others) == 1


def with_contents(
    warehouse: Warehouse, table: str, source: Source, names: Sequence[str], changes: Sequence[SchemaChange]
) -> list[SchemaChange]:
    """The changes with what the values tell: the types of new columns, and renames. `table` has columns c0, c1, …"""
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    held = warehouse.columns(table)
    named = []
    for number, change in enumerate(changes):
        column = f"c{places.get(change.column, -1)}"
        if change.kind != "new":
            named.append(change)
            continue
        looks = number < MOST_LOOKED_AT and column in held
        found, written = found_type(warehouse, table, column) if looks else ("text", "text")
        named.append(replace(change, found_type=found, proposal=f"{yaml_name(change.column)}: {written}"))
    missing = [change for change in named if change.kind == "missing"]
    new = {name: f"c{place}" for name, place in places.items() if f"c{place}" in held and name}
    for name in source.header_names().values():
        new.pop(name, None)
    return named + _renames(warehouse, table, source, missing, new)


def _renames(
    warehouse: Warehouse, table: str, source: Source, missing: Sequence[SchemaChange], new: dict[str, str]
) -> list[SchemaChange]:
    """The best pairs of a missing and a new column, each column in one at most."""
    pairs = []
    headers = source.header_names()
    for change in missing:
        for name, column in new.items():
            alike = max(name_similarity(change.column, name), name_similarity(headers[change.column], name))
            if alike < LEAST_NAME:
                continue
            content = content_similarity(warehouse, table, column, source, change.column)
            both = alike if content is None else (alike + content) / 2
            enough = alike >= LEAST_NAME_ALONE if content is None else content >= LEAST_CONTENT and both >= LEAST_BOTH
            if enough:
                pairs.append((-both, change.column, name, alike, content))
    renames: list[SchemaChange] = []
    for _, column, name, alike, content in sorted(pairs, key=lambda pair: pair[:3]):
        if any(column == one.column or name == one.found_name for one in renames):
            continue
        declared = source.columns[column]
        line = f"{yaml_name(column)}: {{{_written(declared)}, from: {yaml_name(name)}}}"
        found = SchemaChange(source.name, missing[0].file, "renamed", column, name, declared.type, proposal=line)
        renames.append(replace(found, name_similarity=alike, content_similarity=content, effect="proposed"))
    return renames


def name_similarity(left: str, right: str) -> float:
    """How alike two names are, 0 to 1: `eMail` and `e_mail` are one, `email` and `email_address` nearly."""
    words = [_words(left), _words(right)]
    joined = ["".join(found) for found in words]
    if not all(joined):
        return 0.0
    letters = difflib.SequenceMatcher(None, joined[0], joined[1], autojunk=False).ratio()
    shared = len(set(words[0]) & set(words[1])) / min(len(set(words[0])), len(set(words[1])))
    return round(max(letters, 0.9 * shared), 4)


def _words(name: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:MAX_NAME])
    plain = unicodedata.normalize("NFKD", parted.lower())
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def content_similarity(warehouse: Warehouse, table: str, column: str, source: Source, declared: str) -> float | None:
    """How alike a column's values are to those of the `declared` column in the last published night, 0 to 1.

    Compared are the shares of their bins and of blank values. Without figures of that column, and for a key, it is the
    share of values that are of the declared type; None for text.
    """
    contract = source.columns[declared]
    typed = cast_to_declared(column, contract)
    text = filled(quoted(column))
    before = warehouse.rows(_BEFORE, [source.name, declared]) if warehouse.has(PROFILES) else []
    if not before:
        if contract.type == "text":
            return None
        given, fits = warehouse.rows(f"select count({text}), count({typed}) from {table}")[0]
        return round(float(fits / given), 4) if given else None
    rows, nulls, way, bins = before[0]
    query = f"select count(*), count({text}), histogram({bin_of(typed, way)}) from {table}"
    now_rows, now_given, now_bins = warehouse.rows(query)[0]
    if not now_rows or not now_given or not rows or not bins:
        return None
    shares = [{key: count / sum(found.values()) for key, count in found.items()} for found in (bins, now_bins or {})]
    overlap = sum(min(share, shares[1].get(key, 0.0)) for key, share in shares[0].items())
    blanks = abs(nulls / rows - (now_rows - now_given) / now_rows)
    return round(float(overlap * (1 - blanks)), 4)


_BEFORE = f"""select rows, nulls, binned_by, bins from {PROFILES}
    where source = ? and column_name = ? and binned_by is not null order by run_date desc, run_id desc limit 1"""


def retyped(warehouse: Warehouse, source: Source) -> list[SchemaChange]:
    """Columns of `raw.<source>` of whose values most are not of the declared type."""
    typed = [name for name, column in source.columns.items() if column.type != "text"]
    if not typed:
        return []
    table = f"raw.{source.name}"
    counted = ", ".join(
        f"count({filled(quoted(name))}), count({cast_to_declared(name, source.columns[name])})" for name in typed
    )
    figures = warehouse.rows(f"select {counted} from {table}")[0]
    changes = []
    for name, given, fits in zip(typed, figures[::2], figures[1::2], strict=True):
        if given < RETYPED_VALUES or fits / given >= RETYPED_SHARE:
            continue
        found, written = found_type(warehouse, table, name, source.columns[name].type)
        files = warehouse.value(f"select min(source_file) from {table}")
        line = f"{yaml_name(name)}: {written}"
        change = SchemaChange(source.name, files, "retyped", name, None, source.columns[name].type, found)
        changes.append(replace(change, share=fits / given, proposal=line, effect="kept_out"))
    return changes


def found_type(warehouse: Warehouse, table: str, name: str, declared: str = "text") -> tuple[str, str]:
    """The type that nearly all values of a text column have, and how a contract says so; text if they have none."""
    tried: list[tuple[str, Column, str]] = [(kind, Column(type=kind), kind) for kind in _TYPES]
    for form in _FORMATS:
        kind: ColumnType = "timestamp" if "%H" in form else "date"
        written = f"{{type: {kind}, formats: [{literal(form)}]}}"
        tried.append((kind, Column(type=kind, formats=(form,)), written))
    if declared in {"date", "timestamp"}:
        # Of a column that was a date, 20261120 is one still.
        tried.sort(key=lambda one: one[0] not in {"date", "timestamp"})
    counted = ", ".join(f"count({cast_to_declared(name, column)})" for _, column, _ in tried)
    midnight = f"count(*) filter (where regexp_full_match({filled(quoted(name))}, '[-/0-9]+'))"
    given, days, *fits = warehouse.rows(f"select count({filled(quoted(name))}), {midnight}, {counted} from {table}")[0]
    for (found, _, accepted), count in zip(tried, fits, strict=True):
        if given and count >= given * FITS and not (found == "timestamp" and days >= given * FITS):
            return found, accepted
    return "text", "text"


def yaml_name(name: str) -> str:
    """A name as YAML writes it: plain where it can be, else quoted."""
    name = printable(name, MAX_NAME)
    is_plain = re.fullmatch(r"[A-Za-z_][\w ]*\w|[A-Za-z]", name) and yaml.safe_load(name) == name
    return name if is_plain else "'" + name.replace("'", "''") + "'"


def _written(column: Column) -> str:
    formats = f", formats: [{', '.join(literal(form) for form in column.formats)}]" if column.formats else ""
    return f"type: {column.type}{formats}"
