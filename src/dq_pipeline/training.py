"""Training a linkage model anew on the records of the last run; it is written only when it is whole."""

from pathlib import Path

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.linkage import train, write_model
from dq_pipeline.recording import last_warehouse


def train_models(project: Project, entity: str | None = None) -> list[Path]:
    """Train the model of one entity, or of all, and return the files written. Raises ConfigError without a run."""
    chosen = [project.entity(entity)] if entity else list(project.entities)
    written = []
    with archive.lock(project.output):
        warehouse = last_warehouse(project, read_only=False)
        try:
            for one in chosen:
                path = project.model_path(one.name)
                write_model(path, train(warehouse, one))
                written.append(path)
        finally:
            warehouse.close()
    return written
