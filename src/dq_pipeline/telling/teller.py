"""The observer that tells: it writes the attempt's log, and at the end metrics, lineage and notifications."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from dq_pipeline import archive, recording
from dq_pipeline.config import Project
from dq_pipeline.config.secrets import redact
from dq_pipeline.errors import DqError
from dq_pipeline.run import Outcome, StageReport
from dq_pipeline.scorecard.masking import mask_free_text
from dq_pipeline.telling.change import CONCLUDED
from dq_pipeline.telling.log import RunLog
from dq_pipeline.telling.message import within
from dq_pipeline.telling.notifying import Told, notify
from dq_pipeline.warehouse import Warehouse


class Observer(Protocol):
    """Somebody who is told how a run goes on."""

    def started(self, stage: str) -> None:
        """A stage begins."""

    def finished(self, stage: str, report: StageReport, seconds: float) -> None:
        """A stage is done."""


class Teller:
    """Tells of one attempt: to `observer` as it goes on, to the log, and to everybody else when it is over.

    Whatever goes wrong in here becomes a warning of the outcome; nothing is raised but what `observer` raises.
    """

    def __init__(
        self,
        project: Project,
        outcome: Outcome,
        observer: Observer,
        echo: Callable[[str], None] | None = None,
        made: Mapping[str, tuple[str, Mapping[str, str]]] | None = None,
    ) -> None:
        """`echo` takes each line of the log as well; `made` is what `check_project` built, for lineage of columns."""
        self.project, self.outcome, self.observer = project, outcome, observer
        self.log = RunLog(outcome.directory, outcome.run_id, echo)
        self.log.write("run_started", project=project.settings.name, run_date=outcome.run_date)
        self.lineage: Any = None
        if project.settings.lineage is not None:
            with self._heeded("lineage"):
                from dq_pipeline.telling.lineage import Lineage

                self.lineage = Lineage(project, outcome, project.settings.lineage, made or {})

    def started(self, stage: str) -> None:
        """A stage begins."""
        self.log.write("stage_started", stage=stage)
        self._traced("started", stage)
        self.observer.started(stage)

    def finished(self, stage: str, report: StageReport, seconds: float) -> None:
        """A stage is done."""
        rows = sum(report.rows.values())
        self.log.write("stage_finished", stage=stage, tables=len(report.rows), rows=rows, seconds=seconds)
        for breach in report.breaches:
            told = {"where": self._masked(breach.where), "message": self._masked(breach.message)}
            self.log.write("breach", gate=breach.gate, **told, remedy=breach.remedy)
        self._traced("finished", stage, report.rows)
        self.observer.finished(stage, report, seconds)

    def warn(self, message: str) -> None:
        """Something is wrong that stops nothing: into the log, and shown when the run is over."""
        shown = redact(message)
        self.outcome.warnings.append(shown)
        self.log.write("warning", message=shown)

    def concluded(self, warehouse: Warehouse | None) -> None:
        """The run is over, its manifest written and, if all was well, published."""
        outcome, settings = self.outcome, self.project.settings
        if not outcome.summary and warehouse is not None:
            # A summary of a run that failed is as much as it got to make.
            with contextlib.suppress(DqError):
                outcome.summary = recording.summarize(warehouse)
        error = self._masked(str(outcome.error)) if outcome.error and outcome.verdict == "failed" else None
        seconds = round((datetime.now(UTC) - outcome.started_at).total_seconds(), 3)
        about = {"verdict": outcome.verdict, "exit_code": outcome.exit_code, "breaches": len(outcome.breaches)}
        self.log.write("concluded", **about, seconds=seconds, error=error)
        self._traced("concluded", warehouse, within(error or self._why_held() or "", self.project.root) or None)
        told: list[Told] = []
        if settings.notify and outcome.verdict in CONCLUDED:
            with self._heeded("notify"):
                told = self._notified()
        if settings.prometheus is not None and outcome.verdict in CONCLUDED:
            with self._heeded("prometheus"):
                from dq_pipeline.telling.metrics import write_metrics

                path = self.project.root / settings.prometheus.file
                write_metrics(path, self.project, outcome, seconds, sum(not one.sent for one in told))
        with self._heeded("manifest"):
            self._keep(told)

    def _traced(self, event: str, *about: Any) -> None:
        """Tell lineage of an event; once that has failed it is left alone."""
        lineage, self.lineage = self.lineage, None
        if lineage is not None:
            with self._heeded("lineage"):
                getattr(lineage, event)(*about)
                self.lineage = lineage

    def _notified(self) -> list[Told]:
        told = notify(self.project, self._manifest(), self._before())
        for one in told:
            self.log.write("told", **one.entry)
            if not one.sent:
                channel, reason = one.channel, one.reason
                self.warn(f"{channel} was not told: {reason}; `dq notify --test {channel}` tries it again")
        return told

    def _manifest(self) -> dict[str, Any]:
        """The attempt as its manifest has it, also where that could not be written."""
        outcome = self.outcome
        return {
            "run_id": outcome.run_id,
            "run_date": str(outcome.run_date),
            "verdict": outcome.verdict,
            "error": str(outcome.error) if outcome.error else None,
            "breaches": [vars(breach) for breach in outcome.breaches],
            "summary": outcome.summary,
            "directory": str(outcome.directory),
        }

    def _why_held(self) -> str | None:
        """The breaches in one text, masked; None where there is none."""
        lines = [f"{one.gate}, {self._masked(one.where)}: {self._masked(one.message)}" for one in self.outcome.breaches]
        return "\n".join(lines) or None

    def _before(self) -> list[dict[str, Any]]:
        """The attempts before this one, the last one last."""
        found = archive.manifests(self.project.output)
        here = str(self.outcome.directory)
        places = [place for place, manifest in enumerate(found) if manifest["directory"] == here]
        return found[: places[0]] if places else found

    def _keep(self, told: list[Told]) -> None:
        """Into the manifest: the summary, and who was told. Readers find the file whole at every moment."""
        path = self.outcome.directory / archive.MANIFEST
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kept = {"summary": self.outcome.summary, "told": [one.entry for one in told], "warnings": self.outcome.warnings}
        archive.write_json(path, manifest | kept)

    def _masked(self, text: str) -> str:
        return redact(mask_free_text(text, self.outcome.run_date))

    @contextlib.contextmanager
    def _heeded(self, what: str) -> Iterator[None]:
        """What goes wrong in the block is a warning."""
        try:
            yield
        except DqError as error:
            said, remedy = error.message, error.remedy
            if remedy:
                self.warn(f"{what} failed, the run did not: {said}; what to do: {remedy}")
            else:
                self.warn(f"{what} failed, the run did not: {said}")
        except Exception as error:
            self.warn(f"{what} failed, the run did not: {type(error).__name__}: {redact(str(error))[:200]}")
