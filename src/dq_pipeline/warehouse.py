"""The engine that holds a run's tables: the only module that talks to DuckDB.

Tables are named `schema.table`. Everything random or ordered is the caller's business: `build` takes one SELECT and
makes one table of it. Results are fetched whole, because an open result blocks the next
statement; `batches` has a cursor of its own.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from dq_pipeline.config.encryption import KEY_VARIABLE, published_key
from dq_pipeline.errors import ConfigError, ResourceError, StageError

STATES = ("raw", "validated", "quarantined", "standardized", "linked", "mastered", "scored", "lookup")
# Analysts' DuckDB 1.x clients open this storage version; DuckDB 2's default they cannot (README names the versions).
PUBLISHED_STORAGE_VERSION = "v1.2.0"
# The first that can be encrypted.
ENCRYPTED_STORAGE_VERSION = "v1.4.0"

# Of a DuckDB file's main header: a checksum, the word DUCK, the version of its storage, and then its flags.
_FLAGS_AT = 20
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*\Z")


def quoted(name: str) -> str:
    """`name` as a quoted SQL identifier; each part of `schema.table` is quoted for itself by `table_name`."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """`value` as an SQL literal: text is quoted, None is null, numbers and booleans are written as they are."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """`path` as an SQL literal for DuckDB's readers, which take a name with `*`, `?` or `[` for a pattern."""
    return literal("".join(f"[{character}]" if character in "*?[" else character for character in str(path)))


def table_name(table: str) -> str:
    """`schema.table` with every part quoted where it must be."""
    return ".".join(part if _IDENTIFIER.match(part) else quoted(part) for part in table.split("."))


_REMEDY = (
    "correct the SELECT if it is the project's (`dq check` binds all of them); else report it, without personal data"
)
_TOO_LARGE = "give the run more: raise `resources.memory_limit` in the project file, or lower `resources.threads`"
_DISK = "look at the disk: whether there is room, and the right to write; then run again"
_NO_ROOM = re.compile(r"No space left|Could not write|File too large|quota exceeded|Allocation failure", re.IGNORECASE)
_VALUE_ERRORS = (
    *(duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException),
    *(duckdb.ConstraintException, duckdb.TypeMismatchException),
)
# From the first quote to the last: a value may have quotes of its own.
_QUOTED = re.compile(r"""['"].*['"]""")
_FROM_QUOTE = re.compile(r"""['"].*""", re.DOTALL)


class Warehouse:
    """One DuckDB database with a schema for each state of the data.

    `path` None keeps everything in memory (tests, `dq check`). `memory_limit` is DuckDB's text form, e.g. `4GB`.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        read_only: bool = False,
        memory_limit: str | None = None,
        threads: int | None = None,
        spill_directory: Path | None = None,
        spill_limit: str | None = None,
    ) -> None:
        self.path = path
        # Where somebody asks for it: table or view -> its SELECT and columns, also of those that were dropped again.
        self.made: dict[str, tuple[str, dict[str, str]]] | None = None
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        # What each connection begins with, where the database is not the one that it opened.
        self._home = ""
        config: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        if memory_limit:
            config["memory_limit"] = memory_limit
        if threads:
            config["threads"] = threads
        if spill_directory:
            config["temp_directory"] = str(spill_directory)
        if spill_limit:
            config["max_temp_directory_size"] = spill_limit
        self.config = config
        try:
            if read_only and path and is_encrypted(path):
                self.connection = duckdb.connect(":memory:", config=config)
                self.attach(path, path.stem)
                self._home = f"use {quoted(path.stem)}"
                self.execute(self._home)
            else:
                self.connection = duckdb.connect(str(path or ":memory:"), read_only=read_only, config=config)
        except duckdb.Error as error:
            raise StageError(
                f"the database cannot be opened: {_first_line(error)}",
                where=path,
                remedy="check that the file exists, is a DuckDB file, and that no other program writes to it",
            ) from error
        if not read_only:
            for state in STATES:
                self.execute(f"create schema if not exists {state}")

    def build(self, table: str, select: str, *, where: Path | None = None) -> int:
        """Create or replace `schema.table` from one SELECT and return its number of rows.

        `where` is the SQL file, named in the error if the SELECT fails (StageError).
        """
        self._make("table", table, select, where)
        return self.count(table)

    def build_view(self, view: str, select: str, *, where: Path | None = None) -> None:
        """Create or replace a view from one SELECT."""
        self._make("view", view, select, where)

    def _make(self, kind: str, name: str, select: str, where: Path | None) -> None:
        try:
            self.connection.execute(f"create or replace {kind} {table_name(name)} as\n{select}")
        except duckdb.Error as error:
            raise _kind(error)(
                f"the SELECT for {name} failed: {_first_line(error)}",
                where=_with_line(where, error),
                remedy=_remedy(error, "correct it and run `dq check`, which binds every SELECT without data"),
            ) from error
        if self.made is not None:
            self.made[name] = (select, self.columns(name))

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement and discard its result. Raises StageError."""
        try:
            self.connection.execute(statement, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise _kind(error)(
                f"a statement failed: {_first_line(error)}\n  {statement.strip()[:300]}", remedy=_remedy(error, _REMEDY)
            ) from error

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises StageError."""
        try:
            return self.connection.execute(query, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise _kind(error)(
                f"a query failed: {_first_line(error)}\n  {query.strip()[:300]}", remedy=_remedy(error, _REMEDY)
            ) from error

    def records(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query as dictionaries, keys in column order."""
        try:
            cursor = self.connection.execute(query, list(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise _kind(error)(
                f"a query failed: {_first_line(error)}\n  {query.strip()[:300]}", remedy=_remedy(error, _REMEDY)
            ) from error

    def value(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of a query's first row, or None where it has no row."""
        found = self.rows(query, parameters)
        return found[0][0] if found else None

    def batches(self, query: str, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, `size` at a time, on a cursor of its own: for what is too large to fetch whole."""
        with self._cursor() as cursor:
            try:
                cursor.execute(query)
                while rows := cursor.fetchmany(size):
                    yield rows
            except duckdb.Error as error:
                raise _kind(error)(
                    f"a query failed: {_first_line(error)}\n  {query.strip()[:300]}", remedy=_remedy(error, _REMEDY)
                ) from error

    def count(self, table: str) -> int:
        """The number of rows of a table or view."""
        return int(self.value(f"select count(*) from {table_name(table)}"))

    def tables(self, schema: str) -> list[str]:
        """Names of the tables and views of a schema, sorted."""
        query = """select table_name from information_schema.tables
            where table_schema = ? and table_catalog = current_database() order by table_name"""
        return [name for (name,) in self.rows(query, [schema])]

    def has(self, table: str) -> bool:
        """Whether `schema.table` exists."""
        schema, name = table.split(".")
        return name in self.tables(schema)

    def columns(self, table: str) -> dict[str, str]:
        """Column name -> DuckDB type of a table or view, in column order."""
        return {str(row[0]): str(row[1]) for row in self.rows(f"describe {table_name(table)}")}

    def bind(self, select: str) -> str | None:
        """Why a SELECT does not bind against the tables that exist, or None if it does. Reads no data."""
        try:
            self.connection.execute(f"explain {select}").fetchall()
        except duckdb.Error as error:
            return _first_line(error)
        return None

    def parse_error(self, statement: str) -> str | None:
        """Why a statement is no SQL, or None."""
        try:
            self.connection.extract_statements(statement)
        except duckdb.Error as error:
            return _first_line(error)
        return None

    def register(self, name: str, frame: Any) -> None:
        """Show a pandas frame or an Arrow table to SQL under `name`."""
        self.connection.register(name, frame)

    def unregister(self, name: str) -> None:
        """Take a registered frame away again."""
        self.connection.unregister(name)

    def attach(self, path: Path, name: str, *, read_only: bool = True, encrypted: bool = False) -> None:
        """Attach another DuckDB file under `name`; written files get the storage version that analysts can open.

        What is `encrypted`, or is to be written so, is opened with the key of the environment. Raises ConfigError
        where that is missing, and StageError.
        """
        version = ENCRYPTED_STORAGE_VERSION if encrypted else PUBLISHED_STORAGE_VERSION
        options = ["read_only" if read_only else f"storage_version '{version}'"]
        if encrypted or (read_only and is_encrypted(path)):
            options.append(f"encryption_key {literal(published_key())}")
        if encrypted and not read_only:
            _load_cipher(self.connection)
        try:
            self.connection.execute(f"attach {literal(path)} as {quoted(name)} ({', '.join(options)})")
        except duckdb.Error as error:
            if "Wrong encryption key" in str(error):
                remedy = f"set {KEY_VARIABLE} to the key that it was published with"
                raise ConfigError("the file is encrypted with another key", where=path, remedy=remedy) from error
            raise StageError(
                f"the database cannot be opened: {_first_line(error)}",
                where=path,
                remedy="restore the file, or move it away to start without history",
            ) from error

    def recall(
        self, previous: Path | None, target: str, table: str, columns: str, *, missing_is_null: bool = False
    ) -> None:
        """Create `target` with `columns` (an SQL column list) and fill it from a published file's `table`, by name.

        Empty where there is no previous file, or where that file has no such table (an older version wrote it). A
        column that it lacks is an error, or with `missing_is_null` null.
        """
        self.execute(f"create or replace table {target} ({columns})")
        if previous is None:
            return
        self.attach(previous, "previous")
        try:
            schema, name = table.split(".")
            query = """select 1 from information_schema.tables
                where table_catalog = 'previous' and table_schema = ? and table_name = ?"""
            if self.rows(query, [schema, name]):
                known = self.columns(f"previous.{table}" if missing_is_null else target)
                names = ", ".join(quoted(column) for column in self.columns(target) if column in known)
                self.execute(f"insert into {target} ({names}) select {names} from previous.{table}")
        finally:
            self.detach("previous")

    def detach(self, name: str) -> None:
        """Detach a database."""
        self.execute(f"detach {quoted(name)}")

    @contextmanager
    def scratch(self, schema: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own for a library that makes tables (Splink), whose tables go into `schema`; dropped after.

        The cursor sees all tables of this warehouse; its current schema and registrations are its own.
        """
        self.execute(f"drop schema if exists {schema} cascade")
        self.execute(f"create schema {schema}")
        try:
            with self._cursor() as cursor:
                yield cursor
        finally:
            self.execute(f"drop schema if exists {schema} cascade")

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self.connection.cursor()
        self._cursors.append(cursor)
        try:
            if self._home:
                cursor.execute(self._home)
            yield cursor
        finally:
            self._cursors.remove(cursor)
            cursor.close()

    def interrupt(self) -> None:
        """Give up the statement that is going on, from another thread; whoever waits for it gets an error."""
        for connection in (self.connection, *self._cursors):
            connection.interrupt()

    def close(self) -> None:
        """Write everything down and close."""
        self.connection.close()


def is_encrypted(path: Path) -> bool:
    """Whether a DuckDB file is encrypted, as its own header says; False for what is none or cannot be read."""
    try:
        with path.open("rb") as stream:
            header = stream.read(_FLAGS_AT + 1)
    except OSError:
        return False
    return header[8:12] == b"DUCK" and len(header) > _FLAGS_AT and bool(header[_FLAGS_AT] & 1)


def refuse_without_encryption() -> None:
    """Raise ConfigError where an encrypted file could not be written: there is no key, or nothing to encrypt with."""
    published_key()
    with duckdb.connect(":memory:") as connection:
        _load_cipher(connection)


def _load_cipher(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what DuckDB writes encrypted files with, its extension httpfs; nothing is fetched from anywhere."""
    try:
        connection.execute("load httpfs")
    except duckdb.Error as error:
        raise ConfigError(
            "published files cannot be encrypted: DuckDB's extension httpfs is not installed",
            remedy="install it, as the user of the night: python -c \"import duckdb; duckdb.sql('install httpfs')\"",
        ) from error


def _with_line(where: Path | None, error: duckdb.Error) -> str | None:
    """A SELECT's file with the line that DuckDB points at; its statement begins one line before the SELECT."""
    found = _LINE.search(str(error))
    return f"{where}, line {int(found[1]) - 1}" if where and found else str(where) if where else None


def _lacks_room(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.OutOfMemoryException) or bool(_NO_ROOM.search(str(error)))


def _kind(error: duckdb.Error) -> type[StageError]:
    return ResourceError if _lacks_room(error) else StageError


def _remedy(error: duckdb.Error, otherwise: str) -> str:
    """What to do: where memory or the disk did not suffice, no SELECT is wrong."""
    if isinstance(error, duckdb.OutOfMemoryException) or "Allocation failure" in str(error):
        return _TOO_LARGE
    return _DISK if _lacks_room(error) else otherwise


def _first_line(error: duckdb.Error) -> str:
    """DuckDB's message up to its caret drawing, on one line. A value that it quotes is hidden: it may be personal."""
    text = str(error).split("\n\n")[0]
    if isinstance(error, _VALUE_ERRORS):
        # On several lines it shows the value once more, without quotes.
        text = (_FROM_QUOTE if "\n" in text else _QUOTED).sub("'•••'", text)
    return " ".join(text.split())
