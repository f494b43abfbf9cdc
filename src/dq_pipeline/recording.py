"""What is written down about a run: its manifest, its report, the figures of its summary, and its fingerprint."""

import functools
import hashlib
import json
import platform
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dq_pipeline import __version__, archive
from dq_pipeline.config import Project
from dq_pipeline.config.secrets import redact
from dq_pipeline.extracts.plain import file_hash
from dq_pipeline.language import speak
from dq_pipeline.run import Outcome
from dq_pipeline.scorecard.render import ReportContext, render_pages, scorecard_document
from dq_pipeline.warehouse import Warehouse

_LIBRARIES = ("duckdb", "splink", "great_expectations", "usaddress", "pandas")


def summarize(warehouse: Warehouse) -> dict[str, Any]:
    """The figures of the closing summary, as far as the run got: per source, per entity, per dimension."""
    summary: dict[str, Any] = {"sources": [], "entities": [], "scores": []}
    if warehouse.has("raw.sources"):
        summary["sources"] = inputs(warehouse)
    if warehouse.has("mastered.xref"):
        query = """select entity, count(*) as records, count(distinct master_id) as masters from mastered.xref
            group by entity order by entity"""
        summary["entities"] = warehouse.records(query)
    if warehouse.has("scored.should_be_unique"):
        query = """select entity, count(*) as records, count(distinct master_id) as masters
            from scored.should_be_unique group by entity order by entity"""
        summary["duplicates"] = warehouse.records(query)
    if warehouse.has("scored.model_drift"):
        summary["drift"] = warehouse.records(
            """select entity, comparison, psi, status from scored.model_drift
            qualify row_number() over (partition by entity order by psi desc nulls last, comparison, label) = 1
            order by entity"""
        )
    if warehouse.has("scored.scorecard"):
        summary["scores"] = warehouse.records(
            """select case cut when 'overall' then 'overall' else dimension end as dimension, score, target, status
            from scored.scorecard
            where cut in ('dimension', 'overall') order by cut, dimension"""
        )
    return summary


def inputs(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Each source's files, hashes and the conservation of its rows."""
    has_rows = warehouse.has("quarantined.rows")
    kept_out = "(select count(*) from quarantined.rows where rows.source = sources.source)" if has_rows else "0"
    return warehouse.records(
        f"""select source, owner, source_file as file, sha256, bytes, rows_read,
            {"rows_read - unparsed - " + kept_out if has_rows else "null"} as validated,
            {kept_out if has_rows else "null"} as quarantined, unparsed
        from raw.sources order by source"""
    )


def report_context(
    project: Project, outcome: Outcome, warehouse: Warehouse, *, is_unmasked: bool = False
) -> ReportContext:
    """What the report of a run says beside its tables; with `is_unmasked` it shows people in clear."""
    return ReportContext(
        title=project.settings.title,
        run_id=outcome.run_id,
        run_date=outcome.run_date,
        verdict=outcome.verdict,
        breaches=outcome.breaches,
        error=redact(str(outcome.error)) if outcome.error else None,
        stages=outcome.stages,
        versions=versions(),
        inputs=inputs(warehouse) if warehouse.has("raw.sources") else [],
        personal=project.personal_columns(),
        owners={
            name: {"title": owner.title, "contact": owner.contact} for name, owner in project.settings.owners.items()
        },
        language=speak(project.settings.language, project.catalogues),
        is_unmasked=is_unmasked,
        output=str(project.settings.paths.output),
    )


def write_report(project: Project, outcome: Outcome, warehouse: Warehouse) -> None:
    """report.html, a page for each owner, and scorecard.json in the attempt's folder, whatever the verdict."""
    context = report_context(project, outcome, warehouse)
    (outcome.directory / "report").mkdir(exist_ok=True)
    for path, page in render_pages(warehouse, context).items():
        # Somebody may be reading the page that is written again.
        archive.write_text(outcome.directory / path, page)
    archive.write_json(outcome.directory / "scorecard.json", scorecard_document(warehouse, context))


def last_warehouse(project: Project, *, read_only: bool = True) -> Warehouse:
    """The tables of the last attempt, opened. Raises ConfigError where there are none."""
    archive.last_attempt(project.output)
    return Warehouse(archive.working_file(project.output), read_only=read_only)


def write_manifest(project: Project, outcome: Outcome, warehouse: Warehouse | None) -> None:
    """manifest.json in the attempt's folder: written when it begins, after each stage, and when it ends."""
    archive.write_json(
        outcome.directory / archive.MANIFEST,
        {
            "project": project.settings.name,
            "run_id": outcome.run_id,
            "run_date": outcome.run_date,
            "verdict": outcome.verdict,
            "error": redact(str(outcome.error)) if outcome.error else None,
            "breaches": [vars(breach) for breach in outcome.breaches],
            "started_at": outcome.started_at.isoformat(timespec="microseconds"),
            "seconds": round((datetime.now(UTC) - outcome.started_at).total_seconds(), 3),
            "fingerprint": outcome.fingerprint,
            "sequence": outcome.sequence,
            "versions": versions(),
            "code": code_hash(),
            "bytes": outcome.bytes,
            "snapshots": outcome.snapshots,
            "inputs": inputs(warehouse) if warehouse is not None and warehouse.has("raw.sources") else [],
            "stages": [
                {
                    "stage": stage,
                    "rows": rows,
                    "seconds": round(seconds, 3),
                    "breaches": outcome.breached.get(stage, 0),
                }
                for stage, rows, seconds in outcome.stages
            ],
            "project_files": project_files(project),
        },
    )


def versions() -> dict[str, str]:
    """The versions that decide a result."""
    return {"dq_pipeline": __version__, "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }


def fingerprint(project: Project, run_date: date, inputs: tuple[str, ...]) -> str:
    """SHA-256 over what decides a run: the extracts, the project's files, the versions, and the date."""
    digest = hashlib.sha256(json.dumps([str(run_date), versions(), inputs]).encode())
    for name, hashed in project_files(project).items():
        digest.update(f"{name} {hashed}\n".encode())
    return digest.hexdigest()


def project_files(project: Project) -> dict[str, str]:
    """Every file that decides what a run does, by its place below the project's root -> its SHA-256; sorted."""
    return {str(path.relative_to(project.root)): file_hash(path) for path in project.files()}


@functools.cache
def code_hash() -> str:
    """SHA-256 over this program's own modules and SELECTs: a stage done by other code is not gone on with."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in {".py", ".sql"}):
        digest.update(f"{path.relative_to(package)} {file_hash(path)}\n".encode())
    return digest.hexdigest()
