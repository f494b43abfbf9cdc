"""Training linkage models anew on the records of the last run."""

from pathlib import Path

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.linkage import link_entity, prepare, read_judgements, read_model, train, write_model
from dq_pipeline.recording import last_warehouse


def train_models(project: Project, entity: str | None = None) -> list[Path]:
    """Train the model of one entity, or of all, and return the files written. Raises ConfigError without a run.

    Entities are taken in the project's order. One that is evidence for another is linked by its model in between, so
    that the other learns from the same clusters as in a run; the last run's linked tables change with it.
    """
    chosen = {project.entity(entity).name} if entity else {one.name for one in project.entities}
    written = []
    with archive.lock(project.output):
        warehouse = last_warehouse(project, read_only=False)
        try:
            for one in project.entities:
                path = project.model_path(one.name)
                if one.name in chosen:
                    prepare(warehouse, one)
                    write_model(path, train(warehouse, one))
                    written.append(path)
                if any(evidence.entity == one.name for other in project.entities for evidence in other.evidence):
                    judgements = read_judgements(project.judgements_path(one.name))
                    link_entity(warehouse, one, read_model(path), judgements)
        finally:
            warehouse.close()
    return written
