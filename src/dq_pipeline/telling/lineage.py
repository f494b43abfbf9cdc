"""OpenLineage events of a run: what it read, what it made of it column by column, and how good it was.

One job is the project, and a child job each stage. The run's last event has the sources as inputs and, where it was
published, the published tables as outputs. A night that is held is a FAIL: its outputs are not there for anybody.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from dq_pipeline import __version__, archive
from dq_pipeline.config import Project, Source
from dq_pipeline.config.telling import LineageTarget
from dq_pipeline.errors import ConfigError
from dq_pipeline.publishing import published_views, table_comments
from dq_pipeline.run import Outcome
from dq_pipeline.telling.columns import Columns, Made
from dq_pipeline.warehouse import Warehouse

try:
    from openlineage.client import event_v2 as ol
    from openlineage.client import facet_v2 as facets
    from openlineage.client.uuid import generate_static_uuid

    from dq_pipeline.telling.emitting import Emitter, transport_of
except ImportError as missing:
    raise ConfigError("openlineage-python is not installed", remedy="pip install 'dq-pipeline[lineage]'") from missing

PRODUCER = f"urn:dq-pipeline:{__version__}"
_INTEGRATION = "DQ_PIPELINE"
# Schema of the published file -> that of the working file where its tables are.
_WORKING = {"master": "mastered", "identity": "mastered", "quality": "scored", "ops": "scored"}


class Lineage:
    """Tells of one attempt: START, the stages, and COMPLETE or FAIL."""

    def __init__(self, project: Project, outcome: Outcome, target: LineageTarget, made: Made) -> None:
        """Sends START. `made` is what `check_project` built. Raises ConfigError where a secret is not set."""
        self.project, self.outcome, self.target, self.made = project, outcome, target, made
        self.emitter = Emitter(transport_of(target, project.root), target.timeout)
        self.under_way: str | None = None
        self.rows: Mapping[str, int] = {}
        self._abort_killed()
        self._emit(ol.RunState.START, at=outcome.started_at)

    def started(self, stage: str) -> None:
        """A stage begins."""
        self.under_way = stage
        self._emit(ol.RunState.START, stage)

    def finished(self, stage: str, rows: Mapping[str, int]) -> None:
        """A stage is done; `rows` are those of the tables that it made."""
        self.under_way, self.rows = None, rows
        self._emit(ol.RunState.COMPLETE, stage)

    def concluded(self, warehouse: Warehouse | None, why: str | None) -> None:
        """The run is over; `why` says what is wrong, masked. Raises StageError where events were not taken."""
        is_good = self.outcome.verdict in {"published", "stopped"}
        bad = ol.RunState.ABORT if self.outcome.verdict == "cancelled" else ol.RunState.FAIL
        state = ol.RunState.COMPLETE if is_good else bad
        told = facets.error_message_run.ErrorMessageRunFacet(
            message=why or self.outcome.verdict, programmingLanguage="PYTHON", producer=PRODUCER
        )
        about = {} if is_good else {"errorMessage": told}
        if self.under_way is not None:
            self._emit(bad, self.under_way, about=about)
        inputs = list(self._inputs(warehouse)) if warehouse is not None else []
        is_published = self.outcome.verdict == "published" and warehouse is not None
        outputs = list(self._outputs(warehouse)) if is_published and warehouse is not None else []
        self._emit(state, about=about, inputs=inputs, outputs=outputs)
        self.emitter.close()

    def _abort_killed(self) -> None:
        """Attempts just before this one that were killed could not say so: they end now."""
        before = [
            one for one in archive.manifests(self.project.output) if one["directory"] != str(self.outcome.directory)
        ]
        for one in takewhile(lambda one: one.get("verdict") == "running", reversed(before)):
            began = datetime.fromisoformat(str(one["started_at"]))
            run_id = self._id_of(str(one["run_id"]), Path(one["directory"]).name, began)
            self._emit(ol.RunState.ABORT, run_id=run_id)

    def _emit(
        self,
        state: Any,
        stage: str | None = None,
        *,
        run_id: str | None = None,
        at: datetime | None = None,
        about: Mapping[str, Any] | None = None,
        inputs: list[Any] | None = None,
        outputs: list[Any] | None = None,
    ) -> None:
        event = ol.RunEvent(
            eventType=state,
            eventTime=(at or datetime.now(UTC)).isoformat(timespec="milliseconds"),
            run=ol.Run(run_id or self._run_id(stage), {} if run_id else {**self._run_facets(stage), **(about or {})}),
            job=ol.Job(self.target.namespace, self._job(stage), self._job_facets(stage)),
            producer=PRODUCER,
            inputs=inputs or [],
            outputs=outputs or [],
        )
        self.emitter.emit(event)

    def _job(self, stage: str | None) -> str:
        name = self.project.settings.name
        return f"{name}.{stage}" if stage else name

    def _run_id(self, stage: str | None) -> str:
        outcome = self.outcome
        return self._id_of(outcome.run_id, outcome.directory.name, outcome.started_at, stage)

    def _id_of(self, run_id: str, attempt: str, began: datetime, stage: str | None = None) -> str:
        text = "/".join((self.target.namespace, run_id, attempt, stage or ""))
        return str(generate_static_uuid(began, text.encode()))

    def _run_facets(self, stage: str | None) -> dict[str, Any]:
        engine = facets.processing_engine_run.ProcessingEngineRunFacet(
            version=__version__, name="dq_pipeline", producer=PRODUCER
        )
        if stage is None:
            nominal = f"{self.outcome.run_date}T00:00:00Z"
            time = facets.nominal_time_run.NominalTimeRunFacet(nominalStartTime=nominal, producer=PRODUCER)
            return {"processing_engine": engine, "nominalTime": time}
        parent = facets.parent_run
        place = self.target.namespace, self._job(None)
        facet = parent.ParentRunFacet(
            run=parent.Run(self._run_id(None)),
            job=parent.Job(*place),
            root=parent.Root(run=parent.RootRun(self._run_id(None)), job=parent.RootJob(*place)),
            producer=PRODUCER,
        )
        return {"processing_engine": engine, "parent": facet}

    def _job_facets(self, stage: str | None) -> dict[str, Any]:
        kind = facets.job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration=_INTEGRATION, jobType="TASK" if stage else "JOB", producer=PRODUCER
        )
        title = self.project.settings.title
        described = facets.documentation_job.DocumentationJobFacet(description=title, producer=PRODUCER)
        return {"jobType": kind} if stage else {"jobType": kind, "documentation": described}

    def _inputs(self, warehouse: Warehouse) -> Iterable[Any]:
        """Every source that was read: its schema, its version, what was measured and expected of it."""
        read: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.outcome.summary.get("sources", []):
            read.setdefault(str(row["source"]), []).append(row)
        for source in self.project.sources:
            if source.name in read:
                yield self._input(source, read[source.name], warehouse)

    def _input(self, source: Source, read: list[Mapping[str, Any]], warehouse: Warehouse) -> Any:
        found: dict[str, Any] = {
            "schema": _schema((name, column.type, column.title) for name, column in source.columns.items()),
            "ownership": facets.ownership_dataset.OwnershipDatasetFacet(
                owners=[facets.ownership_dataset.Owner(name=source.owner, type="OWNER")], producer=PRODUCER
            ),
        }
        if version := "+".join(str(row["sha256"]) for row in read if row["sha256"]):
            found["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(version, producer=PRODUCER)
        rows, size = (sum(int(row[name] or 0) for row in read) for name in ("rows_read", "bytes"))
        measured = {
            "dataQualityMetrics": facets.data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
                rowCount=rows,
                bytes=size,
                fileCount=len(read),
                columnMetrics=_column_metrics(warehouse, self.outcome.run_id, source.name),
                producer=PRODUCER,
            ),
            "dataQualityAssertions": facets.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
                assertions=_assertions(warehouse, source), producer=PRODUCER
            ),
        }
        return ol.InputDataset(self.target.namespace, source.name, facets=found, inputFacets=measured)

    def _outputs(self, warehouse: Warehouse) -> Iterable[Any]:
        """Every published table and view: its schema, its rows, and for those of `master` where columns come from."""
        project = self.project
        sources = {source.name: {name: one.type for name, one in source.columns.items()} for source in project.sources}
        columns = Columns(self.made, sources, {source.name: source.key for source in project.sources})
        selects = published_views(project)
        for published, rows in sorted(self.rows.items()):
            schema, name = published.split(".")
            working = f"{_WORKING[schema]}.{'ops_' if schema == 'ops' else ''}{name}"
            if published not in selects and not warehouse.has(working):
                continue
            found = {
                "schema": _schema(_described(warehouse, selects.get(published, f"from {working}"), project, published)),
                "datasetType": facets.dataset_type_dataset.DatasetTypeDatasetFacet(
                    datasetType="VIEW" if published in selects else "TABLE", producer=PRODUCER
                ),
            }
            if schema == "master" and self.target.columns:
                found["columnLineage"] = self._column_lineage(columns, working)
            counted = facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=rows, producer=PRODUCER
            )
            yield ol.OutputDataset(
                self.target.namespace, published, facets=found, outputFacets={"outputStatistics": counted}
            )

    def _column_lineage(self, columns: Columns, table: str) -> Any:
        lineage = facets.column_lineage_dataset
        fields = {
            column: lineage.Fields(
                inputFields=[
                    lineage.InputField(self.target.namespace, source, name) for source, name in sorted(made_of)
                ]
            )
            for column, made_of in columns.of(table).items()
            if made_of
        }
        return lineage.ColumnLineageDatasetFacet(fields=fields, producer=PRODUCER)


def _described(
    warehouse: Warehouse, select: str, project: Project, published: str
) -> Iterable[tuple[str, str, str | None]]:
    """Name, type and remark of every column of a published table, whose SELECT in the working file is given."""
    said = table_comments(project, published)[1]
    return [(str(name), str(kind), said.get(name)) for name, kind, *_ in warehouse.rows(f"describe {select}")]


def _schema(columns: Iterable[tuple[str, str, str | None]]) -> Any:
    fields = [
        facets.schema_dataset.SchemaDatasetFacetFields(name=name, type=kind, description=said or None)
        for name, kind, said in columns
    ]
    return facets.schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)


def _column_metrics(warehouse: Warehouse, run_id: str, source: str) -> dict[str, Any]:
    if not warehouse.has("scored.profile_history"):
        return {}
    rows = warehouse.rows(
        """select column_name, rows, nulls, distinct_values from scored.profile_history
        where run_id = ? and source = ? and column_name <> '' order by column_name""",
        [run_id, source],
    )
    metric = facets.data_quality_metrics_input_dataset.ColumnMetrics
    return {
        name: metric(nullCount=nulls, distinctCount=distinct, count=count - (nulls or 0))
        for name, count, nulls, distinct in rows
    }


def _assertions(warehouse: Warehouse, source: Source) -> list[Any]:
    """What was expected of a source, and whether it was so; no values."""
    table = next((one for one in ("scored.rule_results", "quarantined.rule_results") if warehouse.has(one)), None)
    if table is None:
        return []
    rows = warehouse.rows(
        f"""select expectation, success, column_name, severity, code, failed from {table}
        where source = ? order by code, expectation, column_name, severity, failed""",
        [source.name],
    )
    return [
        facets.data_quality_assertions_dataset.Assertion(
            assertion=expectation,
            success=bool(success),
            # An assertion has one column; of several, or of one that the engine adds, the description tells.
            column=column if column in source.columns else None,
            description=None if column in source.columns else column,
            severity="error" if severity == "critical" else "warn",
            name=code,
            actual=None if failed is None else f"{failed} rows failed",
        )
        for expectation, success, column, severity, code, failed in rows
    ]
