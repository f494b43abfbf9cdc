"""A source's contract: where the extract is, what shape it has, and what it promises."""

import codecs
from typing import Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from dq_pipeline.config.base import Frozen, Identifier, Severity
from dq_pipeline.config.erasing import Person
from dq_pipeline.config.limits import Limits
from dq_pipeline.config.location import Location

ColumnType = Literal["text", "integer", "decimal", "date", "timestamp", "boolean"]
# Columns that the engine adds to every raw table.
ENGINE_COLUMNS = ("record_id", "source_key", "repeat_no", "source_file", "line_number", "file_hash", "content_hash")
# Tables that the engine makes beside those named like sources, and the word that stands for every source.
TAKEN_NAMES = ("sources", "unparsed", "landed", "landing", "landing_aside", "landing_rows", "landed_keys", "all")


class Format(Frozen):
    """How the extract is written. Compression (.gz, .zst, .bz2, .xz) is told by the file's name."""

    model_config = ConfigDict(str_strip_whitespace=False)

    type: Literal["csv", "parquet", "jsonl", "excel"] = "csv"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    escape: str = Field(default='"', max_length=1)
    encoding: str = "utf-8"
    header: bool = True
    skip_lines: int = Field(default=0, ge=0)
    sheet: str | None = None

    @field_validator("encoding")
    @classmethod
    def _decodes_text(cls, encoding: str) -> str:
        try:
            codecs.getincrementaldecoder(encoding)(errors="surrogateescape").decode("id".encode(encoding))
        except (LookupError, AssertionError, UnicodeError, TypeError, ValueError) as error:
            raise ValueError(f"{encoding!r} is no text encoding that Python knows") from error
        return encoding

    @model_validator(mode="after")
    def _different_marks(self) -> "Format":
        if self.delimiter in {self.quote, self.escape}:
            raise ValueError("delimiter must differ from quote and escape")
        if {"\n", "\r", "\0"} & {self.delimiter, self.quote, self.escape}:
            raise ValueError("delimiter, quote and escape must not be a line end")
        return self


class Column(Frozen):
    """One column: its type, the name it has in the extract if another, and how a value of a wrong type counts.

    An extract may lack a column that is `optional`: it is empty then. A column is `critical` where the business cannot
    do without it: `dq check` names it if no expectation looks at it.
    """

    type: ColumnType = "text"
    title: str = ""
    source_name: str | None = Field(default=None, alias="from")
    formats: tuple[str, ...] = ()
    code: str | None = None
    severity: Severity = "critical"
    personal: bool = False
    optional: bool = False
    critical: bool = False


class Freshness(Frozen):
    """How old the newest value of a date column may be on the run date."""

    column: str
    max_age_days: int = Field(ge=0)


class RowBounds(Frozen):
    """How many rows an extract normally has; fewer or more is a breach."""

    min: int = Field(default=1, ge=0)
    max: int | None = Field(default=None, ge=1)


class Source(Frozen):
    """One extract and its contract.

    `touchpoint` is where the customer meets this source; where one of its columns says so row by row,
    `touchpoint_column` names it. `people` are those whom a row speaks of, first the one whose record it is. Where that
    one is erased, the row goes, or with `erased: blanked` stays without them.
    `touchpoint_column` names it. `drift` says what columns that are not as declared mean: `strict` holds the night,
    `warn` goes on without the new and with the missing ones empty, `evolve` carries the new ones along as text.
    """

    name: Identifier
    title: str
    owner: Identifier
    touchpoint: str
    touchpoint_column: str | None = None
    location: Location
    format: Format = Format()
    key: tuple[str, ...] = Field(min_length=1)
    newest_by: str | None = None
    columns: dict[str, Column] = Field(min_length=1, max_length=2_000)
    extra_columns: Literal["breach", "ignore"] = "breach"
    freshness: Freshness | None = None
    rows: RowBounds = RowBounds()
    drift: Literal["strict", "warn", "evolve"] = "strict"
    limits: Limits = Limits()
    people: tuple[Person, ...] = ()
    erased: Literal["dropped", "blanked"] = "dropped"

    @model_validator(mode="before")
    @classmethod
    def _database_rows_are_parquet(cls, values: object) -> object:
        """What a query returns is written as Parquet; a format of one's own would mean nothing."""
        location = values.get("location") if isinstance(values, dict) else None
        if isinstance(values, dict) and isinstance(location, dict) and location.get("database"):
            if "format" in values:
                raise ValueError("format means nothing where the location is a database")
            return values | {"format": {"type": "parquet"}}
        return values

    @field_validator("columns", mode="before")
    @classmethod
    def _short_columns(cls, columns: object) -> object:
        """`name: integer` is short for `name: {type: integer}`; `name:` alone is text."""
        if not isinstance(columns, dict):
            return columns
        return {
            name: {"type": "text"} if column is None else {"type": column} if isinstance(column, str) else column
            for name, column in columns.items()
        }

    @model_validator(mode="after")
    def _columns_exist(self) -> "Source":
        if self.name in TAKEN_NAMES:
            raise ValueError(f"name: {self.name!r} is the name of a table of the engine; take another")
        seen: set[str] = set()
        for name in self.columns:
            # SQL takes names that differ in case for one.
            if not name or name.lower() in ENGINE_COLUMNS:
                raise ValueError(f"column {name!r} cannot be used: the engine adds {', '.join(ENGINE_COLUMNS)} itself")
            if name.lower() in seen:
                raise ValueError(f"column {name!r} is declared twice, in upper and lower case; rename one with `from:`")
            seen.add(name.lower())
        freshness = self.freshness.column if self.freshness else None
        people = (column for person in self.people for column in person.columns())
        for used in (*self.key, self.newest_by, freshness, self.touchpoint_column, *people):
            if used is not None and used not in self.columns:
                raise ValueError(f"column {used!r} is named but not declared in columns")
        for part in self.key:
            if self.erased == "blanked" and any(part in person.columns() for person in self.people):
                raise ValueError(f"column {part!r} is a part of the key: it cannot be blanked with a person")
            if self.columns[part].optional:
                raise ValueError(f"column {part!r} is a part of the key: it cannot be optional")
        return self

    def header_names(self) -> dict[str, str]:
        """Our column name -> the name in the extract's header."""
        return {name: column.source_name or name for name, column in self.columns.items()}
