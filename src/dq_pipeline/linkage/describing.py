"""What a model says of itself besides its weights: the data and versions it was made with, what it saw, how it did."""

from importlib.metadata import version
from typing import Any

from dq_pipeline import __version__
from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.drift import observe
from dq_pipeline.linkage.evaluation import evaluate_judgements
from dq_pipeline.linkage.profiles import input_table
from dq_pipeline.warehouse import Warehouse, quoted


def described(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> dict[str, Any]:
    """A model that was just trained, with what it was trained on. The entity must have been linked with it.

    `data` is a fingerprint of the input; `observed` the share of each level among the pairs that were compared, by
    which a later night sees whether the model still fits; `evaluation` is there where stewards judged pairs.
    """
    added: dict[str, Any] = {
        "data": fingerprint(warehouse, entity),
        "versions": {"dq_pipeline": __version__, "duckdb": version("duckdb"), "splink": version("splink")},
    }
    evaluation = _evaluation(warehouse, entity)
    if evaluation:
        added["evaluation"] = evaluation
    return model | added | {"observed": observe(warehouse, entity)}


def fingerprint(warehouse: Warehouse, entity: Entity) -> str:
    """A hash over all rows of the entity's input, whatever their order."""
    table = input_table(entity)
    columns = ", ".join(f"coalesce(cast({quoted(name)} as varchar), '')" for name in sorted(warehouse.columns(table)))
    found = warehouse.value(
        f"""select md5(string_agg(content, '' order by content))
        from (select md5(concat_ws(chr(31), {columns})) as content from {table}) as marked"""
    )
    return f"md5:{found}"


def _evaluation(warehouse: Warehouse, entity: Entity) -> dict[str, Any] | None:
    """How linkage without judgements did on the judged pairs, or None where no pair was judged."""
    needed = (f"linked.{entity.name}_judgements", f"linked.{entity.name}_merges")
    if not all(warehouse.has(table) for table in needed) or not warehouse.count(needed[0]):
        return None
    judged = evaluate_judgements(warehouse, entity.name)
    if not judged.same + judged.different:
        return None
    return {
        "judged_same": judged.same,
        "judged_different": judged.different,
        "precision": _rounded(judged.precision),
        "recall": _rounded(judged.recall),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
