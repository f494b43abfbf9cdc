"""A published file without a person: written anew, because a file keeps the bytes of rows that were deleted."""

import os
from dataclasses import dataclass
from pathlib import Path

from dq_pipeline.config.erasing import Erasure
from dq_pipeline.erasing.people import ERASED, Erased, alternatives
from dq_pipeline.errors import StageError
from dq_pipeline.private import FILE_MODE
from dq_pipeline.warehouse import Warehouse, is_encrypted, literal, quoted

OLD, NEW, IDS = "old_night", "new_night", "raw.erased_ids"
# The person's values, and these with the ids, as patterns: in variables, because errors quote statements.
VALUES, WORDS = "getvariable('erased_values')", "getvariable('erased_words')"
HISTORY = "identity.id_history"


@dataclass(frozen=True)
class Table:
    """A table of the file: its columns and their types."""

    name: str
    columns: dict[str, str]

    @property
    def key(self) -> str:
        """The first column."""
        return next(iter(self.columns))

    @property
    def texts(self) -> list[str]:
        """Columns of plain text."""
        return [name for name, kind in self.columns.items() if kind == "VARCHAR"]

    @property
    def nested(self) -> list[str]:
        """Columns that hold text within lists, structures or maps."""
        return [name for name, kind in self.columns.items() if kind != "VARCHAR" and "VARCHAR" in kind]


@dataclass(frozen=True)
class Purged:
    """What was taken out of one file."""

    deleted: int = 0
    blanked: int = 0
    rewritten: int = 0

    @property
    def touched(self) -> int:
        """Rows that went, that were blanked, and texts that were changed."""
        return self.deleted + self.blanked + self.rewritten


def purge_database(path: Path, erased: Erased, rules: Erasure, *, write: bool = True) -> Purged:
    """Rewrite a published file without the person and rename it into its place; only count where `write` is False.

    Rows with an id of theirs go, in the tables of `rules.kept` their columns are blanked; what only such rows name (a
    household, a place) goes too; values of theirs in other texts are replaced. Ids that were given out stay retired.
    Raises StageError where the file cannot be read or written; then it is as it was.
    """
    warehouse = Warehouse()
    staged = path.with_name(f".{path.name}.new")
    try:
        staged.unlink(missing_ok=True)
        warehouse.attach(path, OLD)
        tables = _tables(warehouse)
        _find_ids(warehouse, tables, erased, rules)
        purged = _count(warehouse, tables, rules)
        if not purged.touched or not write:
            return purged
        _write(warehouse, tables, rules, staged, encrypted=is_encrypted(path))
        _replace(staged, path)
        return purged
    except OSError as error:
        remedy = "make room, then `dq erase --resume`"
        raise StageError(f"the file cannot be written: {error.strerror}", where=path, remedy=remedy) from error
    finally:
        warehouse.close()
        staged.unlink(missing_ok=True)
        staged.with_name(f"{staged.name}.wal").unlink(missing_ok=True)


def _tables(warehouse: Warehouse) -> list[Table]:
    query = """select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()
        where database_name = ? and (schema_name, table_name) in (
            select (schema_name, table_name) from duckdb_tables() where database_name = ?)
        order by schema_name, table_name, column_index"""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in warehouse.rows(query, [OLD, OLD]):
        found.setdefault(str(table), {})[str(column)] = str(kind)
    return [Table(name, columns) for name, columns in found.items()]


def _find_ids(warehouse: Warehouse, tables: list[Table], erased: Erased, rules: Erasure) -> None:
    """IDS: the person's ids in this file, and of what no row names any more once theirs are gone."""
    warehouse.execute(f"create or replace table {IDS} (id varchar)")
    _add(warehouse, erased.ids)
    names = {table.name for table in tables}
    if "identity.xref" in names:
        # In an older night the records may have had other ids; one that others have part in stays theirs.
        query = f"""select distinct master_id from {OLD}.identity.xref group by entity, master_id
            having bool_and(record_id in (select id from {IDS}))"""
        _add(warehouse, {str(row[0]) for row in warehouse.rows(query)})
    owned = [table for table in tables if table.name.startswith("master.") and table.name not in rules.kept]
    owned = [table for table in owned if table.key.endswith("_id") and table.key in table.texts]
    while orphans := _orphans(warehouse, owned, tables, rules):
        _add(warehouse, orphans)
    ids = {str(row[0]) for row in warehouse.rows(f"select id from {IDS}")}
    for name, its_ids in (("erased_values", set[str]()), ("erased_words", ids)):
        warehouse.execute(f"set variable {name} = ?", [alternatives(erased.values, its_ids)])


def _add(warehouse: Warehouse, ids: frozenset[str] | set[str]) -> None:
    warehouse.execute(f"insert into {IDS} select unnest(?::varchar[])", [sorted(ids)])


def _orphans(warehouse: Warehouse, owned: list[Table], tables: list[Table], rules: Erasure) -> set[str]:
    """Keys of tables that rows of the person name, and no other row does: a household, a place."""
    named = []
    for other in tables:
        if not other.name.startswith(("master.", "identity.xref")):
            continue
        blanked = rules.kept.get(other.name)
        for column in other.texts:
            goes = _is_theirs(other) if blanked is None or column in blanked else "false"
            value = f"{literal(other.name)} as place, {quoted(column)} as id, {goes} as is_theirs"
            named.append(f"select {value} from {OLD}.{other.name} where {quoted(column)} is not null")
    keys = [
        f"select {literal(table.name)} as place, {quoted(table.key)} as id from {OLD}.{table.name}" for table in owned
    ]
    if not named or not keys:
        return set()
    query = f"""select named.id from ({" union all ".join(named)}) as named
        join ({" union all ".join(keys)}) as keys on keys.id = named.id and keys.place <> named.place
        anti join {IDS} as known on known.id = named.id
        group by keys.place, named.id having bool_and(is_theirs)"""
    return {str(row[0]) for row in warehouse.rows(query)}


def _is_theirs(table: Table) -> str:
    """SQL: whether a row has an id of the person's in any column of plain text."""
    tests = [f"coalesce({quoted(column)} in (select id from {IDS}), false)" for column in table.texts]
    return f"({' or '.join(tests)})" if tests else "false"


def _nested_match(column: str) -> str:
    """SQL: whether a list, structure or map has an id or a value of the person's."""
    return f"regexp_matches(cast({quoted(column)} as varchar), {WORDS})"


def _count(warehouse: Warehouse, tables: list[Table], rules: Erasure) -> Purged:
    deleted = blanked = rewritten = 0
    for table in tables:
        if table.name == HISTORY:
            continue
        theirs = _is_theirs(table)
        rows = int(warehouse.value(f"select count(*) from {OLD}.{table.name} where {theirs}"))
        if table.name in rules.kept:
            blanked += rows
        else:
            deleted += rows
        changed = [f"coalesce(regexp_matches({quoted(column)}, {VALUES}), false)" for column in table.texts]
        changed += [f"coalesce({_nested_match(column)}, false)" for column in table.nested]
        if changed:
            query = f"select count(*) from {OLD}.{table.name} where not {theirs} and ({' or '.join(changed)})"
            rewritten += int(warehouse.value(query))
    return Purged(deleted, blanked, rewritten)


def _write(warehouse: Warehouse, tables: list[Table], rules: Erasure, staged: Path, *, encrypted: bool) -> None:
    """The new file: the same tables, views and comments, and what is left of the rows, in the order they had."""
    os.close(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    staged.unlink()
    warehouse.attach(staged, NEW, read_only=False, encrypted=encrypted)
    warehouse.execute(f"copy from database {OLD} to {NEW} (schema)")
    for table in tables:
        theirs = _is_theirs(table)
        blanked = rules.kept.get(table.name)
        columns = ", ".join(_column(table, column, blanked, theirs) for column in table.columns)
        kept = "true" if blanked is not None or table.name == HISTORY else f"not {theirs}"
        warehouse.execute(f"insert into {NEW}.{table.name} select {columns} from {OLD}.{table.name} where {kept}")
    if any(table.name == HISTORY for table in tables):
        _retire(warehouse)
    warehouse.execute(f"checkpoint {NEW}")
    warehouse.detach(NEW)


def _column(table: Table, column: str, blanked: tuple[str, ...] | None, theirs: str) -> str:
    name = quoted(column)
    value = name
    if column in table.nested:
        filtered = "null"
        if table.columns[column].endswith("[]"):
            filtered = f"list_filter({name}, lambda held: not regexp_matches(cast(held as varchar), {WORDS}))"
        value = f"case when {_nested_match(column)} then {filtered} else {name} end"
    elif column in table.texts and table.name != HISTORY:
        value = f"regexp_replace({name}, {VALUES}, {literal(ERASED)}, 'g')"
    if blanked is not None and column in blanked:
        value = f"case when not {theirs} then {value} end"
    return f"{value} as {name}"


def _retire(warehouse: Warehouse) -> None:
    """An id that was given out is never given again: it is retired, and leads nowhere."""
    warehouse.execute(
        f"""insert into {NEW}.{HISTORY} (entity, master_id, event, into_master_id, run_id, run_date)
        select entity, master_id, 'retired', null, arg_max(run_id, (run_date, run_id)), max(run_date)
        from {OLD}.{HISTORY}
        semi join {IDS} on id = master_id
        group by entity, master_id
        having arg_max(event, (run_date, run_id)) <> 'retired'
        order by entity, master_id"""
    )


def _replace(staged: Path, path: Path) -> None:
    staged.chmod(path.stat().st_mode & 0o777)
    with staged.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(staged, path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
