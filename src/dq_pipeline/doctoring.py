"""Is everything there that a night needs? A list of findings, each with a remedy, without personal data."""

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from dq_pipeline import __version__, archive, machine
from dq_pipeline.checking import check_project
from dq_pipeline.config import Entity, Project, load_project
from dq_pipeline.errors import Breach, DqError
from dq_pipeline.extracts.locate import locate
from dq_pipeline.linkage import read_judgements
from dq_pipeline.telling import hindrances
from dq_pipeline.warehouse import refuse_without_encryption

Status = Literal["ok", "warn", "fail"]
MEGABYTE = 1_000_000
_LIBRARIES = ("duckdb", "splink", "great_expectations")
# A night that is this late is missing; a model this old was trained on other people.
LATE = timedelta(hours=36)
OLD_MODEL_DAYS = 365
SLOW_WRITING = 50
LEAST_MEMORY = 2_000 * MEGABYTE
# Without a run to go by: tables of the sample take 33 times its extracts, most of it a base of every file.
_BASE, _TIMES, _UNPACKED = 200 * MEGABYTE, 15, 6
_PACKED = frozenset({".gz", ".zst", ".bz2", ".xz", ".parquet", ".xlsx"})


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: ok, warn (a night may run, but look) or fail (it cannot), and what to do."""

    name: str
    status: Status
    said: str
    remedy: str = ""


def examine(path: Path, today: date | None = None) -> list[Finding]:
    """Look at everything that a night of the project in `path` needs. Raises nothing that a finding can say."""
    found = [*_versions()]
    try:
        project = load_project(path)
    except DqError as error:
        found.append(Finding("project", "fail", _said(error), error.remedy or "`dq init` makes a project"))
        return [*found, *_machine(None), _terminal()]
    found.append(_validity(project))
    found += _output(project)
    found += _machine(project)
    for entity in project.entities:
        found += [_model(project, entity, today or datetime.now().astimezone().date()), _judgements(project, entity)]
    return [*found, _last_run(project), *_telling(project), _schedule(), _terminal()]


def _said(error: DqError) -> str:
    return f"{error.where}: {error.message}" if error.where else error.message


def _versions() -> Iterator[Finding]:
    told = [f"dq_pipeline {__version__}", f"Python {platform.python_version()}"]
    missing = []
    for name in _LIBRARIES:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield Finding("versions", "ok", ", ".join(told))
    if missing:
        said = f"not installed: {', '.join(missing)}"
        yield Finding("libraries", "fail", said, "install dq_pipeline again, with its requirements")


def _validity(project: Project) -> Finding:
    try:
        check_project(project)
    except DqError as error:
        return Finding("project", "fail", _said(error), error.remedy or "correct it; `dq check` looks again")
    parts = f"{len(project.sources)} sources, {len(project.entities)} entities"
    return Finding("project", "ok", f"{project.file}: {parts}; every file is valid")


def _output(project: Project) -> Iterator[Finding]:
    """The output folder: may it be written, who may read it, is there room, how fast is it."""
    folder = next(path for path in (project.output, *project.output.parents) if path.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        remedy = "give this user the right to write there, or change `paths.output` in the project file"
        yield Finding("output", "fail", f"{folder} cannot be written", remedy)
        return
    if folder == project.output and folder.stat().st_mode & 0o007:
        remedy = f"if they should not: chmod o-rwx {folder}"
        yield Finding("output", "warn", f"{folder} is open to every user, and holds personal data", remedy)
    else:
        yield Finding("output", "ok", f"{folder} can be written")
    if project.settings.permissions.encrypted:
        yield _encryption()
    yield _room(project, folder)
    try:
        speed = machine.write_speed(folder)
    except OSError as error:
        yield Finding("write speed", "fail", f"nothing can be written to {folder}: {error.strerror}", "make room there")
        return
    is_slow = speed < SLOW_WRITING * MEGABYTE
    remedy = "put `paths.output` on a local disk" if is_slow else ""
    yield Finding("write speed", "warn" if is_slow else "ok", f"{speed / MEGABYTE:,.0f} MB/s to {folder}", remedy)


def _encryption() -> Finding:
    try:
        refuse_without_encryption()
    except DqError as error:
        return Finding("encryption", "fail", _said(error), error.remedy or "")
    return Finding("encryption", "ok", "there is a key for published files, and what DuckDB encrypts them with")


def _room(project: Project, folder: Path) -> Finding:
    """Free space against what a night takes: what the last one took, or an estimate from the extracts' size."""
    free = machine.free_space(folder)
    before = _size_of_last(project)
    needed = before or _BASE + _TIMES * _size_of_extracts(project)
    basis = "as the last one did" if before else "estimated from the extracts' size"
    said = f"{_megabytes(free)} free in {folder}; a night takes about {_megabytes(needed)}, {basis}"
    remedy = f"make room, or delete older folders below {project.output / 'runs'}"
    if free < needed:
        return Finding("disk", "fail", said, remedy)
    return Finding("disk", "warn", said, remedy) if free < 3 * needed else Finding("disk", "ok", said)


def _size_of_last(project: Project) -> int:
    found = [one for one in archive.manifests(project.output) if one.get("verdict") == "published"]
    working = archive.working_file(project.output)
    if not found or not working.exists():
        return 0
    files = [path for path in Path(found[-1]["directory"]).rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in [working, *files])


def _size_of_extracts(project: Project) -> int:
    run_date = project.settings.run_date or datetime.now().astimezone().date()
    size = 0
    for source in project.sources:
        paths = locate(source, project.data, run_date)
        for path in [] if isinstance(paths, Breach) else paths:
            size += path.stat().st_size * (_UNPACKED if path.suffix in _PACKED else 1)
    return size


def _machine(project: Project | None) -> Iterator[Finding]:
    """Cores and memory, against what the project says that it uses."""
    resources = project.settings.resources if project else None
    cores, threads = machine.cores(), resources.threads if resources else None
    if threads and threads > cores:
        remedy = f"set `resources.threads` to {cores} or leave it out"
        yield Finding("cores", "warn", f"{cores}, and the project wants {threads} threads", remedy)
    else:
        yield Finding("cores", "ok", f"{cores}")
    memory = machine.memory()
    limit = machine.bytes_of(resources.memory_limit) if resources and resources.memory_limit else None
    if memory is None:
        yield Finding("memory", "warn", "it cannot be told how much there is", "keep `resources.memory_limit` low")
        return
    said = _megabytes(memory) + (f", of which the database takes {_megabytes(limit)} at most" if limit else "")
    if limit and limit > 0.8 * memory:
        remedy = f"set `resources.memory_limit` to {memory // (2 * MEGABYTE)}MB: Python needs memory too"
        yield Finding("memory", "warn", said, remedy)
    elif memory < LEAST_MEMORY:
        yield Finding("memory", "warn", said, "give the machine 2 GB or more")
    else:
        yield Finding("memory", "ok", said)


def _model(project: Project, entity: Entity, today: date) -> Finding:
    name, path = f"model of {entity.name}", project.model_path(entity.name)
    again = f"`dq train {entity.name}` makes it anew; review what changes"
    if not path.exists():
        return Finding(name, "warn", "none yet", "the first `dq run` trains it")
    try:
        model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        trained_on = date.fromisoformat(model["trained_on"]) if model["trained_on"] else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Finding(name, "fail", f"{path} cannot be read ({type(error).__name__})", again)
    if trained_on is None:
        return Finding(name, "warn", "weights that are assumed, for there was nothing to learn from", again)
    days = (today - trained_on).days
    said = f"trained on {trained_on}, {max(days, 0):,} days ago"
    return Finding(name, "warn", said, again) if days > OLD_MODEL_DAYS else Finding(name, "ok", said)


def _judgements(project: Project, entity: Entity) -> Finding:
    name, path = f"judgements of {entity.name}", project.judgements_path(entity.name)
    try:
        found = read_judgements(path)
    except DqError as error:
        return Finding(name, "fail", _said(error), error.remedy or "correct the line")
    if path.exists() and not os.access(path, os.W_OK):
        remedy = "give this user the right to write it, or decisions cannot be imported"
        return Finding(name, "warn", f"{path} cannot be written", remedy)
    return Finding(name, "ok", f"{len(found):,} lines")


def _last_run(project: Project) -> Finding:
    try:
        archive.published_file(project.output)
    except DqError as error:
        return Finding("last run", "fail", _said(error), error.remedy or "restore the run's folder")
    found = archive.manifests(project.output)
    if not found:
        return Finding("last run", "warn", "none yet", "`dq run` makes the first")
    last = found[-1]
    began = datetime.fromisoformat(last["started_at"])
    age = datetime.now(UTC) - began
    verdict = last["verdict"]
    said = f"{last['run_id']}: {verdict}, began {began:%Y-%m-%d %H:%M} UTC, {age.total_seconds() / 3600:,.0f} hours ago"
    if verdict == "running":
        if archive.is_locked(project.output):
            return Finding("last run", "ok", f"{last['run_id']} is going on since {began:%H:%M} UTC")
        said = f"{last['run_id']} was killed, began {began:%Y-%m-%d %H:%M} UTC"
        return Finding("last run", "warn", said, "`dq run` again; what was published before is whole")
    if verdict in {"held", "failed"}:
        return Finding("last run", "warn", said, "read its report (`dq report`) and do what it says")
    if age > LATE:
        return Finding("last run", "warn", said, "see why the scheduler did not start it, or `dq run`")
    return Finding("last run", "ok", said)


def _telling(project: Project) -> Iterator[Finding]:
    """Whether a night could be told, where anybody is to be told."""
    settings = project.settings
    found = list(hindrances(project))
    for fault in found:
        yield Finding("telling", "warn", _said(fault), fault.remedy or "correct it; `dq notify --test` tries it")
    told = [channel.title for channel in settings.notify]
    told += [name for name, one in (("prometheus", settings.prometheus), ("lineage", settings.lineage)) if one]
    if told and not found:
        yield Finding("telling", "ok", ", ".join(told))


def _schedule() -> Finding:
    places = machine.schedules()
    if places:
        return Finding("schedule", "ok", f"dq is named in {', '.join(places)}")
    said = "not found in the cron tables and systemd timers that this user can read"
    return Finding("schedule", "warn", said, "`dq schedule` makes one; all is well where another scheduler has it")


def _terminal() -> Finding:
    said = machine.terminal()
    if "utf-8" not in said.lower():
        return Finding("terminal", "warn", said, "set LC_ALL=C.UTF-8 or PYTHONUTF8=1, or names are shown with ?")
    return Finding("terminal", "ok", said)


def _megabytes(size: float) -> str:
    return f"{size / MEGABYTE:,.0f} MB" if size < 10_000 * MEGABYTE else f"{size / MEGABYTE / 1000:,.0f} GB"
