"""A SQLAlchemy engine over an open warehouse, for a library that speaks SQLAlchemy.

It runs on the warehouse's own connection, so it sees in-memory tables, temporary tables and uncommitted rows, and it
opens no second database. Three things differ from an ordinary engine, each for a reason:

- Results are fetched when the statement runs, at most MAX_ROWS of them, because callers close the connection before
  they fetch. Asking for all rows of a longer result is an error, never a shorter answer.
- Values are written into the SQL instead of bound, so that the text of a query is the query: Great Expectations hands
  out queries as text, and its own way to fill in bound values is wrong for quotes, backslashes and small numbers.
- begin, commit and rollback do nothing: the transaction belongs to the warehouse.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy
from sqlalchemy import types
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect
from sqlalchemy.pool import StaticPool

from dq_pipeline.errors import StageError
from dq_pipeline.warehouse import Warehouse, literal
from dq_pipeline.warehouse import table_name as quoted_table

# The longest result that may enter Python: the distinct values of a column, say.
MAX_ROWS = 10_000
_NAME = "dqwarehouse"


class _Cursor:
    """A PEP 249 cursor whose rows are fetched when the statement runs."""

    rowcount = -1
    description: Sequence[tuple[Any, ...]] | None = None

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        result = self._warehouse.connection.execute(statement, list(parameters))
        self.description = result.description
        self._rows = result.fetchmany(MAX_ROWS + 1)

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        if len(self._rows) > MAX_ROWS:
            raise StageError(
                f"a check would read more than {MAX_ROWS:,} rows into Python",
                remedy="take the expectation out of its suite, or say it by one that is counted in the database",
            )
        return self.fetchmany(MAX_ROWS)

    def close(self) -> None:
        self._rows = []


class _Connection:
    """A PEP 249 connection to a warehouse that stays open when this is closed."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def cursor(self) -> _Cursor:
        return _Cursor(self._warehouse)

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


class _Driver:
    """What SQLAlchemy asks of a PEP 249 module."""

    paramstyle = "qmark"

    class Error(Exception):
        """Never raised: DuckDB's own errors pass through SQLAlchemy unchanged."""


class _Compiler(PGCompiler):
    """Writes every value into the statement."""

    def visit_bindparam(self, bindparam: Any, *_: Any, **kwargs: Any) -> Any:
        return super().visit_bindparam(bindparam, **{**kwargs, "literal_binds": True})  # type: ignore[no-untyped-call]

    def render_literal_value(self, value: Any, *_: Any) -> str:
        return literal(value)


class WarehouseDialect(PGDialect):
    """DuckDB's SQL, which follows PostgreSQL's, with tables described by DuckDB itself."""

    name = "duckdb"
    driver = _NAME
    supports_statement_cache = False
    default_paramstyle = "qmark"
    statement_compiler = _Compiler
    column_types: ClassVar[dict[str, type[types.TypeEngine[Any]]]] = {
        name: getattr(types, name)
        for name in ("BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INTEGER", "TIMESTAMP", "VARCHAR")
    }

    @classmethod
    def import_dbapi(cls) -> Any:
        """The driver of this dialect."""
        return _Driver

    def initialize(self, connection: Any) -> None:
        """Nothing is asked of the server: neither its version nor its defaults change a statement."""

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        """The columns of a table as SQLAlchemy describes them."""
        rows = connection.exec_driver_sql(f"describe {quoted_table(f'{schema}.{table_name}')}").fetchall()
        kinds = {name: self.column_types.get(kind.split("(")[0], types.NullType) for name, kind, *_ in rows}
        return [{"name": name, "type": kind(), "nullable": True, "default": None} for name, kind in kinds.items()]

    def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
        """No table of a warehouse has a primary key."""
        return {"constrained_columns": [], "name": None}


def engine_over(warehouse: Warehouse) -> sqlalchemy.Engine:
    """A SQLAlchemy engine that runs on the connection of `warehouse`, which must outlive it and stay in its thread."""
    sqlalchemy.dialects.registry.register(_NAME, __name__, WarehouseDialect.__name__)
    return sqlalchemy.create_engine(f"{_NAME}://", creator=lambda: _Connection(warehouse), poolclass=StaticPool)
