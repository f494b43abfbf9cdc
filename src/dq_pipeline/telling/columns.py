"""Which columns of the sources a published column is made of: read off the SELECTs that make it, one after another.

The SELECTs are those that the line itself builds (`check_project` runs it on empty tables), so nothing is declared
twice. A hop that is no SELECT (a parser's frame, what Splink makes) has no columns behind it: less is said than is so,
and nothing that is not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer import build_scope
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from dq_pipeline.config.source import ENGINE_COLUMNS

Made = Mapping[str, tuple[str, Mapping[str, str]]]
SourceColumn = tuple[str, str]
# Nobody follows a value further than this; a SELECT that reads itself would have no end.
DEEPEST = 60


class Columns:
    """Follows columns of tables to columns of sources."""

    def __init__(
        self, made: Made, sources: Mapping[str, Mapping[str, str]], keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        """`made` is table -> SELECT and columns, `sources` source -> column -> type, `keys` source -> its key."""
        self.made, self.sources, self.keys = made, sources, keys
        self._steps: dict[str, dict[str, frozenset[tuple[str, str]]]] = {}
        self._found: dict[tuple[str, str], frozenset[SourceColumn]] = {}
        self._tables = {name: dict(columns) for name, (_, columns) in made.items()}
        added = dict.fromkeys(ENGINE_COLUMNS, "varchar")
        self._tables |= {f"raw.{source}": {**columns, **added} for source, columns in sources.items()}
        self._schema = _schema_of(self._tables)

    def of(self, table: str) -> dict[str, frozenset[SourceColumn]]:
        """Column of a table or view -> the columns of sources that it is made of; empty where none is."""
        return {column: self.sources_of(table, column) for column in self._tables.get(table, {})}

    def sources_of(self, table: str, column: str, depth: int = 0) -> frozenset[SourceColumn]:
        """The columns of sources that one column is made of."""
        key = (table, column)
        if key in self._found:
            return self._found[key]
        schema, _, name = table.partition(".")
        if schema == "raw":
            return self._of_source(name, column)
        # While a column is followed it is made of nothing: a table that was built anew from itself ends here.
        self._found[key] = frozenset()
        if depth < DEEPEST:
            steps = self.step(table).get(column, frozenset())
            self._found[key] = frozenset().union(*(self.sources_of(*step, depth + 1) for step in steps))
        return self._found[key]

    def _of_source(self, source: str, column: str) -> frozenset[SourceColumn]:
        if column in {"record_id", "source_key"}:
            return frozenset((source, part) for part in self.keys.get(source, ()))
        return frozenset({(source, column)} if column in self.sources.get(source, {}) else ())

    def step(self, table: str) -> dict[str, frozenset[tuple[str, str]]]:
        """Column of a table -> the columns of the tables that its SELECT reads for it."""
        if table not in self._steps:
            self._steps[table] = {}
            if table in self.made:
                self._steps[table] = self._read(table)
        return self._steps[table]

    def _read(self, table: str) -> dict[str, frozenset[tuple[str, str]]]:
        select, columns = self.made[table]
        found: dict[str, frozenset[tuple[str, str]]] = {}
        try:
            for branch in _branches(sqlglot.parse_one(select, dialect="duckdb")):
                for name, node in self._nodes(branch).items():
                    found[name] = found.get(name, frozenset()) | frozenset(_leaves(node))
        except (SqlglotError, ValueError, RecursionError):
            # What cannot be read is said to be made of nothing.
            return {}
        return {column: found.get(column, frozenset()) for column in columns}

    def _nodes(self, select: Any) -> dict[str, Node]:
        query = qualify(select, schema=self._schema, dialect="duckdb", validate_qualify_columns=False, identify=False)
        scope = build_scope(query)
        return lineage(None, query, self._schema, dialect="duckdb", scope=scope, trim_selects=False, copy=False)


def _branches(query: Any) -> Iterator[Any]:
    """The SELECTs of a union by name, each for itself: sqlglot matches columns of unions by their place."""
    if isinstance(query, exp.Union) and query.args.get("by_name") and not query.args.get("with_"):
        yield from _branches(query.left)
        yield from _branches(query.right)
    else:
        yield query


def _leaves(node: Node) -> Iterator[tuple[str, str]]:
    """The columns of tables at the ends of a lineage."""
    for one in node.walk():
        if isinstance(one.expression, exp.Table) and one.expression.db and not one.downstream:
            yield f"{one.expression.db}.{one.expression.name}", one.name.rpartition(".")[2].strip('"')


def _schema_of(tables: Mapping[str, Mapping[str, str]]) -> MappingSchema:
    nested: dict[str, Any] = {}
    for table, columns in tables.items():
        schema, _, name = table.partition(".")
        nested.setdefault(schema, {})[name] = dict.fromkeys(columns, "varchar")
    return MappingSchema(nested, dialect="duckdb", normalize=False)
