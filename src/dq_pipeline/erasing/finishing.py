"""An erasure carried out. It can be killed at any moment: what it is about stays on disk until all is done.

output/erasure.pending.json    who is erased, while it goes on: personal, private, and removed last
output/erasures/<id>.json      the certificate: what was done with which file, without personal data
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dq_pipeline import __version__, archive
from dq_pipeline.config import Project
from dq_pipeline.config.erasing import Erasure
from dq_pipeline.erasing import files, snapshots
from dq_pipeline.erasing.database import purge_database
from dq_pipeline.erasing.files import Entry
from dq_pipeline.erasing.people import Erased
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts.people import Mark
from dq_pipeline.extracts.suppressing import add_marks, opened, read_key
from dq_pipeline.private import private_files, private_folder, write_private

SCRATCH = ".erasing"
_NOT_REACHED = (
    "the extracts where the sources keep them: ask their owners",
    "backups and copies outside the output folder, and the history of the repository",
    "reports, exports and messages that were sent to somebody",
)


def rules_of(project: Project) -> Erasure:
    """The project's rules of erasing. Raises ConfigError where it has none, or does not say whose a column is."""
    rules = project.settings.erasure
    if rules is None:
        remedy = "declare `erasure:` there: docs/guides/erasing.md"
        message = "the project does not say what stays when a person is erased"
        raise ConfigError(message, where=project.file, remedy=remedy)
    project.entity(rules.entity)
    for source in project.sources:
        nobodys = {name for name, column in source.columns.items() if column.personal}
        nobodys -= {column for person in source.people for column in person.columns()}
        if nobodys:
            raise ConfigError(
                f"nothing says whose these personal columns are: {', '.join(sorted(nobodys))}",
                where=project.pipelines / "sources" / f"{source.name}.yml",
                remedy="name them under `people`: docs/guides/erasing.md",
            )
    return rules


@dataclass
class Journal:
    """An erasure under way: whom it is about, the hashes for their suppressions, and what is done."""

    output: Path
    erased: Erased
    marks: tuple[Mark, ...]
    done: list[Entry] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where it is while it goes on."""
        return self.output / files.UNDER_WAY

    @property
    def certificate(self) -> Path:
        """Where the certificate for reading will be."""
        return self.output / files.CERTIFICATES / f"{self.erased.erasure_id}.txt"

    def write(self) -> None:
        """Write it down, whole or not at all."""
        held = {"erased": self.erased.as_document(), "marks": [asdict(mark) for mark in self.marks]}
        write_private(self.path, json.dumps(held | {"done": [asdict(entry) for entry in self.done]}))

    def note(self, entries: Iterable[Entry]) -> None:
        """Write down what was done, as it is done: a kill in between must not lose it from the certificate."""
        for entry in entries:
            if entry not in self.done:
                self.done.append(entry)
                self.write()

    @classmethod
    def read(cls, output: Path) -> "Journal":
        """The erasure under way. Raises ConfigError where its file cannot be read."""
        path = output / files.UNDER_WAY
        try:
            held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            marks = tuple(Mark(**mark) for mark in held["marks"])
            done = [Entry(**entry) for entry in held["done"]]
            return cls(output, Erased.from_document(held["erased"]), marks, done)
        except (OSError, ValueError, KeyError, TypeError) as error:
            remedy = "remove it, and begin the erasure again"
            raise ConfigError("the file of an erasure under way cannot be read", where=path, remedy=remedy) from error


def resume_erasure(project: Project) -> Path:
    """Finish the erasure that is under way; its certificate for reading. Raises ConfigError where there is none."""
    with archive.lock(project.output), private_files():
        certificate = finish_erasure(project)
    if certificate is None:
        raise ConfigError("no erasure is under way", where=project.output, remedy="nothing has to be finished")
    return certificate


def finish_erasure(project: Project) -> Path | None:
    """Carry out the erasure that is under way; its certificate for reading, or None where there is none.

    The caller holds the lock. Each step can be done again, and the published file, by which the person is known, comes
    last of the files. Raises StageError, ConfigError; then it is still under way.
    """
    if not (project.output / files.UNDER_WAY).exists():
        return None
    journal = Journal.read(project.output)
    output, erased = project.output, journal.erased
    key = read_key(project)
    add_marks(project, journal.marks, key, date.fromisoformat(erased.started_at[:10]))
    shutil.rmtree(output / SCRATCH, ignore_errors=True)
    journal.note(files.remove_caches(project))
    journal.note(files.clean_sheets(project, erased))
    journal.note(_snapshots(project, journal, key))
    journal.note(files.redact_texts(output, erased))
    journal.note(_databases(project, journal))
    searched = files.prove(output, erased)
    write_private(
        private_folder(journal.certificate.parent) / f"{erased.erasure_id}.json", _as_json(project, journal, searched)
    )
    write_private(journal.certificate, _as_text(project, journal, searched))
    journal.path.unlink()
    return journal.certificate


def _snapshots(project: Project, journal: Journal, key: str) -> Iterator[Entry]:
    scratch = private_folder(project.output / SCRATCH)
    try:
        with opened(project, key, journal.marks, scratch) as cleaner:
            yield from snapshots.purge_snapshots(project, cleaner, journal.erased.rows)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    told = {entry.file for entry in journal.done}
    yield from (entry for entry in snapshots.remove_unnamed(project) if entry.file not in told)


def _databases(project: Project, journal: Journal) -> Iterator[Entry]:
    rules = rules_of(project)
    for path in files.databases(project.output):
        if touched := purge_database(path, journal.erased, rules).touched:
            yield Entry(str(path.relative_to(project.output)), "rewritten", touched)


def _document(project: Project, journal: Journal, searched: int) -> dict[str, Any]:
    erased = journal.erased
    return {
        "erasure_id": erased.erasure_id,
        "project": project.settings.name,
        "reason": erased.reason,
        "erased_by": erased.erased_by,
        "started_at": erased.started_at,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": __version__,
        "people": len(erased.masters),
        "records": len(erased.records),
        "values_shared_with_others": erased.shared,
        "suppressions": len(journal.marks),
        "files": [asdict(entry) for entry in sorted(journal.done, key=lambda entry: entry.file)],
        "files_searched": searched,
        "still_named_in": files.left_in_project(project, erased),
        "not_reached": list(_NOT_REACHED),
    }


def _as_json(project: Project, journal: Journal, searched: int) -> str:
    return json.dumps(_document(project, journal, searched), indent=2, ensure_ascii=False) + "\n"


def _as_text(project: Project, journal: Journal, searched: int) -> str:
    held = _document(project, journal, searched)
    lines = [
        f"Certificate of erasure {held['erasure_id']}",
        "",
        f"project:     {held['project']}",
        f"reason:      {held['reason']}",
        f"erased by:   {held['erased_by']}",
        f"begun:       {held['started_at']}",
        f"finished:    {held['finished_at']}, dq_pipeline {held['code_version']}",
        f"people:      {held['people']}, with {held['records']} records",
        f"suppressed:  {held['suppressions']} keyed hashes in {project.suppressions_path.name}",
        f"searched:    {held['files_searched']} files of the output, every byte: nothing is left",
        "",
        "What was done:",
        *(f"  {entry['action']:<10} {entry['file']}{_places(entry['places'])}" for entry in held["files"]),
    ]
    if held["values_shared_with_others"]:
        lines += ["", f"Values that other people have too, and that stay theirs: {held['values_shared_with_others']}"]
    if held["still_named_in"]:
        lines += ["", "Still named in these files of the project, which people write:"]
        lines += [f"  {name}" for name in held["still_named_in"]]
    lines += ["", "Not reached by this erasure:", *(f"  {one}" for one in held["not_reached"])]
    return "\n".join(lines) + "\n"


def _places(count: int) -> str:
    return f" ({count})" if count else ""
