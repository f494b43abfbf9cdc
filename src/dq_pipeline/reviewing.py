"""The review queue as a sheet that people fill in, and their decisions back as judgements of the project.

A sheet is CSV: the pair, the decision (empty), who, when, why, and then what helps to decide. Spreadsheets may save it
with another delimiter; only the ids and the decision are read back. Nothing of a sheet with a fault is imported.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Entity, Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage.judgements import (
    COLUMNS,
    KINDS,
    Judgement,
    append_judgements,
    contradictions,
    in_order,
    judgement_ids,
    read_judgements,
    settle,
)
from dq_pipeline.recording import last_warehouse
from dq_pipeline.scorecard.masking import mask_value
from dq_pipeline.sheets import Line, Sheet, plain, read_sheet
from dq_pipeline.warehouse import Warehouse, quoted, table_name

CONTEXT = (
    *("entity", "priority", "reason", "match_probability", "worth", "value", "open_orders", "open_order_ids"),
    *("judged_before", "master_id_l", "master_id_r", "alike", "unlike"),
)
# Where, when and in what state a record was written need not agree.
_CIRCUMSTANCES = frozenset({"source", "role", "status", "channel", "at", "on"})
MOST_FAULTS = 20
IN_FORCE = frozenset({"applied", "reopened", "record_missing"})
_NOTHING_DONE = "correct it and import again; nothing of the file was imported"


# --- export ----------------------------------------------------------------------------------------------------------


def export_pairs(project: Project, entity: str | None, limit: int, *, unmasked: bool = False) -> Sheet:
    """The pairs of the last run that are most worth a minute, at most `limit`, as a sheet. Raises ConfigError."""
    chosen = [project.entity(entity)] if entity else list(project.entities)
    with archive.lock(project.output):
        warehouse = last_warehouse(project)
        try:
            if not warehouse.has("mastered.review_queue"):
                raise ConfigError("the last run did not get to the review queue", remedy="run `dq run` first")
            pairs = warehouse.records(
                """select * from mastered.review_queue where entity in (select unnest(?))
                order by is_asked_again desc, worth desc, entity, priority limit ?""",
                [[one.name for one in chosen], limit],
            )
            fields: dict[str, None] = {}
            for one in chosen:
                shown = [pair for pair in pairs if pair["entity"] == one.name]
                fields |= _add_values(warehouse, project, one, shown, unmasked=unmasked)
        finally:
            warehouse.close()
    header = [*COLUMNS, *CONTEXT, *(f"{name}_{side}" for name in fields for side in "lr")]
    return Sheet(header, [[_cell(pair.get(name)) for name in header] for pair in pairs], is_private=unmasked)


def _cell(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _add_values(
    warehouse: Warehouse, project: Project, entity: Entity, pairs: list[dict[str, Any]], *, unmasked: bool
) -> dict[str, None]:
    """Put both records' values, and the judgement there is, into each pair; the names of the values, in order."""
    ids = sorted({pair[side] for pair in pairs for side in ("record_id_l", "record_id_r")})
    held: dict[str, dict[str, Any]] = {record: {} for record in ids}
    behind = [project.entity(one.entity) for one in entity.evidence if one.entity]
    for other in (entity, *behind):
        for row in _shown_values(warehouse, other, ids, with_source=other is entity):
            record = row.pop("record_id")
            held[record] |= {name: value for name, value in row.items() if name not in held[record]}
    before = {}
    for one in in_order(read_judgements(project.judgements_path(entity.name))):
        before[one.pair] = f"{one.judgement}, {one.decided_at}, {one.decided_by}"
    personal = project.personal_columns()
    for pair in pairs:
        pair["judged_before"] = before.get((pair["record_id_l"], pair["record_id_r"]))
        pair["alike"], pair["unlike"] = _agreement(held[pair["record_id_l"]], held[pair["record_id_r"]])
        for side in "lr":
            for name, value in held[pair[f"record_id_{side}"]].items():
                text = str(value.date()) if isinstance(value, datetime) else value
                pair[f"{name}_{side}"] = text if unmasked else mask_value(name, text, personal)
    return dict.fromkeys(name for record in ids for name in held[record])


def _agreement(left: dict[str, Any], right: dict[str, Any]) -> tuple[str, str]:
    """Which values of two records agree and which do not: told from the full values, where masks hide it."""
    alike: list[str] = []
    unlike: list[str] = []
    for name in left:
        values = ["".join(str(side.get(name) or "").casefold().split()) for side in (left, right)]
        if all(values) and not _CIRCUMSTANCES & set(name.split("_")):
            (alike if values[0] == values[1] else unlike).append(name)
    return ", ".join(alike), ", ".join(unlike)


def _shown_values(
    warehouse: Warehouse, entity: Entity, ids: list[str], *, with_source: bool
) -> Iterable[dict[str, Any]]:
    """The columns of the records that people tell them by: those that a golden record takes."""
    table = f"standardized.{entity.name}"
    kinds = warehouse.columns(table)
    taken = dict.fromkeys(name for one in entity.golden.fields for name in one.taken())
    columns = [name for name in taken if kinds.get(name, "BOOLEAN") != "BOOLEAN" and name != entity.golden.dated_by]
    if with_source:
        columns = [name for name in ("source", "role") if name in kinds] + [
            name for name in (*columns, entity.golden.dated_by) if name in kinds
        ]
    listed = ", ".join(quoted(name) for name in ["record_id", *columns])
    return warehouse.records(f"select {listed} from {table_name(table)} where record_id in (select unnest(?))", [ids])


# --- import ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell of a sheet."""

    line: int
    column: str
    message: str


@dataclass
class Imported:
    """What became of a sheet's lines of one entity."""

    entity: str
    path: Path
    added: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    undecided: int = 0


def import_decisions(project: Project, path: Path, decided_by: str | None) -> list[Imported]:
    """Read a sheet's decisions into the project's judgement files, all of them or none. Raises ConfigError.

    `decided_by` and the time of the import stand in where a line does not say who and when.
    """
    sheet = read_sheet(path, ("record_id_l", "record_id_r", "judgement"))
    now = datetime.now(UTC)
    with archive.lock(project.output):
        decided: dict[str, list[Judgement]] = {}
        found: dict[str, Imported] = {}
        faults: list[Fault] = []
        for line in sheet:
            entity = _entity_of(project, path, line, faults)
            if entity is None:
                continue
            result = found.setdefault(entity, Imported(entity, project.judgements_path(entity)))
            if not line.get("judgement"):
                result.undecided += 1
                continue
            judgement = _decision(line, decided_by, now, faults)
            if judgement is not None:
                decided.setdefault(entity, []).append(judgement)
        for entity, judgements in decided.items():
            faults += _unknown_records(project, entity, judgements)
        added = {entity: _new_ones(project, found[entity], new, faults) for entity, new in decided.items()}
        if faults:
            raise _error(path, sorted(faults, key=lambda fault: (fault.line, fault.column)))
        for entity, new in added.items():
            append_judgements(found[entity].path, new)
            found[entity].added.update(one.judgement for one in new)
    return list(found.values())


def _error(path: Path, faults: Sequence[Fault]) -> ConfigError:
    first, more = faults[0], faults[1:MOST_FAULTS]
    message = "\n".join([first.message, *(f"  line {one.line}, column {one.column}: {one.message}" for one in more)])
    if len(faults) > MOST_FAULTS:
        message += f"\n  and {len(faults) - MOST_FAULTS:,} more"
    return ConfigError(message, where=f"{path}, line {first.line}, column {first.column}", remedy=_NOTHING_DONE)


def _entity_of(project: Project, path: Path, line: Line, faults: list[Fault]) -> str | None:
    """What a line is about: its column `entity`, else the file's name, else the only entity there is."""
    names = [entity.name for entity in project.entities]
    said = line.get("entity") or (path.stem if path.stem in names else "") or (names[0] if len(names) == 1 else "")
    if said not in names:
        faults.append(Fault(line.number, "entity", f"{said!r} is none of {', '.join(names)}"))
        return None
    return said


def _decision(line: Line, decided_by: str | None, now: datetime, faults: list[Fault]) -> Judgement | None:
    """The judgement of a decided line, or None and its faults."""
    before = len(faults)
    kind = line.get("judgement").lower()
    if kind not in KINDS:
        faults.append(Fault(line.number, "judgement", f"{kind!r} is none of {', '.join(KINDS)}, and is not empty"))
    left, right = line.get("record_id_l"), line.get("record_id_r")
    for column, record in (("record_id_l", left), ("record_id_r", right)):
        if not record:
            faults.append(Fault(line.number, column, "the record id is missing"))
    if left and left == right:
        faults.append(Fault(line.number, "record_id_r", f"{left} is judged against itself"))
    person = line.get("decided_by") or decided_by or ""
    if not person:
        faults.append(Fault(line.number, "decided_by", "nobody is named; fill it in or give --by NAME"))
    decided_at = _moment(line, now, faults)
    if len(faults) > before:
        return None
    first, second = sorted((left, right))
    return Judgement(first, second, kind, str(plain(person)), decided_at, str(plain(line.get("why"))), line.number)


def _moment(line: Line, now: datetime, faults: list[Fault]) -> str:
    """When a line was decided: as written, a date as a spreadsheet turns it over, or now."""
    text = line.get("decided_at").replace(" ", "T", 1)
    if not text:
        return now.strftime("%Y-%m-%dT%H:%M:%SZ")
    for form in (None, "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y"):
        try:
            day = date.fromisoformat(text[:10]) if form is None else datetime.strptime(text, form).date()
        except ValueError:
            continue
        other_way = form == "%m/%d/%Y" and day.day <= 12 and day.day != day.month
        if other_way or day > now.date() + timedelta(days=1):
            break
        return text if form is None and text[4] == "-" else day.isoformat()
    message = f"{text!r} is no date like 2026-11-20, or is still to come; leave it empty to say: now"
    faults.append(Fault(line.number, "decided_at", message))
    return ""


def _unknown_records(project: Project, entity: str, judgements: list[Judgement]) -> list[Fault]:
    """Records that no night has seen. The last run's tables say it, or the published file where they are lost."""
    ids = sorted({record for one in judgements for record in one.pair})
    published = archive.published_file(project.output)
    if archive.working_file(project.output).exists():
        warehouse = last_warehouse(project)
    elif published is not None:
        warehouse = Warehouse(published, read_only=True)
    else:
        raise ConfigError("there is no run whose records were judged", remedy="run `dq run` first")
    try:
        known: set[str] = set()
        for table, condition in (
            ("mastered.known_records", "entity = $2"),
            ("identity.known_records", "entity = $2"),
            (f"standardized.{entity}", "$2 is not null"),
        ):
            if warehouse.has(table):
                query = f"select record_id from {table} where record_id in (select unnest($1)) and {condition}"
                known.update(record for (record,) in warehouse.rows(query, [ids, entity]))
    finally:
        warehouse.close()
    return [
        Fault(one.line, column, f"no {entity} record is called {record!r}")
        for one in judgements
        for column, record in zip(("record_id_l", "record_id_r"), one.pair, strict=True)
        if record not in known
    ]


def _new_ones(project: Project, result: Imported, judgements: list[Judgement], faults: list[Fault]) -> list[Judgement]:
    """Those decisions that say something new; faults where they contradict each other or what is in force."""
    existing = read_judgements(result.path)
    latest = {one.pair: one for one in in_order(existing)}
    reopened = _reopened(project, result.entity, existing)
    new: dict[tuple[str, str], Judgement] = {}
    for one in judgements:
        said = new.get(one.pair) or latest.get(one.pair)
        if said is not None and said.judgement == one.judgement and said not in reopened:
            result.unchanged += 1
        elif one.pair in new:
            message = f"the pair is {said.judgement!r} in line {said.line}" if said else ""
            faults.append(Fault(one.line, "judgement", message))
        else:
            new[one.pair] = one
    listed = list(new.values())
    last_line = max((one.line for one in existing), default=1)
    written = {
        one: Judgement(one.record_id_l, one.record_id_r, one.judgement, one.decided_by, one.decided_at, one.why, line)
        for line, one in enumerate(listed, start=last_line + 1)
    }
    together = [*existing, *written.values()]
    statuses = settle(together).statuses
    source = {line: one for one, line in written.items()}
    clashes = {one: group for group in contradictions(together) for one in group}
    for line, one in source.items():
        if statuses[line] == "superseded":
            later = latest[one.pair]
            message = f"{later.decided_at} in line {later.line} of {result.path.name} is later; leave it empty"
            faults.append(Fault(one.line, "decided_at", message))
        elif statuses[line] == "contradicted":
            others = [other for other in clashes[line] if other != line][:3]
            listed_there = "; ".join(_told(other, source.get(other), result.path) for other in others)
            faults.append(Fault(one.line, "judgement", f"it contradicts {listed_there}"))
    return listed


def decided_pairs(project: Project, entity: str) -> dict[tuple[str, str], Judgement]:
    """The judgement that answers each pair; none where the last run opened it again or judgements contradict."""
    existing = read_judgements(project.judgements_path(entity))
    statuses, reopened = settle(existing).statuses, _reopened(project, entity, existing)
    settled = [one for one in existing if statuses[one] in ("applied", "unsure") and one not in reopened]
    return {one.pair: one for one in settled}


def add_decision(project: Project, entity: str, decided: Judgement) -> None:
    """Write one decision, checked as an import is; the caller holds the lock. Raises ConfigError."""
    result = Imported(entity, project.judgements_path(entity))
    faults = _unknown_records(project, entity, [decided])
    if not faults:
        existing = {one.pair: one for one in in_order(read_judgements(result.path))}
        before = existing.get(decided.pair)
        if before is None or before.judgement != decided.judgement:
            _new_ones(project, result, [decided], faults)
    if faults:
        raise ConfigError(faults[0].message, remedy="decide it otherwise, or decide the other pair first")
    append_judgements(result.path, [decided])


def _told(judgement: Judgement, imported: Judgement | None, path: Path) -> str:
    place = f"line {imported.line}" if imported else f"line {judgement.line} of {path.name}"
    return f"{judgement.record_id_l} {judgement.judgement} {judgement.record_id_r} ({place})"


def _reopened(project: Project, entity: str, existing: list[Judgement]) -> set[Judgement]:
    """The judgements that the last run opened again."""
    ids = {key for key, (status, _) in _statuses(project, entity).items() if status == "reopened"}
    return {one for one, key in judgement_ids(existing).items() if key in ids}


# --- list ------------------------------------------------------------------------------------------------------------


def _statuses(project: Project, entity: str) -> dict[str, tuple[str, str | None]]:
    """Judgement id -> status and changed columns in the last run; empty where there is none."""
    if not archive.working_file(project.output).exists():
        return {}
    warehouse = last_warehouse(project)
    try:
        table = f"linked.{entity}_judgements"
        if not warehouse.has(table):
            return {}
        rows = warehouse.rows(f"select judgement_id, status, changed from {table}")
        return {key: (status, changed) for key, status, changed in rows}
    finally:
        warehouse.close()


def list_judgements(project: Project, entity: str | None = None) -> list[dict[str, Any]]:
    """Every judgement in the files, and what became of it: in the last run, or `pending` until the next one.

    Without the `why`: it is free text and may name people.
    """
    found = []
    for one in [project.entity(entity)] if entity else project.entities:
        judgements = read_judgements(project.judgements_path(one.name))
        if not judgements:
            continue
        settled, ids, seen = settle(judgements).statuses, judgement_ids(judgements), _statuses(project, one.name)
        for judgement in judgements:
            status, changed = seen.get(ids[judgement], ("pending", None))
            if settled[judgement] != "applied":
                status, changed = settled[judgement], None
            elif status not in IN_FORCE:
                status, changed = "pending", None
            row = {"entity": one.name, "line": judgement.line, "status": status, "changed": changed}
            found.append(row | {name: getattr(judgement, name) for name in COLUMNS if name != "why"})
    return found
