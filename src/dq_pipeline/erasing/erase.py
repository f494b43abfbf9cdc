"""What is asked before anybody is erased: who is meant, and what it would take away; and the beginning of it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.erasing import files, snapshots
from dq_pipeline.erasing.database import purge_database
from dq_pipeline.erasing.files import Entry
from dq_pipeline.erasing.finishing import SCRATCH, Journal, finish_erasure, rules_of
from dq_pipeline.erasing.people import Erased, golden_of_others, golden_values, is_telling, masters_of, records_of
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts.people import Mark, create_known
from dq_pipeline.extracts.suppressing import Cleaner, opened, read_key, read_marks
from dq_pipeline.private import private_files, private_folder
from dq_pipeline.warehouse import Warehouse, quoted


@dataclass(frozen=True)
class Preview:
    """What an erasure would take away: the people's ids, their rows in each source, and the files that it touches."""

    masters: tuple[str, ...]
    rows: dict[str, int]
    files: tuple[Entry, ...]


def find_people(project: Project, ids: Sequence[str], where: str | None) -> tuple[str, ...]:
    """The masters that are meant: by id, any that was ever given out, or by a condition on the table of the entity.

    Raises ConfigError where an id is nobody's, or the condition is no SQL or true of nobody.
    """
    rules = rules_of(project)
    with _published(project) as reader:
        found = masters_of(reader, rules.entity, ids)
        unknown = [one for one in ids if one not in found]
        if unknown:
            raise ConfigError(
                f"no {rules.entity} has the id {', '.join(unknown)}",
                remedy="look it up with `dq lookup`; one that was erased before is gone",
            )
        masters = set(found.values())
        if where is not None:
            masters |= _where(reader, rules.entity, where)
    return tuple(sorted(masters))


def _where(reader: Warehouse, entity: str, condition: str) -> set[str]:
    table = f"master.{entity}"
    key = next(iter(reader.columns(table)))
    # A condition is a question to this file, and to no other.
    reader.execute("set enable_external_access = false")
    query = f"select {quoted(key)} from {table} where ({condition}\n)"
    fault = reader.bind(query)
    if fault is not None:
        remedy = f"write a condition on the columns of {table}"
        raise ConfigError(f"--where is no condition: {fault}", remedy=remedy)
    masters = {str(row[0]) for row in reader.rows(query)}
    if not masters:
        raise ConfigError(f"--where is true of no {entity}", remedy="try it with `select` on the published file first")
    return masters


@contextmanager
def _published(project: Project) -> Iterator[Warehouse]:
    """The published file, open for reading. Raises ConfigError where there is none."""
    path = archive.published_file(project.output)
    if path is None:
        remedy = "`dq run` publishes the first"
        raise ConfigError("no night is published yet", where=project.output, remedy=remedy)
    reader = Warehouse(path, read_only=True)
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def _cleaner(project: Project, key: str) -> Iterator[Cleaner]:
    """A cleaner in a folder of its own, which goes with it."""
    scratch = private_folder(project.output / SCRATCH)
    try:
        with opened(project, key, (), scratch) as cleaner:
            yield cleaner
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def preview(project: Project, masters: Sequence[str]) -> Preview:
    """What erasing these masters would do. Nothing is changed."""
    output = project.output
    with archive.lock(output), private_files():
        _refuse_under_way(output)
        with _cleaner(project, _key_for_looking(project)) as cleaner:
            erased, marks = _learn(project, cleaner, masters, "preview")
            create_known(cleaner.warehouse, marks)
            found = list(snapshots.purge_snapshots(project, cleaner, erased.rows, write=False))
        found += files.remove_caches(project, write=False)
        found += files.redact_texts(output, erased, write=False)
        for path in files.databases(output):
            if touched := purge_database(path, erased, rules_of(project), write=False).touched:
                found.append(Entry(str(path.relative_to(output)), "rewritten", touched))
    rows = {source: len(keys) for source, keys in sorted(erased.rows.items())}
    return Preview(erased.masters, rows, tuple(sorted(found, key=lambda entry: entry.file)))


def _key_for_looking(project: Project) -> str:
    """The key, or where nothing was ever erased any other: nothing is kept of what it makes."""
    return read_key(project) if read_marks(project) else "0" * 64


def erase(project: Project, masters: Sequence[str], reason: str, erased_by: str) -> Path:
    """Erase these masters; returns the certificate for reading. Raises ConfigError, LockError, StageError.

    Where it raises StageError or is killed, `finish_erasure` goes on with it, and so does the next run.
    """
    with archive.lock(project.output), private_files():
        _refuse_under_way(project.output)
        key = read_key(project, make=True)
        with _cleaner(project, key) as cleaner:
            erased, marks = _learn(project, cleaner, masters, _next_id(project.output))
        erased.reason, erased.erased_by = reason, erased_by
        pattern = files.text_pattern(erased)
        if pattern.search(f"{reason} {erased_by}"):
            remedy = "write the number of the request instead"
            raise ConfigError("the reason names the person, and the certificate keeps it", remedy=remedy)
        journal = Journal(project.output, erased, tuple(marks))
        journal.write()
        return finish_erasure(project) or journal.certificate


def _refuse_under_way(output: Path) -> None:
    path = output / files.UNDER_WAY
    if path.exists():
        raise ConfigError("an erasure is under way", where=path, remedy="finish it with `dq erase --resume`")


def _next_id(output: Path) -> str:
    today = f"erasure-{datetime.now(UTC).date()}"
    taken = len(list((output / files.CERTIFICATES).glob(f"{today}-*.json")))
    return f"{today}-{taken + 1}"


def _learn(project: Project, cleaner: Cleaner, masters: Sequence[str], erasure_id: str) -> tuple[Erased, set[Mark]]:
    """All that must be known of the people before anything of them goes."""
    entity = rules_of(project).entity
    people: dict[str, dict[str, frozenset[str]]] = {}
    records: set[str] = set()
    rows: dict[str, frozenset[str]] = {}
    with _published(project) as reader:
        values = golden_values(reader, project, entity, masters)
        for number, master in enumerate(masters, start=1):
            found = records_of(reader, entity, master)
            own = {source: frozenset(key for one, key, _ in found if one == source) for source, _, _ in found}
            people[erasure_id if len(masters) == 1 else f"{erasure_id}.{number}"] = own
            records |= {record_id for _, _, record_id in found}
            rows |= {source: rows.get(source, frozenset()) | keys for source, keys in own.items()}
    marks, written = snapshots.learn(project, cleaner, people)
    if not marks:
        raise ConfigError(
            "no snapshot says by what the person could be known again",
            where=project.output / archive.SNAPSHOTS,
            remedy="run the night once more, then erase",
        )
    telling = {value for value in values | written if is_telling(value)}
    create_known(cleaner.warehouse, marks)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    erased = Erased(erasure_id, now, entity, tuple(masters), frozenset(records), rows, frozenset(telling), 0)
    with _published(project) as reader:
        shared = golden_of_others(reader, project, erased)
    more, found_records = snapshots.shared_values(project, cleaner, telling, rows)
    shared |= more
    erased.values, erased.shared = frozenset(telling - shared), len(shared)
    erased.records |= found_records
    return erased, marks
