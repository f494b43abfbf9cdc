"""Rows of the quarantine that a steward accepted as they are: read from a reviewed CSV file, applied, written.

A line releases one record from one critical expectation, for as long as the row stays as it was: `fingerprint` is the
hash of its raw content, so a changed row is judged anew. A row without a key of its own (the key is missing, or
another row has it) is never released: it would break the tables that are keyed by it.
"""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path

from dq_pipeline.config import Source
from dq_pipeline.errors import ConfigError
from dq_pipeline.warehouse import Warehouse, literal, quoted, table_name

FINDINGS, RELEASES = "quarantined.released_findings", "quarantined.releases"


@dataclass(frozen=True)
class Release:
    """One row that may pass one expectation; `column` is blank for an expectation that names none."""

    record_id: str
    fingerprint: str
    code: str
    expectation: str
    column: str
    reason: str
    released_by: str
    released_at: str


COLUMNS = tuple(field.name for field in fields(Release))
_REQUIRED = ("record_id", "fingerprint", "code", "expectation", "reason", "released_by")


def read_releases(path: Path) -> list[Release]:
    """The releases of a file, in its order; a file that does not exist has none. Raises ConfigError by line."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = next(rows, None)
            if header is None:
                return []
            if tuple(name.strip() for name in header) != COLUMNS:
                raise _error(path, 1, f"the columns must be {', '.join(COLUMNS)}")
            return [_release(path, rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as CSV in UTF-8: {error}", where=path, remedy="mend or restore it") from error


def _release(path: Path, line: int, row: list[str]) -> Release:
    if len(row) != len(COLUMNS):
        raise _error(path, line, f"{len(row)} fields instead of {len(COLUMNS)}; quote a text that has a comma")
    release = Release(*(cell.strip() for cell in row))
    for name in _REQUIRED:
        if not getattr(release, name):
            raise _error(path, line, f"{name} is missing")
    if not release.record_id.startswith(f"{path.stem}:"):
        raise _error(path, line, f"{release.record_id} is no record of {path.stem}")
    try:
        date.fromisoformat(release.released_at[:10])
    except ValueError:
        raise _error(path, line, f"released_at {release.released_at!r} is no date like 2026-11-20") from None
    return release


def _error(path: Path, line: int, message: str) -> ConfigError:
    return ConfigError(message, where=f"{path}, line {line}", remedy="mend that line, or take it out")


def append_releases(path: Path, releases: Sequence[Release]) -> None:
    """Add releases at the end of a file, which is replaced at once. Raises ConfigError where it cannot be written."""
    if not releases:
        return
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    staged = path.with_name(f".{path.name}.new")
    try:
        before = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        if not before.strip():
            before = ""
            writer.writerow(COLUMNS)
        elif not before.endswith("\n"):
            before += "\n"
        writer.writerows(astuple(one) for one in releases)
        path.parent.mkdir(parents=True, exist_ok=True)
        with staged.open("w", encoding="utf-8", newline="") as file:
            file.write(before + stream.getvalue())
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, path)
    except OSError as error:
        raise ConfigError(
            f"the releases cannot be written: {error.strerror}", where=path, remedy="give this user the right to"
        ) from error


def raw_as_json(source: Source, row: str = "") -> str:
    """SQL for a raw row as JSON text, every contract column as it came; `row` is an alias with its point."""
    parts = ", ".join(f"{quoted(column)} := {row}{quoted(column)}" for column in source.columns)
    return f"cast(to_json(struct_pack({parts})) as varchar)"


def apply_releases(warehouse: Warehouse, source: Source, releases: Sequence[Release]) -> int:
    """Take the critical findings that were released out of `quarantined.findings`; returns their number.

    They are kept in `quarantined.released_findings`, and `quarantined.releases` says what became of each line:
    applied; changed (the row is not as it was released), passes (it no longer fails), absent (it is not among
    tonight's rows), refused (it has no key of its own).
    """
    create_release_tables(warehouse)
    own = literal(source.name)
    for table in (FINDINGS, RELEASES):
        warehouse.execute(f"delete from {table} where source = {own}")
    if not releases:
        return 0
    # Of two lines on one row and expectation the later one counts.
    latest = {(one.record_id, one.fingerprint, one.code, one.expectation, one.column): one for one in releases}
    lists = [[str(getattr(one, column)) for one in latest.values()] for column in COLUMNS]
    warehouse.execute("drop table if exists quarantined.asked")
    warehouse.execute(f"create table quarantined.asked ({', '.join(f'{quoted(name)} varchar' for name in COLUMNS)})")
    warehouse.execute(f"insert into quarantined.asked select {', '.join('unnest(?)' for _ in COLUMNS)}", lists)
    raw = table_name(f"raw.{source.name}")
    same = """findings.record_id = asked.record_id and findings.code = asked.code
            and findings.expectation = asked.expectation and coalesce(findings.column_name, '') = asked."column\""""
    warehouse.execute(
        f"""insert into {RELEASES}
        select {own}, asked.record_id, asked.fingerprint, asked.code, asked.expectation, asked."column", asked.reason,
            asked.released_by, asked.released_at,
            case
                when raw.record_id is null then 'absent'
                when raw.source_key is null or raw.record_id <> {own} || ':' || raw.source_key then 'refused'
                when md5({raw_as_json(source, "raw.")}) <> asked.fingerprint then 'changed'
                when findings.record_id is null then 'passes'
                else 'applied'
            end
        from quarantined.asked
        left join {raw} as raw on raw.record_id = asked.record_id
        left join (
            select distinct record_id, code, expectation, column_name from quarantined.findings
            where source = {own} and severity = 'critical'
        ) as findings on {same}"""
    )
    warehouse.execute("drop table quarantined.asked")
    held = f"""from quarantined.findings join {RELEASES} as asked on {same} and asked.source = {own}
            and asked.status = 'applied'
        where findings.source = {own} and findings.severity = 'critical'"""
    warehouse.execute(
        f"insert into {FINDINGS} select findings.*, asked.reason, asked.released_by, asked.released_at {held}"
    )
    warehouse.execute(
        f"""delete from quarantined.findings where severity = 'critical' and source = {own} and exists (
            select 1 from {FINDINGS} as released
            where released.source = findings.source and released.record_id = findings.record_id
                and released.code = findings.code and released.expectation = findings.expectation
                and released.column_name is not distinct from findings.column_name)"""
    )
    return int(warehouse.value(f"select count(*) from {FINDINGS} where source = {own}"))


def create_release_tables(warehouse: Warehouse) -> None:
    """The tables of releases, empty, where they are not there yet."""
    warehouse.execute(
        f"""create table if not exists {FINDINGS} (source varchar, record_id varchar, source_key varchar, code varchar,
            expectation varchar, column_name varchar, severity varchar, dimension varchar, owner varchar,
            reason varchar, value varchar, release_reason varchar, released_by varchar, released_at varchar)"""
    )
    warehouse.execute(
        f"""create table if not exists {RELEASES} (source varchar, record_id varchar, fingerprint varchar, code varchar,
            expectation varchar, "column" varchar, reason varchar, released_by varchar, released_at varchar,
            status varchar)"""
    )
