"""The report of a run that is over: where it is, rendered again from its tables, or with people in clear."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import Breach, ConfigError, DqError, StageError
from dq_pipeline.private import private_folder, write_private
from dq_pipeline.recording import last_warehouse, report_context, write_report
from dq_pipeline.run import Outcome
from dq_pipeline.scorecard.render import render_report

REPORT = "report.html"
UNMASKED = "report-unmasked.html"
# Beside the runs and never below one: `published` leads into a run's folder, and others may read that.
PRIVATE_FOLDER = "private"


def find_report(project: Project, run_id: str) -> Path:
    """The report of a run's last attempt, or of the attempt that is meant (`<run>/<n>`). Raises ConfigError."""
    found = archive.manifests(project.output)
    names = [f"{one['run_id']}/{Path(one['directory']).name}" for one in found]
    asked = run_id.strip().strip("/")
    meant = [one for one, name in zip(found, names, strict=True) if asked in {name, one["run_id"]}]
    if not meant:
        raise ConfigError(f"there is no run {run_id!r}", where=project.output, remedy="`dq runs` lists them")
    path = Path(meant[-1]["directory"]) / REPORT
    if not path.is_file():
        raise ConfigError("this run wrote no report", where=path, remedy="it was killed or is going on: see `dq runs`")
    return path


def rewrite_report(project: Project) -> Path:
    """Render the pages of the last attempt again from its tables; returns the report's path.

    Raises ConfigError where there is none, and LockError while a run is going on.
    """
    with archive.lock(project.output):
        manifest = _last(project)
        outcome = _outcome(manifest)
        warehouse = last_warehouse(project)
        try:
            write_report(project, outcome, warehouse)
        finally:
            warehouse.close()
    return outcome.directory / REPORT


def write_unmasked(project: Project, run_id: str | None = None) -> Path:
    """Write the last attempt's report with people in clear to `<output>/private`; returns its path.

    It replaces the one before, so that only one is ever to be deleted. Raises ConfigError where the run that is meant
    is not the last one: only its tables are kept.
    """
    with archive.lock(project.output):
        manifest = _last(project)
        if run_id is not None and find_report(project, run_id).parent != Path(manifest["directory"]):
            raise ConfigError(
                f"the tables of run {run_id!r} are not kept, only those of the last ({manifest['run_id']})",
                remedy="leave --run out, or read the run's masked report: `dq report --run` and its id",
            )
        warehouse = last_warehouse(project)
        try:
            page = render_report(warehouse, report_context(project, _outcome(manifest), warehouse, is_unmasked=True))
        finally:
            warehouse.close()
        path = project.output / PRIVATE_FOLDER / UNMASKED
        try:
            private_folder(path.parent)
            write_private(path, page)
        except OSError as error:
            raise StageError(
                f"the report cannot be written: {error.strerror}",
                where=path,
                remedy="make room, or give this user the right to write there",
            ) from error
    return path


def _last(project: Project) -> dict[str, Any]:
    """The manifest of the last attempt. Raises ConfigError where it never ended."""
    manifest = archive.last_attempt(project.output)
    if manifest["verdict"] == "running":
        raise ConfigError(
            "the last run was killed, so there is nothing whole to report",
            where=manifest["directory"],
            remedy="run `dq run` again, or read an older report: `dq runs`, then `dq report --run` and its id",
        )
    return manifest


def _outcome(manifest: dict[str, Any]) -> Outcome:
    return Outcome(
        run_id=manifest["run_id"],
        run_date=date.fromisoformat(manifest["run_date"]),
        directory=Path(manifest["directory"]),
        started_at=datetime.fromisoformat(manifest["started_at"]),
        fingerprint=manifest["fingerprint"],
        verdict=manifest["verdict"],
        breaches=[Breach(**breach) for breach in manifest["breaches"]],
        stages=[(stage["stage"], stage["rows"], stage["seconds"]) for stage in manifest["stages"]],
        error=DqError(manifest["error"]) if manifest["error"] else None,
    )
