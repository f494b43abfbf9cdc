"""The seven stages in their order, and the one loop that runs them."""

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from dq_pipeline import __version__, archive, recording
from dq_pipeline.checking import check_project
from dq_pipeline.config import Project
from dq_pipeline.errors import BreachError, ConfigError, DqError, StageError
from dq_pipeline.extracts import snapshots
from dq_pipeline.extracts.inputs import Delivery
from dq_pipeline.private import private_files, protect
from dq_pipeline.run import Outcome, Run, StageReport
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.stages.ingest import ingest
from dq_pipeline.stages.link import link
from dq_pipeline.stages.master import master
from dq_pipeline.stages.publish import publish
from dq_pipeline.stages.score import score
from dq_pipeline.stages.standardize import standardize
from dq_pipeline.stages.validate import validate
from dq_pipeline.telling import Observer, Teller
from dq_pipeline.warehouse import Warehouse, literal

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
    echo: Callable[[str], None] | None = None,
) -> Outcome:
    """Run the stages from `first` to `last` for a date and publish if no gate is breached.

    `from_snapshot` is the id of a past run, whose snapshots and date are taken instead of tonight's extracts. `echo`
    takes each line of the attempt's log as it is written.

    A failed or held run leaves the published file as it was, and a report that says why. Raises DqError only for what
    is wrong before the first stage (configuration, the lock); everything later is in the outcome.
    """
    chosen = STAGES[STAGE_NAMES.index(first) : STAGE_NAMES.index(last) + 1]
    if not chosen:
        raise ConfigError(
            f"--from {first} comes after --until {last}", remedy=f"the order is {' → '.join(STAGE_NAMES)}"
        )
    if from_snapshot is not None and first != STAGE_NAMES[0]:
        raise ConfigError("--from-snapshot begins with the first stage", remedy="leave --from out")
    made: dict[str, tuple[str, dict[str, str]]] = {}
    check_project(project, made if project.settings.lineage else None)
    with archive.lock(project.output), private_files():
        _protect(project)
        outcome = _begin(project, run_date, first, from_snapshot)
        teller = Teller(project, outcome, observer, echo, made)
        warehouse = None
        try:
            warehouse = _open(project, outcome)
            run = Run(
                project,
                outcome.run_id,
                outcome.run_date,
                warehouse,
                outcome.directory,
                archive.published_file(project.output),
                outcome.deliveries,
            )
            _run_stages(run, chosen, outcome, teller)
            _conclude(run, outcome)
        except DqError as error:
            _fail(project, outcome, warehouse, error)
        except BaseException as error:
            _fail(project, outcome, warehouse, _unforeseen(error))
            raise
        finally:
            teller.concluded(warehouse)
            if warehouse is not None:
                warehouse.close()
            _protect(project)
        return outcome


def _protect(project: Project) -> None:
    protect(project.output, published_for_group=project.settings.permissions.published == "group")


def _unforeseen(error: BaseException) -> StageError:
    name = type(error).__name__
    return StageError(
        f"an unforeseen fault: {name}", remedy="run again; if it comes again, report it, without personal data"
    )


def _begin(project: Project, run_date: date | None, first: str, from_snapshot: str | None) -> Outcome:
    """A new attempt: of a run of its own, or with `--from` of the last one, on whose tables it goes on."""
    started_at = datetime.now(UTC)
    if first == STAGE_NAMES[0]:
        run_date, deliveries = _deliveries(project, run_date, from_snapshot)
        inputs = snapshots.input_hashes(deliveries)
        fingerprint = recording.fingerprint(project, run_date, inputs)
        run_id = archive.choose_run_id(project.output, run_date, fingerprint)
        directory = archive.new_attempt(project.output, run_id)
        outcome = Outcome(run_id, run_date, directory, started_at, fingerprint, inputs, deliveries)
        outcome.snapshots = snapshots.as_document(deliveries)
        for leftover in project.output.glob(f"{archive.working_file(project.output).name}*"):
            leftover.unlink()
    else:
        outcome = _go_on(project, run_date, first, started_at)
    recording.write_manifest(project, outcome, None)
    return outcome


def _deliveries(project: Project, run_date: date | None, from_snapshot: str | None) -> tuple[date, dict[str, Delivery]]:
    """The date of the run and the snapshots that it reads: fetched now, or those of a past run."""
    folder = project.output / archive.SNAPSHOTS
    if from_snapshot is None:
        run_date = run_date or project.settings.run_date or datetime.now().astimezone().date()
        return run_date, snapshots.fetch_all(project, run_date, folder)
    manifest = archive.manifest_of(project.output, from_snapshot)
    its_date = date.fromisoformat(manifest["run_date"])
    if run_date not in {None, its_date}:
        raise ConfigError(f"{from_snapshot} was for {its_date}, not {run_date}", remedy="leave --date out")
    return its_date, snapshots.from_manifest(project, manifest, folder)


def _go_on(project: Project, run_date: date | None, first: str, started_at: datetime) -> Outcome:
    """A new attempt of the last run, that begins at `first`. Raises ConfigError where that run did not get so far."""
    manifest = archive.last_attempt(project.output)
    done = [(stage["stage"], stage["rows"], stage["seconds"]) for stage in manifest["stages"]]
    before = STAGE_NAMES[: STAGE_NAMES.index(first)]
    missing = [name for name in before if name not in {stage for stage, _, _ in done}]
    if missing:
        message = f"--from {first} needs a run that got through {', '.join(missing)}"
        raise ConfigError(message, remedy="run without --from first")
    last_date = date.fromisoformat(manifest["run_date"])
    if run_date not in {None, last_date}:
        raise ConfigError(f"the last run was for {last_date}, not {run_date}", remedy="run without --from")
    directory = archive.new_attempt(project.output, manifest["run_id"])
    stages = [entry for entry in done if entry[0] in before]
    outcome = Outcome(manifest["run_id"], last_date, directory, started_at, manifest["fingerprint"], stages=stages)
    outcome.snapshots = manifest.get("snapshots", {})
    return outcome


def _open(project: Project, outcome: Outcome) -> Warehouse:
    resources = project.settings.resources
    warehouse = Warehouse(
        archive.working_file(project.output),
        memory_limit=resources.memory_limit,
        threads=resources.threads,
        spill_directory=project.output / "spill",
    )
    load_macros(warehouse)
    set_run_values(warehouse, outcome.run_id, outcome.run_date)
    return warehouse


def _run_stages(run: Run, chosen: Sequence[Stage], outcome: Outcome, observer: Observer) -> None:
    """The loop. After a breach the later stages still run, so that the report is whole; publishing does not."""
    for stage in chosen:
        name = stage.__name__
        if stage is publish:
            if outcome.breaches:
                return
            _note_run(run, outcome)
        observer.started(name)
        began = time.monotonic()
        report = stage(run)
        seconds = round(time.monotonic() - began, 3)
        outcome.stages.append((name, sum(report.rows.values()), seconds))
        outcome.breaches.extend(report.breaches)
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


def _conclude(run: Run, outcome: Outcome) -> None:
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
    recording.write_manifest(run.project, outcome, run.warehouse)
    if outcome.verdict == "published":
        archive.point_to(run.project.output, outcome.directory)


def _fail(project: Project, outcome: Outcome, warehouse: Warehouse | None, error: DqError) -> None:
    """A stage failed: yesterday stays, and the report says why. A report that fails too must not hide the reason."""
    outcome.verdict, outcome.error = "failed", error
    with contextlib.suppress(Exception):
        if warehouse is not None:
            recording.write_report(project, outcome, warehouse)
    recording.write_manifest(project, outcome, None)
