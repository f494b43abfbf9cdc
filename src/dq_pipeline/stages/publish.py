"""scored -> published file: the contract's tables, commented and verified, in a file beside the old one."""

from dq_pipeline.publishing import verify_published, write_published
from dq_pipeline.run import PUBLISHED_FILE, Run, StageReport
from dq_pipeline.sql.selects import engine_select, union_of

_WEIGHTS = "entity varchar, comparison varchar, level integer, label varchar, m double, u double, weight double"

_CHANGES = """source varchar, change varchar, column_name varchar, found_name varchar, declared_type varchar,
    found_type varchar, name_similarity double, content_similarity double, policy varchar, effect varchar,
    proposal varchar, source_file varchar, first_seen date, last_seen date, run_id varchar"""


def publish(run: Run) -> StageReport:
    """Write and verify truth.duckdb in the attempt's folder; readers see it only when the pointer moves."""
    warehouse = run.warehouse
    parts = [f"select * from linked.{entity.name}_weights" for entity in run.project.entities]
    warehouse.build_view("linked.all_weights", union_of(parts, _WEIGHTS))
    warehouse.recall(run.previous, "scored.schema_changes_before", "ops.schema_changes", _CHANGES)
    for table in ("runs", "stages", "sources", "model", "model_drift", "schema_changes"):
        warehouse.build(f"scored.ops_{table}", engine_select("published", table))
    path = run.directory / PUBLISHED_FILE
    rows = write_published(warehouse, run.project, path)
    verify_published(path, rows)
    return StageReport(rows)
