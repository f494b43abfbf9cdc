"""standardized -> linked: records of one thing found and clustered, addresses first, then customers."""

from dq_pipeline.linkage import link_entity, read_judgements, read_model, write_model
from dq_pipeline.linkage.describing import described
from dq_pipeline.linkage.model import build_weights
from dq_pipeline.linkage.reopening import reopen_judgements
from dq_pipeline.run import Run, StageReport


def link(run: Run) -> StageReport:
    """Edges and clusters of every entity, and what became of the judgements.

    A model is trained where none exists, written, and used from then on.
    """
    rows = {}
    for entity in run.project.entities:
        path = run.project.model_path(entity.name)
        known = read_model(path) if path.exists() else None
        judgements = read_judgements(run.project.judgements_path(entity.name))
        model = link_entity(run.warehouse, entity, known, judgements)
        if known is None:
            model = described(run.warehouse, entity, model)
            write_model(path, model)
        build_weights(run.warehouse, model)
        for table in ("edges", "clusters", "review"):
            rows[f"linked.{entity.name}_{table}"] = run.warehouse.count(f"linked.{entity.name}_{table}")
    return StageReport(rows | reopen_judgements(run.warehouse, run.project.entities, run.previous))
