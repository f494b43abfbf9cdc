"""The snapshots without a person: each file that speaks of them is written anew, and the manifests name the new one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project, Source
from dq_pipeline.erasing.files import Entry
from dq_pipeline.errors import Breach
from dq_pipeline.extracts.inputs import InputFile
from dq_pipeline.extracts.landing import Landed
from dq_pipeline.extracts.people import HITS, Mark, account_marks, find_changes, marks_of
from dq_pipeline.extracts.suppressing import Cleaner
from dq_pipeline.warehouse import quoted

# What of a person is searched for in texts: one fact that is theirs alone.
_VALUES = ("name", "email", "phone", "line")


@dataclass(frozen=True)
class Held:
    """One snapshot: the source that it is of, and the manifests that name it."""

    source: Source
    path: Path
    run_date: date
    entry: dict[str, Any]
    manifests: list[Path] = field(default_factory=list)

    def as_file(self) -> InputFile:
        """As a run reads it."""
        entry = self.entry
        return InputFile(self.path, entry["name"], entry["place"], entry["sha256"], entry["bytes"])


def held_snapshots(project: Project) -> list[Held]:
    """Every snapshot that a manifest names, once, and that is there."""
    found: dict[tuple[str, str], Held] = {}
    known = {source.name: source for source in project.sources}
    for manifest in archive.manifests(project.output):
        for name, files in (manifest.get("snapshots") or {}).items():
            for entry in files:
                path = project.output / archive.SNAPSHOTS / Path(str(entry["snapshot"])).name
                if name in known and path.is_file():
                    day = date.fromisoformat(str(manifest["run_date"]))
                    held = found.setdefault((name, path.name), Held(known[name], path, day, entry))
                    held.manifests.append(Path(manifest["directory"]) / archive.MANIFEST)
    return list(found.values())


Rows = Mapping[str, frozenset[str]]


def learn(project: Project, cleaner: Cleaner, people: Mapping[str, Rows]) -> tuple[set[Mark], set[str]]:
    """What the snapshots say of people: hashes for their suppressions, and values as they are written there.

    `people` are suppression id -> source -> keys of the rows that are theirs.
    """
    accounts = {
        person.account_of or source.name for source in project.sources for person in source.people if person.account
    }
    marks, values = set[Mark](), set[str]()
    for suppression_id, rows in people.items():
        own = {source: keys for source, keys in rows.items() if source in accounts}
        marks |= account_marks(cleaner.warehouse, suppression_id, own)
    for held in held_snapshots(project):
        theirs = {one: sorted(rows.get(held.source.name, ())) for one, rows in people.items()}
        if not held.source.people or not any(theirs.values()) or isinstance(_look(cleaner, held), Breach):
            continue
        for suppression_id, keys in theirs.items():
            find_changes(cleaner.warehouse, held.source, keys)
            marks |= marks_of(cleaner.warehouse, suppression_id)
            values |= _values(cleaner, held.source)
    return marks, values


def _look(cleaner: Cleaner, held: Held) -> Landed | Breach:
    return cleaner.look(held.source, held.as_file(), held.run_date)


def _values(cleaner: Cleaner, source: Source) -> set[str]:
    """The values in the rows that were found."""
    found: set[str] = set()
    for number, column in _columns(source):
        query = f"""select distinct trim({quoted(column)}) from raw.{source.name}
            semi join (select * from {HITS} where person_no = {number}) as hits using (line_number)
            where trim({quoted(column)}) <> ''"""
        found |= {str(value) for (value,) in cleaner.warehouse.rows(query)}
    return found


def _columns(source: Source) -> list[tuple[int, str]]:
    people = enumerate(source.people)
    return [(number, column) for number, one in people for name in _VALUES if (column := getattr(one, name))]


def shared_values(project: Project, cleaner: Cleaner, values: set[str], rows: Rows) -> tuple[set[str], set[str]]:
    """Those of the values that stand in rows of other people too, and the ids of all rows that are the erased ones'.

    All snapshots are looked through, so rows that were never linked to the people, or kept out, are found by their
    hashes. KNOWN must hold them.
    """
    shared, records = set[str](), set[str]()
    for held in held_snapshots(project):
        if not held.source.people or isinstance(_look(cleaner, held), Breach):
            continue
        find_changes(cleaner.warehouse, held.source, sorted(rows.get(held.source.name, ())))
        query = f"""select record_id from raw.{held.source.name}
            semi join (select * from {HITS} where person_no = 0) as hits using (line_number)"""
        records |= {str(record_id) for (record_id,) in cleaner.warehouse.rows(query)}
        for number, column in _columns(held.source) if values else ():
            query = f"""with asked as (
                    select value, lower(value) as folded, right(regexp_replace(value, '[^0-9]', '', 'g'), 10) as digits,
                        regexp_full_match(value, '[+0-9 ()./x-]+') as is_number
                    from (select unnest(?::varchar[]) as value)
                )
                select distinct value from asked join raw.{held.source.name} as held
                    on case when is_number
                        then contains(regexp_replace(held.{quoted(column)}, '[^0-9]', '', 'g'), digits)
                        else contains(lower(held.{quoted(column)}), folded)
                    end
                where line_number not in (select line_number from {HITS} where person_no = {number})"""
            shared |= {str(value) for (value,) in cleaner.warehouse.rows(query, [sorted(values)])}
    return shared, records


def purge_snapshots(project: Project, cleaner: Cleaner, rows: Rows, *, write: bool = True) -> Iterator[Entry]:
    """Write every snapshot that speaks of the people anew; one that cannot be read goes: its night is not repeated."""
    folder = project.output / archive.SNAPSHOTS
    for held in held_snapshots(project):
        keys = sorted(rows.get(held.source.name, ()))
        if not held.source.people:
            continue
        name = f"{archive.SNAPSHOTS}/{held.path.name}"
        if not write:
            if isinstance(_look(cleaner, held), Breach):
                yield Entry(name, "removed")
            elif changes := find_changes(cleaner.warehouse, held.source, keys).rows:
                yield Entry(name, "rewritten", changes)
            continue
        made = cleaner.clean(held.source, held.as_file(), folder, held.run_date, keys)
        if isinstance(made, Breach):
            held.path.unlink(missing_ok=True)
            yield Entry(name, "removed")
        elif made.path != held.path:
            for manifest in held.manifests:
                _name_anew(manifest, held, made)
            yield Entry(name, "rewritten", made.suppressed)


def _name_anew(path: Path, held: Held, made: InputFile) -> None:
    """Let a manifest name the new snapshot instead of the old one."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for entry in document["snapshots"][held.source.name]:
        if entry["snapshot"] == held.path.name:
            left_out = int(entry.get("suppressed", 0)) + made.suppressed
            entry |= {"sha256": made.sha256, "bytes": made.size, "snapshot": made.path.name, "suppressed": left_out}
    archive.write_json(path, document)


def remove_unnamed(project: Project) -> Iterator[Entry]:
    """Remove snapshots that no manifest names any more."""
    named = {name for one in archive.manifests(project.output) for name in archive.snapshots_of(project.output, one)}
    for path in sorted((project.output / archive.SNAPSHOTS).glob("*")):
        if path.is_file() and path not in named:
            path.unlink()
            yield Entry(f"{archive.SNAPSHOTS}/{path.name}", "removed")
