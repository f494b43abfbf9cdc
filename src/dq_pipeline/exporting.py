"""Tables of the published file as Parquet, CSV or workbooks in a folder of their own: all of them, or nothing.

The folder is written beside its place and renamed. It holds personal data in clear, so only its owner can read it.
"""

import difflib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError, DqError, StageError
from dq_pipeline.sheets import WORKBOOK_ROWS, stream_csv, stream_workbook
from dq_pipeline.warehouse import Warehouse, literal, quoted, table_name

FORMATS = ("parquet", "csv", "xlsx")
SCHEMAS = ("master", "identity", "quality", "ops")


@dataclass(frozen=True)
class Exported:
    """One table that was written: its name, its file and its rows."""

    table: str
    path: Path
    rows: int


def export(
    project: Project,
    names: Sequence[str] = (),
    *,
    schemas: Sequence[str] = (),
    form: str = "parquet",
    to: Path | None = None,
    force: bool = False,
) -> list[Exported]:
    """Write tables and views of the published night to the folder `to`, one file each.

    `names` are `schema.table`, or a table's name alone; `schemas` adds all tables of these. Without both it is all of
    `master`. Without `to` it is `<output>/exports/<run_id>/<form>`. Raises ConfigError and StageError.
    """
    published = archive.published_file(project.output)
    if published is None:
        raise ConfigError("no night is published yet", where=project.output, remedy="`dq run` publishes the first")
    reader = Warehouse(published, read_only=True)
    try:
        # Set afterwards: other readers of the file in this process may have opened it otherwise.
        reader.execute(f"set memory_limit = {literal(project.settings.resources.memory_limit)}")
        tables = chosen(reader, names, schemas)
        target = to or project.output / "exports" / _run_id(reader) / form
        _refuse_taken(target, force=force)
        if form == "xlsx":
            _refuse_too_long(reader, tables)
        return _write(reader, tables, form, target.absolute())
    finally:
        reader.close()


def chosen(reader: Warehouse, names: Sequence[str], schemas: Sequence[str]) -> list[str]:
    """The tables that are meant, as `schema.table`, each once. Raises ConfigError, which names the nearest."""
    known = [f"{schema}.{table}" for schema in SCHEMAS for table in reader.tables(schema)]
    wanted = [table for table in known if table.split(".")[0] in schemas]
    wanted += [_find(known, name) for name in names]
    if not wanted:
        wanted = [table for table in known if table.startswith("master.")]
    return list(dict.fromkeys(wanted))


def _find(known: list[str], name: str) -> str:
    asked = name.strip().lower()
    found = [table for table in known if asked in {table, table.split(".")[1]}]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{name!r} is more than one table", remedy=f"write {' or '.join(found)}")
    short = {table.split(".")[1]: table for table in known}
    near = difflib.get_close_matches(asked, known, n=3) + [
        short[match] for match in difflib.get_close_matches(asked.split(".")[-1], short, n=3)
    ]
    hint = (
        f"did you mean {' or '.join(list(dict.fromkeys(near))[:3])}?" if near else "`dq export --list` names them all"
    )
    raise ConfigError(f"there is no published table {name!r}", remedy=hint)


def listed(project: Project) -> list[tuple[str, int]]:
    """All tables and views that can be exported, with their rows. Raises ConfigError and StageError."""
    published = archive.published_file(project.output)
    if published is None:
        raise ConfigError("no night is published yet", where=project.output, remedy="`dq run` publishes the first")
    reader = Warehouse(published, read_only=True)
    try:
        return [(table, reader.count(table)) for table in chosen(reader, (), SCHEMAS)]
    finally:
        reader.close()


def _run_id(reader: Warehouse) -> str:
    return str(reader.value("select max(run_id) from ops.stages"))


def _refuse_taken(target: Path, *, force: bool) -> None:
    """Raise ConfigError where something stands at the place that is not this command's to replace."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ConfigError("this is no folder", where=target, remedy="name another folder with --to")
    others = sorted(path.name for path in target.iterdir()) if target.is_dir() else []
    if not others:
        return
    foreign = [name for name in others if not _is_export(target / name)]
    if foreign:
        raise ConfigError(
            f"the folder holds something that no export made ({foreign[0]})",
            where=target,
            remedy="name another folder with --to; --force replaces exports only",
        )
    if not force:
        raise ConfigError("the folder holds an export", where=target, remedy="add --force to replace it, or name --to")


def _is_export(path: Path) -> bool:
    parts = path.name.split(".")
    return path.is_file() and len(parts) == 3 and parts[0] in SCHEMAS and parts[2] in FORMATS


def _refuse_too_long(reader: Warehouse, tables: list[str], most: int = WORKBOOK_ROWS - 1) -> None:
    """Raise ConfigError for the first table that does not fit into a sheet."""
    for table in tables:
        rows = reader.count(table)
        if rows > most:
            raise ConfigError(
                f"{table} has {rows:,} rows, and a sheet of a workbook holds {most:,} below its header",
                remedy="use --format parquet or csv, or name the tables to export without it",
            )


def _write(reader: Warehouse, tables: list[str], form: str, target: Path) -> list[Exported]:
    staged, replaced = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in (staged, replaced):
            shutil.rmtree(leftover, ignore_errors=True)
        staged.mkdir(mode=0o700)
        written = [_write_table(reader, table, form, staged) for table in tables]
        if target.exists():
            os.replace(target, replaced)
        os.replace(staged, target)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        if replaced.exists() and not target.exists():
            os.replace(replaced, target)
        raise StageError(
            f"the export cannot be written: {error.strerror or error}",
            where=target,
            remedy="make room, or name a folder with --to that you may write to",
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return [Exported(one.table, target / one.path.name, one.rows) for one in written]


def _write_table(reader: Warehouse, table: str, form: str, folder: Path) -> Exported:
    path = folder / f"{table}.{form}"
    path.touch(mode=0o600)
    if form == "parquet":
        # Parquet has no integer so wide, and DuckDB writes a rounded number; what does not fit fails instead.
        columns = ", ".join(
            f"cast({quoted(name)} as bigint) as {quoted(name)}" if kind == "HUGEINT" else quoted(name)
            for name, kind in reader.columns(table).items()
        )
        select = f"select {columns} from {table_name(table)}"
        reader.execute(f"copy ({select}) to {literal(str(path))} (format parquet, compression zstd)")
    else:
        _write_sheet(reader, table, form, path)
    path.chmod(0o600)
    return Exported(table, path, reader.count(table))


def _write_sheet(reader: Warehouse, table: str, form: str, path: Path) -> None:
    """A table as CSV or workbook, in batches; lists and structures are written as JSON."""
    columns = reader.columns(table)
    selected = ", ".join(
        f"cast(to_json({quoted(name)}) as varchar)"
        if kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
        else quoted(name)
        for name, kind in columns.items()
    )
    rows = _rows(reader, f"select {selected} from {table_name(table)}")
    try:
        if form == "csv":
            stream_csv(path, list(columns), rows)
        else:
            stream_workbook(path, table, list(columns), rows)
    except DqError:
        raise
    except ValueError as error:
        raise StageError(f"{table}: {error}", remedy="use --format parquet or csv for this table") from error


def _rows(reader: Warehouse, query: str) -> Iterator[tuple[Any, ...]]:
    for batch in reader.batches(query):
        yield from batch
