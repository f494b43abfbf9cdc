"""linked -> mastered: stable ids, golden records with provenance, and every table re-keyed to them."""

from dq_pipeline.mastering.identity import assign_ids
from dq_pipeline.mastering.survivorship import build_golden, build_records, create_provenance
from dq_pipeline.mastering.union import union_entities
from dq_pipeline.quality.gates import identity_breaches, largest_cluster_breaches
from dq_pipeline.run import Run, StageReport


def master(run: Run) -> StageReport:
    """Ids by the written rule, then golden records by the declared rules, then the project's own tables in order."""
    warehouse, project = run.warehouse, run.project
    rows = assign_ids(warehouse, project.entities, run.previous)
    create_provenance(warehouse)
    for entity in project.entities:
        rows[f"mastered.{entity.name}_records"] = build_records(warehouse, entity)
        rows |= build_golden(warehouse, entity)
    rows |= union_entities(warehouse, project.entities)
    for name in project.settings.mastered:
        path = project.sql_path("mastered", name)
        rows[f"mastered.{name}"] = warehouse.build(f"mastered.{name}", project.sql("mastered", name), where=path)
    for entity in project.entities:
        if entity.name not in project.settings.mastered:
            golden = f"select * from mastered.{entity.name}_golden"
            rows[f"mastered.{entity.name}"] = warehouse.build(f"mastered.{entity.name}", golden)
    for name in project.settings.views:
        path = project.sql_path("mastered", name)
        warehouse.build_view(f"mastered.{name}", project.sql("mastered", name), where=path)
    breaches = identity_breaches(warehouse, project) + largest_cluster_breaches(warehouse, project)
    return StageReport(rows, tuple(breaches))
