"""People who were erased stay away: what an extract says of them is taken out before anything of it is kept.

    pipelines/suppressions.csv   suppression_id, kind, hash, key_id, added_on: a reviewed file of the project
    suppressions.key             the secret key of the hashes, unless DQ_SUPPRESSION_KEY holds it; in no repository

An extract arrives in a folder of its own, is looked through, and only what is left of it becomes a snapshot.
"""

import csv
import hashlib
import io
import os
import secrets as random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from dq_pipeline.config import Project, Source
from dq_pipeline.config.secrets import fill
from dq_pipeline.errors import Breach, ConfigError, StageError
from dq_pipeline.extracts.cleaning import write_cleaned
from dq_pipeline.extracts.inputs import Delivery, InputFile
from dq_pipeline.extracts.landing import Landed, land
from dq_pipeline.extracts.people import Changes, Mark, create_known, find_changes, set_key
from dq_pipeline.extracts.snapshot_writer import SnapshotWriter
from dq_pipeline.extracts.snapshots import fetch, remove_leftovers
from dq_pipeline.private import private_folder, write_private
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse

KEY_VARIABLE, KEY_FILE, ARRIVING = "DQ_SUPPRESSION_KEY", "suppressions.key", ".arriving"
COLUMNS = ("suppression_id", "kind", "hash", "key_id", "added_on")
KEY_BYTES, SHORTEST_KEY = 32, 32


def fetch_all(project: Project, run_date: date, folder: Path) -> dict[str, Delivery]:
    """Source -> the snapshots of tonight's files, without the people who were erased, or why they cannot be had.

    What an earlier run left half-written in `folder` is removed: the caller holds the lock. Raises StageError where
    `folder` cannot be written, ConfigError where the key of the suppressions is missing or another one.
    """
    shutil.rmtree(folder / ARRIVING, ignore_errors=True)
    remove_leftovers(folder)
    marks = read_marks(project)
    if not marks:
        return {source.name: fetch(project, source, run_date, folder) for source in project.sources}
    arriving = private_folder(folder / ARRIVING)
    try:
        with opened(project, read_key(project), marks, arriving) as cleaner:
            return {
                source.name: cleaner.take(source, fetch(project, source, run_date, arriving), folder, run_date)
                for source in project.sources
            }
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


@dataclass(frozen=True)
class Cleaner:
    """Looks through files for people, in a warehouse of its own. `scratch` is a private folder for unpacked copies."""

    warehouse: Warehouse
    scratch: Path

    def take(self, source: Source, delivery: Delivery, folder: Path, run_date: date) -> Delivery:
        """What arrived of a source, moved into `folder` without the people in KNOWN."""
        if isinstance(delivery, Breach):
            return delivery
        taken = []
        for file in delivery:
            cleaned = self.clean(source, file, folder, run_date)
            if isinstance(cleaned, Breach):
                return cleaned
            if cleaned is file:
                os.replace(file.path, folder / file.path.name)
                cleaned = replace(file, path=folder / file.path.name)
            taken.append(cleaned)
        return tuple(taken)

    def clean(
        self, source: Source, file: InputFile, folder: Path, run_date: date, own: Sequence[str] = ()
    ) -> InputFile | Breach:
        """The file itself where it speaks of nobody in KNOWN and has no row with a key of `own`; else a new one.

        A file that cannot be read is a breach: nobody knows whom it speaks of.
        """
        if not source.people:
            return file
        landed = self.look(source, file, run_date)
        if isinstance(landed, Breach):
            return landed
        changes = find_changes(self.warehouse, source, own)
        if not changes.rows:
            return file
        made = self._write(source, file, landed, changes, folder)
        self._must_be_clean(source, made, run_date, own)
        return made

    def look(self, source: Source, file: InputFile, run_date: date) -> Landed | Breach:
        """Land one file as `raw.<source>`, and the lines that cannot be read as `raw.unparsed`."""
        warehouse = self.warehouse
        set_run_values(warehouse, "looked through", run_date)
        warehouse.execute(
            """create or replace table raw.unparsed
            (source varchar, source_file varchar, line_number bigint, reason varchar, text varchar)"""
        )
        for leftover in self.scratch.iterdir():
            if leftover.is_file():
                leftover.unlink()
        landed = land(warehouse, source, (file,), run_date, self.scratch)
        return landed if landed.is_complete else landed.breaches[0]

    def _write(self, source: Source, file: InputFile, landed: Landed, changes: Changes, folder: Path) -> InputFile:
        writer = SnapshotWriter(folder)
        try:
            suffix = write_cleaned(self.warehouse, source, landed.files[0], changes, writer)
            size = writer.size
            path, digest = writer.keep(f"cleaned{suffix}")
        finally:
            writer.discard()
        left_out = file.suppressed + changes.rows
        return replace(file, path=path, sha256=digest, size=size, etag=None, suppressed=left_out)

    def _must_be_clean(self, source: Source, made: InputFile, run_date: date, own: Sequence[str]) -> None:
        """Read what was written again: what is still there of a person must not stay."""
        landed = self.look(source, made, run_date)
        dropped = () if source.erased == "blanked" else own
        if isinstance(landed, Breach) or find_changes(self.warehouse, source, dropped).rows:
            made.path.unlink(missing_ok=True)
            raise StageError(
                f"an extract of {source.name} cannot be written without the people who were erased",
                where=made.place,
                remedy="report it, without personal data; nothing of the extract was kept",
            )


@contextmanager
def opened(project: Project, key: str, marks: Iterable[Mark], scratch: Path) -> Iterator[Cleaner]:
    """A cleaner whose KNOWN are `marks`."""
    inside = private_folder(scratch / "unpacked")
    resources = project.settings.resources
    warehouse = Warehouse(
        memory_limit=resources.memory_limit, threads=resources.threads, spill_directory=scratch / "spill"
    )
    try:
        load_macros(warehouse)
        set_key(warehouse, key)
        create_known(warehouse, marks)
        yield Cleaner(warehouse, inside)
    finally:
        warehouse.close()
        shutil.rmtree(inside, ignore_errors=True)


def key_id(key: str) -> str:
    """By which a key is told from another; it says nothing of the key."""
    return hashlib.sha256(f"suppressions {key}".encode()).hexdigest()[:8]


def read_key(project: Project, *, make: bool = False) -> str:
    """The secret key of the hashes; with `make` a new one where there is none. Raises ConfigError."""
    path = project.root / KEY_FILE
    if os.environ.get(KEY_VARIABLE):
        key, where = fill(f"${{{KEY_VARIABLE}}}"), KEY_VARIABLE
    elif path.exists():
        try:
            key, where = path.read_text(encoding="ascii").strip(), str(path)
        except (OSError, UnicodeDecodeError) as error:
            message = "the key of the suppressions cannot be read"
            raise ConfigError(
                message, where=path, remedy="let this user read it, or put it back from a backup"
            ) from error
    elif make:
        key, where = random.token_hex(KEY_BYTES), str(path)
        write_private(path, f"{key}\n")
    else:
        raise ConfigError(
            "the key of the suppressions is missing, so people who were erased would come back",
            where=path,
            remedy=f"put {KEY_FILE} back from a backup, or set {KEY_VARIABLE}",
        )
    if len(key) < SHORTEST_KEY:
        remedy = "take 32 random bytes, for example from `openssl rand -hex 32`"
        raise ConfigError("the key of the suppressions is too short", where=where, remedy=remedy)
    return key


def read_marks(project: Project) -> list[Mark]:
    """The hashes in the file of suppressions, which must be of the key in use. Raises ConfigError by line."""
    path = project.suppressions_path
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"the file cannot be read: {error}", where=path, remedy="put it back") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ConfigError(f"the header is not {','.join(COLUMNS)}", where=path, remedy="put the first line back")
    marks, own = [], None
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(COLUMNS) or not all(row):
            raise ConfigError(
                "a value is missing", where=f"{path}, line {number}", remedy="put the line back, or remove it"
            )
        own = own or key_id(read_key(project))
        if row[3] != own:
            raise ConfigError(
                "the suppression was made with another key, so the person would come back",
                where=f"{path}, line {number}",
                remedy=f"put back the {KEY_FILE} or {KEY_VARIABLE} that it was made with",
            )
        marks.append(Mark(row[0], row[1], row[2]))
    return marks


def add_marks(project: Project, marks: Iterable[Mark], key: str, added_on: date) -> int:
    """Add what is not there yet to the file of suppressions, whole or not at all; how many lines are new."""
    known = set(read_marks(project))
    new = sorted(set(marks) - known, key=lambda mark: (mark.suppression_id, mark.kind, mark.hash))
    if not new:
        return 0
    path = project.suppressions_path
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ",".join(COLUMNS) + "\n"
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    for mark in new:
        writer.writerow([mark.suppression_id, mark.kind, mark.hash, key_id(key), added_on.isoformat()])
    write_private(path, (text if text.endswith("\n") else f"{text}\n") + stream.getvalue(), newline="")
    return len(new)
