"""The databases that a query can go to. Each gives batches of rows within one transaction that only reads.

PostgreSQL's come typed from its ADBC driver. MySQL and SQLite send text, which is what landing makes of any value; so
nothing is lost on the way (a date that is none, a column of numbers and words).
"""

import contextlib
import re
import sqlite3
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pyarrow as pa

from dq_pipeline.extracts.remote.errors import AbsentError, BrokenError, FetchError, QueryError, RefusedError, told
from dq_pipeline.extracts.remote.worker import Job

BATCH_ROWS = 10_000
_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)
Connected = Callable[[], object]


class Batches:
    """Batches of one schema."""

    def __init__(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        names = [name.lower() for name in schema.names]
        if not names:
            raise QueryError("what the query says returns no columns")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise QueryError(f"the query returns more than one column {twice[0]}")
        self.schema, self._batches = schema, batches

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self._batches


def _texts(names: Sequence[str], blocks: Iterator[Sequence[Sequence[Any]]]) -> Batches:
    """Blocks of rows as columns of text."""
    schema = pa.schema([(name, pa.string()) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        for rows in blocks:
            columns = [pa.array([_text(value) for value in column], pa.string()) for column in zip(*rows, strict=True)]
            yield pa.record_batch(columns, schema=schema)

    return Batches(schema, batches())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return f"\\x{value.hex()}"
    return repr(value) if isinstance(value, float) else str(value)


@contextlib.contextmanager
def postgresql(job: Job, connected: Connected) -> Iterator[Batches]:
    """PostgreSQL by ADBC, which copies the result in binary and never makes a Python object of a value."""
    import adbc_driver_postgresql.dbapi as driver

    with _meant(_of_postgresql, driver.Error):
        connection = driver.connect(_postgresql_uri(job))
        try:
            connected()
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
                cursor.execute(job.query)
                reader = cursor.fetch_record_batch()
                schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in reader.schema])
                yield Batches(schema, (_as_plain(batch, schema) for batch in reader))
        finally:
            with contextlib.suppress(driver.Error):
                connection.close()


def _postgresql_uri(job: Job) -> str:
    """With limits of time, and outside of this machine only to a server whose certificate is trusted."""
    address, access, transfer = job.connection.address, job.connection.access, job.connection.transfer
    options = dict(parse_qsl(address.query))
    options.setdefault("connect_timeout", str(max(int(transfer.timeout_seconds), 2)))
    options.setdefault("application_name", "dq_pipeline")
    limit = f"-c statement_timeout={int(transfer.total_seconds * 1000)}"
    options["options"] = f"{options.get('options', '')} {limit}".strip()
    if not address.is_local:
        options.setdefault("sslmode", "verify-full")
        options.setdefault("sslrootcert", job.connection.known_ca_file or "system")
    elif job.connection.known_ca_file:
        options.setdefault("sslrootcert", job.connection.known_ca_file)
    for name in ("user", "password"):
        if access.get(name):
            options[name] = access[name]
    # libpq takes a plus for a plus.
    return address.in_full(urlencode(options).replace("+", "%20"))


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type in which a column is written: what only PostgreSQL knows (numeric, json, …) comes as its text."""
    if isinstance(kind, pa.ExtensionType | pa.OpaqueType):
        return kind.storage_type
    if pa.types.is_time(kind) or pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return pa.string()
    return kind


def _as_plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for column, field in zip(batch.columns, schema, strict=True):
        stored = column.storage if isinstance(column, pa.ExtensionArray) else column
        if stored.type != field.type:
            stored = pa.array([None if value is None else str(value) for value in stored.to_pylist()], field.type)
        columns.append(stored)
    return pa.record_batch(columns, schema=schema)


def _of_postgresql(error: Any) -> FetchError:
    state, said = str(getattr(error, "sqlstate", "") or ""), told(error)
    if state == "57014":
        return BrokenError("the query took longer than the source has time")
    if state[:2] in {"28", "0A"} or re.search(r"authentication failed|no password supplied|no pg_hba", said):
        return RefusedError("the database does not accept this user or password")
    if state[:2] == "3D" or re.search(r'database ".*" does not exist', said):
        return AbsentError("the server has no such database")
    if "certificate" in said or "SSL" in said:
        return RefusedError("the server's certificate is not one that is trusted here")
    if state == "42501":
        return RefusedError("this user may not read what the query asks for")
    if state[:2] in {"42", "22", "25"}:
        return QueryError(f"the database does not take the query: {_sentence(said)}")
    return BrokenError(f"the connection broke: {_sentence(said)}")


@contextlib.contextmanager
def mysql(job: Job, connected: Connected) -> Iterator[Batches]:
    """MySQL and MariaDB: a cursor on the server's side, so that no result is held whole."""
    import pymysql
    from pymysql.converters import encoders
    from pymysql.cursors import SSCursor

    address, access, transfer = job.connection.address, job.connection.access, job.connection.transfer
    ca_file = job.connection.known_ca_file
    tls = ssl.create_default_context(cafile=ca_file) if ca_file or not address.is_local else None
    with _meant(_of_mysql, pymysql.err.Error):
        connection = pymysql.connect(
            host=address.host or "localhost",
            port=address.port or 3306,
            user=access.get("user") or address.user or None,
            password=access.get("password") or address.password or "",
            database=address.path.strip("/") or None,
            connect_timeout=max(int(transfer.timeout_seconds), 1),
            charset="utf8mb4",
            cursorclass=SSCursor,
            # No decoders: values stay the text that the server sends.
            conv=dict(encoders),
            ssl=tls,
        )
        try:
            connected()
            cursor = connection.cursor()
            cursor.execute("set session transaction isolation level repeatable read")
            cursor.execute("start transaction with consistent snapshot, read only")
            cursor.execute(job.query)
            names = [column[0] for column in cursor.description or ()]
            yield _texts(names, _blocks(cursor))
        finally:
            # A result that was not read to its end would be waited for.
            connection._force_close()


def _of_mysql(error: Any) -> FetchError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = str(error.args[-1]) if error.args else told(error)
    if code in {1044, 1045, 1698, 1142, 1143}:
        return RefusedError("the database does not accept this user or password, or he may not read this")
    if code == 1049:
        return AbsentError("the server has no such database")
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return RefusedError("the server's certificate is not one that is trusted here")
    if code in {1054, 1064, 1146, 1792}:
        return QueryError(f"the database does not take the query: {_sentence(said)}")
    return BrokenError(f"the connection broke: {_sentence(said)}")


@contextlib.contextmanager
def sqlite(job: Job, connected: Connected) -> Iterator[Batches]:
    """A file of SQLite, read only; `sqlite:///x.db` is one below the data folder, `sqlite:////srv/x.db` is absolute."""
    path = job.data / urlsplit(f"file:{job.connection.address.path[1:]}").path
    if not Path(path).is_file():
        raise AbsentError("there is no such file")
    with _meant(_of_sqlite, sqlite3.Error):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
        connection.text_factory = bytes
        # A query reads; ATTACH would make a file even here.
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY)
        try:
            connected()
            connection.execute("begin")
            cursor = connection.execute(job.query)
            names = [column[0] for column in cursor.description or ()]
            yield _texts(names, _blocks(cursor))
        finally:
            connection.close()


def _of_sqlite(error: Any) -> FetchError:
    said = told(error)
    if "locked" in said or "busy" in said:
        return BrokenError("another program is writing to the database")
    if "not a database" in said or "malformed" in said:
        return RefusedError("the file is no whole database of SQLite")
    if "unable to open" in said:
        return RefusedError("the file cannot be opened by this user")
    return QueryError(f"the database does not take the query: {_sentence(said)}")


def _blocks(cursor: Any) -> Iterator[Sequence[Sequence[Any]]]:
    while rows := cursor.fetchmany(BATCH_ROWS):
        yield rows


@contextlib.contextmanager
def _meant(meaning: Callable[[Any], FetchError], kind: type[BaseException]) -> Iterator[None]:
    """What a driver raises, as what it means for a night."""
    try:
        yield
    except kind as error:
        raise meaning(error) from None
    except OSError as error:
        raise BrokenError(f"the connection broke: {told(error)}") from None


def _sentence(text: str) -> str:
    """The first line of what a driver says, without its prefix."""
    line = text.strip().splitlines()[0] if text.strip() else "it said nothing"
    return re.sub(r"^[A-Z_]+: (\[libpq\] )?", "", line)
