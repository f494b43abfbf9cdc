"""A run's figures in the text format of Prometheus: a file that the node exporter's textfile collector reads."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.run import PUBLISHED_FILE, Outcome

# The collector runs as another user; there is nothing personal in the file.
MODE = 0o644
_VERDICTS = ("published", "held", "failed")
Samples = Iterable[tuple[Mapping[str, str], float]]


def write_metrics(path: Path, project: Project, outcome: Outcome, seconds: float, untold: int) -> None:
    """Write the file whole or not at all. Raises ConfigError without the extra `metrics`, and OSError."""
    try:
        from prometheus_client import CollectorRegistry, Gauge, generate_latest
    except ImportError as error:
        raise ConfigError(
            "prometheus_client is not installed", where=project.file, remedy="pip install 'dq-pipeline[metrics]'"
        ) from error
    registry = CollectorRegistry()
    for name, help_text, samples in _families(project, outcome, seconds, untold):
        found = [(dict(labels), value) for labels, value in samples]
        if not found:
            continue
        gauge = Gauge(name, help_text, ["project", *found[0][0]], registry=registry)
        for labels, value in found:
            gauge.labels(project=project.settings.name, **labels).set(value)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        staged.write_bytes(generate_latest(registry))
        staged.chmod(MODE)
        os.replace(staged, path)
    finally:
        staged.unlink(missing_ok=True)


def _families(project: Project, outcome: Outcome, seconds: float, untold: int) -> Iterable[tuple[str, str, Samples]]:
    """Name, help and samples of every metric; those of which nothing is known tonight have no samples."""
    summary = outcome.summary
    sources = summary.get("sources", [])
    yield "dq_last_run_timestamp_seconds", "When the last run ended.", [({}, time.time())]
    yield "dq_last_run_success", "1 where the last run was published.", [({}, outcome.verdict == "published")]
    verdicts = [({"verdict": name}, float(outcome.verdict == name)) for name in _VERDICTS]
    yield "dq_last_run_verdict", "1 for the verdict of the last run, 0 for the others.", verdicts
    yield "dq_last_run_duration_seconds", "How long the last run took.", [({}, seconds)]
    yield "dq_stage_duration_seconds", "How long a stage of the last run took.", _stages(outcome, 2)
    yield "dq_stage_rows", "Rows that a stage of the last run made.", _stages(outcome, 1)
    yield "dq_source_rows", "Rows read of a source.", _of(sources, "source", "rows_read")
    yield "dq_source_quarantined_rows", "Rows of a source kept in quarantine.", _of(sources, "source", "quarantined")
    yield "dq_source_unparsed_lines", "Lines of a source that could not be read.", _of(sources, "source", "unparsed")
    yield "dq_breaches", "Breached limits of the last run.", [({}, len(outcome.breaches))]
    gates = sorted({breach.gate for breach in outcome.breaches})
    counted = [({"gate": gate}, sum(breach.gate == gate for breach in outcome.breaches)) for gate in gates]
    yield "dq_gate_breaches", "Breaches of a gate in the last run; a gate that was kept has no sample.", counted
    scores = _of(summary.get("scores", []), "dimension", "score")
    yield "dq_score_ratio", "Score of a dimension of quality, or overall, from 0 to 1.", scores
    yield "dq_masters", "Masters of an entity.", _of(summary.get("entities", []), "entity", "masters")
    yield "dq_records", "Records that were resolved to masters.", _of(summary.get("entities", []), "entity", "records")
    yield "dq_untold_channels", "Channels that the last run could not tell.", [({}, untold)]
    yield from _published(project)


def _published(project: Project) -> Iterable[tuple[str, str, Samples]]:
    """What readers have, whatever became of the last run: its size and when it was published."""
    path = project.output / archive.PUBLISHED / PUBLISHED_FILE
    if not path.exists():
        return
    yield "dq_published_file_bytes", "Size of the published file.", [({}, path.stat().st_size)]
    directory = str(path.parent.resolve())
    for manifest in archive.manifests(project.output):
        if str(Path(manifest["directory"]).resolve()) == directory:
            began = datetime.fromisoformat(str(manifest["started_at"])).timestamp()
            ended = began + float(manifest.get("seconds") or 0)
            yield "dq_published_timestamp_seconds", "When the published file was published.", [({}, ended)]
            return


def _stages(outcome: Outcome, place: int) -> Samples:
    return [({"stage": stage[0]}, float(stage[place])) for stage in outcome.stages]


def _of(rows: Iterable[Mapping[str, Any]], label: str, column: str) -> Samples:
    return [({label: str(row[label])}, float(row[column])) for row in rows if row.get(column) is not None]
