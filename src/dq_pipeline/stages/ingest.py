"""extract -> raw: every source's files as text rows, with the line each came from; bad lines kept aside."""

from collections.abc import Sequence

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach
from dq_pipeline.extracts import land
from dq_pipeline.extracts.drift import PROFILES, SchemaChange
from dq_pipeline.quality.gates import volume_breaches
from dq_pipeline.regular import printable
from dq_pipeline.run import Run, StageReport
from dq_pipeline.warehouse import Warehouse, literal

_UNPARSED = "source varchar, source_file varchar, line_number bigint, reason varchar, text varchar"
_SOURCES = """source varchar, title varchar, owner varchar, touchpoint varchar, source_file varchar, sha256 varchar,
    bytes bigint, rows_read bigint, unparsed bigint"""
_CHANGES = """source varchar, source_file varchar, change varchar, column_name varchar, found_name varchar,
    declared_type varchar, found_type varchar, name_similarity double, content_similarity double, policy varchar,
    effect varchar, proposal varchar"""
_PROFILES = """run_id varchar, run_date date, source varchar, column_name varchar, rows bigint, nulls bigint,
    binned_by varchar, bins map(varchar, bigint)"""


def ingest(run: Run) -> StageReport:
    """Land every source; a missing, empty, damaged or changed extract is a breach, and no later stage runs."""
    warehouse, project = run.warehouse, run.project
    warehouse.execute(f"create or replace table raw.unparsed ({_UNPARSED})")
    warehouse.execute(f"create or replace table raw.sources ({_SOURCES})")
    warehouse.execute(f"create or replace table raw.schema_changes ({_CHANGES})")
    warehouse.recall(run.previous, PROFILES, "quality.profile_history", _PROFILES)
    scratch = run.directory / "unpacked"
    scratch.mkdir(exist_ok=True)
    rows: dict[str, int] = {}
    breaches: list[Breach] = []
    warnings: list[str] = []
    complete = True
    for source in project.sources:
        landed = land(warehouse, source, run.deliveries[source.name], run.run_date, scratch)
        breaches.extend(landed.breaches)
        warnings.extend(_record_changes(warehouse, source, landed.changes))
        complete = complete and landed.is_complete
        if landed.is_complete:
            rows[f"raw.{source.name}"] = landed.rows
        files = ", ".join(plain.source_file.name for plain in landed.files) or None
        hashes = ", ".join(plain.sha256 for plain in landed.files) or None
        size = sum(plain.size for plain in landed.files)
        values = (source.name, source.title, source.owner, source.touchpoint, files, hashes, size)
        listed = ", ".join(literal(value) for value in (*values, landed.rows + landed.unparsed, landed.unparsed))
        warehouse.execute(f"insert into raw.sources values ({listed})")
    warehouse.execute(f"drop table {PROFILES}")
    breaches.extend(_unparsed_lines(run))
    breaches.extend(volume_breaches(warehouse, project, run.previous))
    for path in scratch.iterdir():
        path.unlink()
    scratch.rmdir()
    return StageReport(rows, tuple(breaches), can_continue=complete, warnings=tuple(warnings))


def _record_changes(warehouse: Warehouse, source: Source, changes: Sequence[SchemaChange]) -> list[str]:
    """Note how the columns differ from the contract; the warnings of what did not hold the night back, each once."""
    for change in changes:
        values = (
            change.source, change.file, change.kind, printable(change.column),
            printable(change.found_name) if change.found_name is not None else None, change.declared_type,
            change.found_type, change.name_similarity, change.content_similarity, source.drift, change.effect,
            change.proposal,
        )  # fmt: skip
        listed = ", ".join(literal(value) for value in values)
        warehouse.execute(f"insert into raw.schema_changes values ({listed})")
    if any(change.effect == "refused" for change in changes):
        return []
    return list(dict.fromkeys(change.told(source.drift) for change in changes))


def _unparsed_lines(run: Run) -> list[Breach]:
    """The breach of a source's lines that could not be read, if there are more than the gate allows."""
    query = """select source, source_file, count(*) as lines, min(line_number), arg_min(reason, line_number)
        from raw.unparsed group by source, source_file order by source, source_file"""
    limit = run.project.settings.gates.unparsed_lines
    found = run.warehouse.rows(query)
    if sum(row[2] for row in found) <= limit:
        return []
    return [
        Breach(
            "unparsed_lines",
            f"{file}, line {first}",
            f"{reason}; lines of {source} that could not be read and are kept aside: {lines:,}",
            f"correct the line at the source, declare the right `format` in sources/{source}.yml, "
            f"or raise `gates.unparsed_lines` (now {limit})",
        )
        for source, file, lines, first, reason in found
    ]
