"""Who is who: records of an entity to clusters, with evidence for every pair. The only package that uses Splink."""

from typing import Any

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.clusters import cluster
from dq_pipeline.linkage.evaluation import Evaluation, evaluate
from dq_pipeline.linkage.judgements import Judgement, read_judgements
from dq_pipeline.linkage.model import default_model, read_model, weights, write_model
from dq_pipeline.linkage.profiles import prepare
from dq_pipeline.linkage.scoring import score
from dq_pipeline.linkage.settings import check_linkage
from dq_pipeline.linkage.training import train
from dq_pipeline.warehouse import Warehouse

__all__ = [
    "Evaluation",
    "Judgement",
    "check_linkage",
    "cluster",
    "default_model",
    "evaluate",
    "link_entity",
    "prepare",
    "read_judgements",
    "read_model",
    "score",
    "train",
    "weights",
    "write_model",
]


def link_entity(
    warehouse: Warehouse,
    entity: Entity,
    model: dict[str, Any] | None = None,
    judgements: list[Judgement] | None = None,
) -> dict[str, Any]:
    """standardized.<entity> -> linked.<entity>_clusters; returns the model used, trained here where none is given."""
    prepare(warehouse, entity)
    used = train(warehouse, entity) if model is None else model
    score(warehouse, entity, used)
    cluster(warehouse, entity, used, judgements or [])
    return used
