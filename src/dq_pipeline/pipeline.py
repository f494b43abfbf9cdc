"""The seven stages in their order, and the one loop that runs them."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from dq_pipeline import __version__, archive, recording
from dq_pipeline.checking import check_project
from dq_pipeline.config import Project
from dq_pipeline.erasing import finish_erasure
from dq_pipeline.errors import Breach, BreachError, ConfigError, DqError, StageError, refused
from dq_pipeline.extracts import snapshots, suppressing
from dq_pipeline.extracts.inputs import Delivery
from dq_pipeline.operating import (
    CancelledError,
    Interruption,
    check_room,
    input_bytes,
    night_of_clock,
    prune,
    refuse_other_inputs,
    resumable,
    sizes,
)
from dq_pipeline.private import private_files, protect
from dq_pipeline.run import PUBLISHED_FILE, Outcome, Run, StageReport
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.stages.ingest import ingest
from dq_pipeline.stages.link import link
from dq_pipeline.stages.master import master
from dq_pipeline.stages.publish import publish
from dq_pipeline.stages.score import score
from dq_pipeline.stages.standardize import standardize
from dq_pipeline.stages.validate import validate
from dq_pipeline.telling import Observer, Teller
from dq_pipeline.warehouse import Warehouse, literal, refuse_without_encryption

Stage = Callable[[Run], StageReport]
STAGES: tuple[Stage, ...] = (ingest, validate, standardize, link, master, score, publish)
STAGE_NAMES = tuple(stage.__name__ for stage in STAGES)
_RUNS = """run_id varchar, run_date date, verdict varchar, fingerprint varchar, code_version varchar,
    rows_read bigint, validated bigint, quarantined bigint, unparsed bigint, started_at timestamp"""


def run_pipeline(
    project: Project,
    observer: Observer,
    *,
    run_date: date | None = None,
    first: str = "ingest",
    last: str = "publish",
    from_snapshot: str | None = None,
    is_resumed: bool = False,
    wait: float = 0,
    echo: Callable[[str], None] | None = None,
) -> Outcome:
    """Run the stages from `first` to `last` for a date and publish if no gate is breached.

    `from_snapshot` is the id of a past run, whose snapshots and date are taken instead of tonight's extracts.
    `is_resumed` goes on after the last complete stage of the last attempt. `wait` is how many seconds to wait for
    another run to end, less than 0 for as long as it takes. `echo` takes each line of the attempt's log as it is
    written.

    A failed or held run leaves the published file as it was, and a report that says why. Raises DqError only for what
    is wrong before the first stage (configuration, the lock, no room on the disk, being cancelled); everything later
    is in the outcome.
    """
    _refuse_contradictions(first, last, from_snapshot, is_resumed=is_resumed)
    made: dict[str, tuple[str, dict[str, str]]] = {}
    check_project(project, made if project.settings.lineage else None)
    if project.settings.permissions.encrypted:
        refuse_without_encryption()
    with archive.lock(project.output, wait), private_files(), _heeded(), Interruption() as interruption:
        _protect(project)
        with interruption.stage(None):
            finish_erasure(project)
            outcome, first = (
                _resume(project, run_date) if is_resumed else _begin(project, run_date, first, from_snapshot)
            )
        chosen = STAGES[STAGE_NAMES.index(first) : STAGE_NAMES.index(last) + 1]
        teller = Teller(project, outcome, observer, echo, made)
        warehouse = None
        try:
            warehouse = _open(project, outcome)
            interruption.watch(warehouse)
            run = Run(
                project,
                outcome.run_id,
                outcome.run_date,
                warehouse,
                outcome.directory,
                archive.published_file(project.output),
                outcome.deliveries,
            )
            _run_stages(run, chosen, outcome, teller, interruption)
            _conclude(run, outcome, interruption)
            _prune(project, outcome, teller)
        except DqError as error:
            _fail(project, outcome, warehouse, error)
        except (OSError, MemoryError) as error:
            _fail(project, outcome, warehouse, interruption.cause or refused(error))
        except BaseException as error:
            if interruption.cause is None:
                _fail(project, outcome, warehouse, _unforeseen(error))
                raise
            _fail(project, outcome, warehouse, interruption.cause)
        finally:
            teller.concluded(warehouse)
            if warehouse is not None:
                warehouse.close()
            _protect(project)
        return outcome


def _protect(project: Project) -> None:
    protect(project.output, published_for_group=project.settings.permissions.published == "group")


@contextlib.contextmanager
def _heeded() -> Iterator[None]:
    """What the operating system refuses is an error that says what to do."""
    try:
        yield
    except (OSError, MemoryError) as error:
        raise refused(error) from error


def _refuse_contradictions(first: str, last: str, from_snapshot: str | None, *, is_resumed: bool) -> None:
    if STAGE_NAMES.index(first) > STAGE_NAMES.index(last):
        raise ConfigError(
            f"--from {first} comes after --until {last}", remedy=f"the order is {' → '.join(STAGE_NAMES)}"
        )
    if from_snapshot is not None and first != STAGE_NAMES[0]:
        raise ConfigError("--from-snapshot begins with the first stage", remedy="leave --from out")
    if is_resumed and (from_snapshot is not None or first != STAGE_NAMES[0]):
        raise ConfigError("--resume finds out by itself where to go on", remedy="leave --from and --from-snapshot out")


def _unforeseen(error: BaseException) -> StageError:
    name = type(error).__name__
    return StageError(
        f"an unforeseen fault: {name}", remedy="run again; if it comes again, report it, without personal data"
    )


def _begin(project: Project, run_date: date | None, first: str, from_snapshot: str | None) -> tuple[Outcome, str]:
    """A new attempt: of a run of its own, or with `--from` of the last one, on whose tables it goes on."""
    if first != STAGE_NAMES[0]:
        manifest = _got_to(project, run_date, first)
        return _go_on(project, manifest, first), first
    started_at = datetime.now(UTC)
    run_date, deliveries = _deliveries(project, run_date, from_snapshot)
    listed = snapshots.as_document(deliveries)
    check_room(project.output, input_bytes(listed))
    inputs = snapshots.input_hashes(deliveries)
    fingerprint = recording.fingerprint(project, run_date, inputs)
    run_id = archive.choose_run_id(project.output, run_date, fingerprint)
    sequence = archive.next_sequence(project.output)
    directory = archive.new_attempt(project.output, run_id)
    outcome = Outcome(run_id, run_date, directory, started_at, fingerprint, inputs, deliveries, listed)
    outcome.sequence = sequence
    for leftover in project.output.glob(f"{archive.working_file(project.output).name}*"):
        leftover.unlink()
    recording.write_manifest(project, outcome, None)
    return outcome, first


def _resume(project: Project, run_date: date | None) -> tuple[Outcome, str]:
    """A new attempt that goes on where the last one was interrupted, with the extracts that it read."""
    manifest, first = resumable(project, run_date, STAGE_NAMES)
    its_date = date.fromisoformat(manifest["run_date"])
    deliveries = suppressing.fetch_all(project, its_date, project.output / archive.SNAPSHOTS)
    refuse_other_inputs(manifest, snapshots.as_document(deliveries))
    outcome = _go_on(project, manifest, first)
    outcome.inputs, outcome.deliveries = snapshots.input_hashes(deliveries), deliveries
    return outcome, first


def _deliveries(project: Project, run_date: date | None, from_snapshot: str | None) -> tuple[date, dict[str, Delivery]]:
    """The date of the run and the snapshots that it reads: fetched now, or those of a past run."""
    folder = project.output / archive.SNAPSHOTS
    if from_snapshot is None:
        run_date = run_date or project.settings.run_date or night_of_clock(project)
        return run_date, suppressing.fetch_all(project, run_date, folder)
    manifest = archive.manifest_of(project.output, from_snapshot)
    its_date = date.fromisoformat(manifest["run_date"])
    if run_date not in {None, its_date}:
        raise ConfigError(f"{from_snapshot} was for {its_date}, not {run_date}", remedy="leave --date out")
    return its_date, snapshots.from_manifest(project, manifest, folder)


def _got_to(project: Project, run_date: date | None, first: str) -> dict[str, Any]:
    """The manifest of the last run. Raises ConfigError where that run did not get as far as `first`."""
    manifest = archive.last_attempt(project.output)
    done = {stage["stage"] for stage in manifest["stages"]}
    missing = [name for name in STAGE_NAMES[: STAGE_NAMES.index(first)] if name not in done]
    if missing:
        message = f"--from {first} needs a run that got through {', '.join(missing)}"
        raise ConfigError(message, remedy="run without --from first")
    last_date = date.fromisoformat(manifest["run_date"])
    if run_date not in {None, last_date}:
        raise ConfigError(f"the last run was for {last_date}, not {run_date}", remedy="run without --from")
    return manifest


def _go_on(project: Project, manifest: dict[str, Any], first: str) -> Outcome:
    """A new attempt of a run, on the tables of its last one: what the stages before `first` found stays found."""
    kept = [stage for stage in manifest["stages"] if stage["stage"] in STAGE_NAMES[: STAGE_NAMES.index(first)]]
    sequence = archive.next_sequence(project.output)
    directory = archive.new_attempt(project.output, manifest["run_id"])
    outcome = Outcome(
        manifest["run_id"],
        date.fromisoformat(manifest["run_date"]),
        directory,
        datetime.now(UTC),
        manifest["fingerprint"],
        snapshots=manifest.get("snapshots", {}),
        sequence=sequence,
        breached={stage["stage"]: stage.get("breaches", 0) for stage in kept},
        stages=[(stage["stage"], stage["rows"], stage["seconds"]) for stage in kept],
    )
    found = manifest["breaches"][: sum(outcome.breached.values())]
    outcome.breaches = [Breach(**breach) for breach in found]
    recording.write_manifest(project, outcome, None)
    return outcome


def _open(project: Project, outcome: Outcome) -> Warehouse:
    resources = project.settings.resources
    warehouse = Warehouse(
        archive.working_file(project.output),
        memory_limit=resources.memory_limit,
        threads=resources.threads,
        spill_directory=project.output / "spill",
        spill_limit=resources.temp_limit,
    )
    load_macros(warehouse)
    set_run_values(warehouse, outcome.run_id, outcome.run_date)
    return warehouse


def _run_stages(
    run: Run, chosen: Sequence[Stage], outcome: Outcome, observer: Observer, interruption: Interruption
) -> None:
    """The loop. After a breach the later stages still run, so that the report is whole; publishing does not."""
    limit = run.project.settings.resources.stage_timeout_minutes
    for stage in chosen:
        name = stage.__name__
        if stage is publish:
            if outcome.breaches:
                return
            _note_run(run, outcome)
        observer.started(name)
        began = time.monotonic()
        with interruption.stage(name, limit):
            report = stage(run)
        seconds = round(time.monotonic() - began, 3)
        outcome.stages.append((name, sum(report.rows.values()), seconds))
        outcome.breaches.extend(report.breaches)
        outcome.warnings.extend(report.warnings)
        outcome.breached[name] = len(report.breaches)
        # A run that dies from now on is resumed after this stage.
        recording.write_manifest(run.project, outcome, run.warehouse)
        observer.finished(name, report, seconds)
        if not report.can_continue:
            return


def _note_run(run: Run, outcome: Outcome) -> None:
    """What the published file says of the run itself."""
    warehouse = run.warehouse
    warehouse.execute(
        "create or replace table scored.stage_times (position integer, stage varchar, rows bigint, seconds double)"
    )
    for position, (stage, rows, seconds) in enumerate(outcome.stages, start=1):
        warehouse.execute(
            "insert into scored.stage_times values (?, ?, ?, ?)", [position, stage, rows, round(seconds, 3)]
        )
    warehouse.execute("create or replace table scored.conserved (source varchar, validated bigint, quarantined bigint)")
    for source in run.project.sources:
        warehouse.execute(
            f"""insert into scored.conserved select {literal(source.name)},
            (select count(*) from validated.{source.name}),
            (select count(*) from quarantined.rows where source = {literal(source.name)})"""
        )
    warehouse.recall(run.previous, "scored.runs", "ops.runs", _RUNS)
    warehouse.execute("delete from scored.runs where run_id = ?", [outcome.run_id])
    warehouse.execute(
        """insert into scored.runs select ?, ?, 'published', ?, ?, sum(sources.rows_read), sum(conserved.validated),
            sum(conserved.quarantined), sum(sources.unparsed), ?
        from raw.sources join scored.conserved on conserved.source = sources.source""",
        [outcome.run_id, outcome.run_date, outcome.fingerprint, __version__, outcome.started_at.replace(tzinfo=None)],
    )


def _conclude(run: Run, outcome: Outcome, interruption: Interruption) -> None:
    """The verdict, the report, the manifest, and, if all is well, the pointer: last, and at once."""
    if outcome.breaches:
        outcome.verdict = "held"
        outcome.error = BreachError(
            f"{len(outcome.breaches)} gate{'s' if len(outcome.breaches) > 1 else ''} breached",
            remedy="read the report: each breach says what to do",
        )
    elif outcome.stages and outcome.stages[-1][0] == "publish":
        outcome.verdict = "published"
    else:
        outcome.verdict = "stopped"
    outcome.summary = recording.summarize(run.warehouse)
    recording.write_report(run.project, outcome, run.warehouse)
    if outcome.inputs:
        # The first run trains the models: they are part of what the same run would begin with next time.
        outcome.fingerprint = recording.fingerprint(run.project, outcome.run_date, outcome.inputs)
    interruption.check()
    outcome.bytes = sizes(run.project.output, outcome)
    recording.write_manifest(run.project, outcome, run.warehouse)
    if outcome.verdict == "published":
        archive.point_to(run.project.output, outcome.directory)


def _prune(project: Project, outcome: Outcome, teller: Teller) -> None:
    """What the project does not keep goes. The night is published: nothing here can take that back."""
    if outcome.verdict != "published":
        return
    try:
        prune(project)
    except OSError as error:
        teller.warn(f"old nights could not be removed: {error.strerror}")


def _fail(project: Project, outcome: Outcome, warehouse: Warehouse | None, error: DqError) -> None:
    """A stage failed: yesterday stays, and the report says why. A report that fails too must not hide the reason.

    Whoever cancels a run waits for it to end: there is no report.
    """
    is_cancelled = isinstance(error, CancelledError)
    outcome.verdict, outcome.error = "cancelled" if is_cancelled else "failed", error
    with contextlib.suppress(OSError):
        (outcome.directory / PUBLISHED_FILE).unlink(missing_ok=True)
    with contextlib.suppress(Exception):
        if warehouse is not None and not is_cancelled:
            recording.write_report(project, outcome, warehouse)
    # On a full disk the attempt stays one that never ended.
    with contextlib.suppress(OSError):
        recording.write_manifest(project, outcome, None)
    archive.clear_leftovers(project.output, outcome.directory)
