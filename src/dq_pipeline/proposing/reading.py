"""A file read as a run will read it: its form, its columns under usable names, and its rows in the warehouse."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from dq_pipeline.config import Format, Source
from dq_pipeline.config.source import ENGINE_COLUMNS
from dq_pipeline.errors import Breach, ConfigError, StageError
from dq_pipeline.extracts import land_in_place
from dq_pipeline.extracts.inputs import in_place
from dq_pipeline.extracts.plain import PACKED, PlainFile, make_plain
from dq_pipeline.extracts.structured import json_columns, parquet_columns, read_excel, read_json_lines
from dq_pipeline.proposing.dialect import sniff
from dq_pipeline.proposing.headers import column_name
from dq_pipeline.warehouse import Warehouse

# Words that SQL reads as its own where a bare column name stands.
_RESERVED = "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
_KINDS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".psv": "csv", ".dat": "csv", ".tab": "csv", "": "csv",
    ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip
MAX_COLUMNS = 500


@dataclass(frozen=True)
class Wanted:
    """One source that is asked for: its name, its file, and what was said about it."""

    name: str
    path: Path
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    system: str | None = None
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Extract:
    """A file that was read: `columns` are our names in the file's order, `headers` the file's own for each.

    Its rows are in `raw.<name>` of the warehouse. `by_position` says that headers are blank or come twice, so that
    the columns are known by their place.
    """

    wanted: Wanted
    form: Format
    headers: Mapping[str, str]
    rows: int
    unparsed: int
    by_position: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        """Our names of the columns, in the file's order."""
        return tuple(self.headers)


class NoHeaderError(ConfigError):
    """A file whose first line is data: the names of its fields must be told."""

    def __init__(self, wanted: Wanted, width: int, delimiter: str, example: str = "id,first_name,last_name,…") -> None:
        message = f"the file has no header: its first line is data, {width} fields parted by {delimiter!r}"
        told = f"--columns {wanted.name}={example}"
        remedy = f"name the fields in their order, a dash for one that is not needed, for instance {told}"
        super().__init__(message, where=wanted.path, remedy=remedy)
        self.width, self.delimiter = width, delimiter


def read_extract(warehouse: Warehouse, wanted: Wanted, scratch: Path) -> Extract:
    """Land a file in `raw.<name>`, all columns as text. `scratch` is a folder for unpacked copies.

    Raises ConfigError where the file cannot be read, has no header and no names were given, or is empty.
    """
    path = wanted.path
    _check_name(warehouse, wanted.name, path)
    if not path.is_file():
        raise ConfigError(f"there is no file {path}", remedy=f"name the file of {wanted.name}: NAME=FILE")
    form, names, notes, by_position = _form_and_names(warehouse, wanted, scratch)
    if not names:
        message = "it has no columns" + ("; each line must be a JSON object" if form.type == "jsonl" else "")
        raise ConfigError(message, where=path, remedy="save it as CSV or as JSON lines")
    if len(names) > MAX_COLUMNS:
        message = f"{len(names):,} columns are more than a table of customers has"
        raise ConfigError(message, where=path, remedy="look at its delimiter, or cut the file to what is needed")
    reserved = {word for (word,) in warehouse.rows(_RESERVED)}
    headers = _column_names(names, wanted.name, reserved)
    columns: dict[str, object] = {
        ours: {"from": theirs} if theirs != ours and not by_position else None for ours, theirs in headers.items()
    }
    source = _source(wanted, form, columns)
    warehouse.execute(
        """create table if not exists raw.unparsed
        (source varchar, source_file varchar, line_number bigint, reason varchar, text varchar)"""
    )
    landed = land_in_place(warehouse, source, path.parent, date(2000, 1, 1), scratch)
    if landed.breaches:
        raise _error(landed.breaches[0])
    return Extract(wanted, form, headers, landed.rows, landed.unparsed, by_position, notes)


def _source(wanted: Wanted, form: Format, columns: Mapping[str, object]) -> Source:
    """A contract by which a file is looked at before it has one: every column is text, the first is its key."""
    values = {"name": wanted.name, "title": wanted.name, "owner": "data", "touchpoint": "data"}
    location = {"path": str(wanted.path.resolve())}
    return Source.model_validate(
        {**values, "location": location, "format": form, "key": (next(iter(columns)),), "columns": columns}
    )


def _error(breach: Breach) -> ConfigError:
    return ConfigError(breach.message, where=breach.where, remedy="correct the file, or name another")


def _check_name(warehouse: Warehouse, name: str, path: Path) -> None:
    """A name must do as the name of a source and of its tables."""
    remedy = f"take a short word of small letters, as in customers={path.name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        message = f"{name!r} cannot be the name of a source: small letters, digits and _ only, a letter first"
        raise ConfigError(message, remedy=remedy)
    if warehouse.parse_error(f"select * from raw.{name}, {name}"):
        raise ConfigError(f"{name!r} cannot be the name of a source: it is a word of SQL", remedy=remedy)


def _form_and_names(
    warehouse: Warehouse, wanted: Wanted, scratch: Path
) -> tuple[Format, list[str], tuple[str, ...], bool]:
    """The form of the file, its headers in order, what is to be noted, and whether columns go by their place."""
    kind = _kind(wanted.path)
    plain = _plain(wanted, kind, scratch).path
    try:
        if kind == "parquet":
            return Format(type="parquet"), parquet_columns(warehouse, plain), (), False
        if kind == "jsonl":
            read_json_lines(warehouse, plain, "raw.looked_at", "raw.looked_aside")
            return Format(type="jsonl"), json_columns(warehouse, "raw.looked_at"), (), False
        if kind == "excel":
            return _excel(wanted, plain)
    except (StageError, ValueError, OSError) as error:
        reason = error.message.splitlines()[0] if isinstance(error, StageError) else str(error)
        raise ConfigError(
            f"the file cannot be read as {kind}: {reason}",
            where=wanted.path,
            remedy="correct the file, or name another",
        ) from error
    return _delimited(wanted, plain)


def _kind(path: Path) -> str:
    """What kind of file it is, by its name, packing left out, and its first bytes."""
    stem = path.with_suffix("") if path.suffix.lower() in PACKED else path
    suffix = stem.suffix.lower()
    with path.open("rb") as stream:
        first = stream.read(4)
    if suffix not in _KINDS and first != b"PAR1":
        known = ", ".join(sorted(filter(None, _KINDS)))
        message = f"files that end in {suffix} are not read"
        raise ConfigError(message, where=path, remedy=f"save it as CSV, or as one of {known}, packed or not")
    return "parquet" if first == b"PAR1" else _KINDS[suffix]


def _plain(wanted: Wanted, kind: str, scratch: Path) -> PlainFile:
    looked_at = _source(wanted, Format.model_validate({"type": kind}), {"any": None})
    found = make_plain(looked_at, in_place(wanted.path), scratch)
    if isinstance(found, Breach):
        raise _error(found)
    return found


def _excel(wanted: Wanted, plain: Path) -> tuple[Format, list[str], tuple[str, ...], bool]:
    form = Format(type="excel", header=not wanted.columns)
    names = [str(name).strip() for name in read_excel(plain, form).columns]
    if not wanted.columns:
        return form, names, (), False
    return form, _given(wanted, len(names)), (), True


def _delimited(wanted: Wanted, plain: Path) -> tuple[Format, list[str], tuple[str, ...], bool]:
    dialect = sniff(plain, is_known_header=bool(wanted.columns))
    form, names = dialect.form, list(dialect.first)
    if wanted.columns:
        return form, _given(wanted, len(names)), (), True
    if not dialect.has_header:
        raise NoHeaderError(wanted, len(names), form.delimiter)
    repeated = [name for name, times in Counter(names).items() if times > 1 or not name]
    if repeated:
        # Such headers cannot be told apart by name: the contract then goes by the columns' order.
        form = form.model_copy(update={"header": False, "skip_lines": dialect.first_lines})
        return form, names, ("headers are blank or come twice, so the columns go by their order",), True
    return form, names, (), False


def _given(wanted: Wanted, width: int) -> list[str]:
    """The names that were given for a file without header, as many as it has fields."""
    if len(wanted.columns) != width:
        message = f"{len(wanted.columns)} names were given for {width} fields"
        remedy = f"give {width} names with --columns {wanted.name}=…, a dash for a field that is not needed"
        raise ConfigError(message, where=wanted.path, remedy=remedy)
    return ["" if name.strip() == "-" else name.strip() for name in wanted.columns]


def _column_names(headers: Sequence[str], source: str, reserved: set[str]) -> dict[str, str]:
    """Our name -> the file's: words of small letters, each once, none that SQL or the engine uses itself."""
    taken: dict[str, str] = {}
    for position, header in enumerate(headers, start=1):
        name = column_name(header) or f"column_{position}"
        if name in ENGINE_COLUMNS:
            name = f"{source}_{name}"
        if name in reserved:
            name = f"{name}_value"
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        taken[free] = header
    return taken
