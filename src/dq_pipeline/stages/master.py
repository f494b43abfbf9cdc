"""linked -> mastered: stable ids, golden records with provenance, and every table re-keyed to them."""

from dq_pipeline.linkage.judged_accuracy import build_judged_accuracy
from dq_pipeline.linkage.reopening import remember_marks
from dq_pipeline.mastering.contents import build_contents
from dq_pipeline.mastering.declared import build_declared
from dq_pipeline.mastering.identity import assign_ids
from dq_pipeline.mastering.survivorship import build_golden, build_records, create_provenance
from dq_pipeline.mastering.union import build_stake, union_entities
from dq_pipeline.quality.gates import (
    id_churn_breaches,
    identity_breaches,
    judged_breaches,
    largest_cluster_breaches,
    records_lost_breaches,
)
from dq_pipeline.run import Run, StageReport
from dq_pipeline.sql.selects import engine_select


def master(run: Run) -> StageReport:
    """Ids and golden records by the written rules, the project's own tables in order, judgements and review queue."""
    warehouse, project = run.warehouse, run.project
    rows = assign_ids(warehouse, project.entities, run.previous)
    rows["mastered.record_contents"] = build_contents(warehouse, project.entities)
    create_provenance(warehouse)
    for entity in project.entities:
        rows[f"mastered.{entity.name}_records"] = build_records(warehouse, entity)
        rows |= build_golden(warehouse, entity)
    build_declared(warehouse, project)
    for name in project.settings.mastered:
        path = project.sql_path("mastered", name)
        rows[f"mastered.{name}"] = warehouse.build(f"mastered.{name}", project.sql("mastered", name), where=path)
    for entity in project.entities:
        if entity.name not in project.settings.mastered:
            golden = f"select * from mastered.{entity.name}_golden"
            rows[f"mastered.{entity.name}"] = warehouse.build(f"mastered.{entity.name}", golden)
    rows |= _build_review(run)
    gates = (identity_breaches, records_lost_breaches, largest_cluster_breaches, id_churn_breaches, judged_breaches)
    return StageReport(rows, tuple(breach for gate in gates for breach in gate(warehouse, project)))


def _build_review(run: Run) -> dict[str, int]:
    """Judgements of all entities, and the review queue by what is at stake; table -> rows."""
    warehouse, project = run.warehouse, run.project
    name = project.settings.stake
    build_stake(warehouse, project.sql("mastered", name) if name else None, project.sql_path("mastered", name or ""))
    rows = union_entities(warehouse, project.entities)
    remember_marks(warehouse, project.entities, "mastered.review_queue")
    build_judged_accuracy(warehouse, project.entities)
    for table in ("judged_marks", "judged_accuracy"):
        rows[f"mastered.{table}"] = warehouse.build(f"mastered.{table}", engine_select("mastered", table))
    return rows
