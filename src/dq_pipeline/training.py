"""Training linkage models anew on the records of the last run, and what would change with them.

The work is done on a copy of the run's working file, so that the last run stays as it was until a new run.
"""

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Entity, Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage import Judgement, link_entity, prepare, read_judgements, read_model, train, write_model
from dq_pipeline.linkage.describing import described
from dq_pipeline.linkage.judged_pairs import in_force
from dq_pipeline.linkage.profiles import input_table
from dq_pipeline.scorecard.masking import mask_compared
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, quoted

Rows = list[dict[str, Any]]

COPY = "training.duckdb"
EXAMPLES = 10
_WEIGHTS = ("prior", "prior_between", "comparisons")


@dataclass(frozen=True)
class LevelChange:
    """One level of a comparison, or one class of the prior: its weight in bits, before and now (None: not there)."""

    comparison: str
    level: str
    old: float | None
    new: float | None

    @property
    def change(self) -> float:
        """Bits by which it speaks more for a match; for a level that is new or gone, its whole weight."""
        return (self.new or 0.0) - (self.old or 0.0)


@dataclass(frozen=True)
class Proposal:
    """A newly trained model and what it would change. `counts` is empty where the weights are the same.

    `learned_before` is what the old model says of the judged pairs that it learned from, None where it did from none.
    `compared_with` is `model` where the clusters are compared with those by the old model, `run` where the old model
    is missing or cannot be used and they are compared with the last run's, None where there are neither.
    """

    entity: str
    path: Path
    model: dict[str, Any]
    levels: list[LevelChange]
    learned_before: dict[str, Any] | None
    compared_with: str | None
    counts: dict[str, int]
    examples: Rows

    def write(self) -> Path:
        """Write the model and return its file."""
        write_model(self.path, self.model)
        return self.path


def train_models(
    project: Project, entity: str | None = None, *, unmasked: bool = False, use_judgements: bool = False
) -> list[Proposal]:
    """Train the model of one entity, or of all; nothing is written. Raises ConfigError without a run.

    Entities are taken in the project's order. One that is evidence for another is linked by its model in between, so
    that the other learns from the same clusters as in a run. With `use_judgements` models learn from judged pairs too;
    raises ConfigError where there are none at all.
    """
    chosen = {project.entity(entity).name} if entity else {one.name for one in project.entities}
    if use_judgements:
        _check_judgements(project, sorted(chosen))
    proposals = []
    with archive.lock(project.output), _copy_of_last_run(project) as warehouse:
        for one in project.entities:
            judgements = read_judgements(project.judgements_path(one.name))
            if one.name in chosen:
                taught = judgements if use_judgements else []
                proposals.append(_propose(warehouse, project, one, judgements, taught, unmasked=unmasked))
            elif any(evidence.entity == one.name for other in project.entities for evidence in other.evidence):
                link_entity(warehouse, one, read_model(project.model_path(one.name)), judgements)
    return proposals


def _check_judgements(project: Project, chosen: list[str]) -> None:
    paths = [project.judgements_path(name) for name in chosen]
    if not any(in_force(read_judgements(path)) for path in paths):
        raise ConfigError(
            f"no judged pair of {' or '.join(chosen)} is in force, so there is nothing to learn from",
            where=paths[0].parent,
            remedy="decide pairs with `dq review export` and `dq review import`, or train without --use-judgements",
        )


@contextmanager
def _copy_of_last_run(project: Project) -> Iterator[Warehouse]:
    archive.last_attempt(project.output)
    working, copy = archive.working_file(project.output), project.output / COPY
    shutil.copyfile(working, copy)
    resources = project.settings.resources
    try:
        warehouse = Warehouse(
            copy,
            memory_limit=resources.memory_limit,
            threads=resources.threads,
            spill_directory=project.output / "spill",
        )
        try:
            yield warehouse
        finally:
            warehouse.close()
    finally:
        for leftover in project.output.glob(f"{COPY}*"):
            leftover.unlink()


def _propose(
    warehouse: Warehouse,
    project: Project,
    entity: Entity,
    judgements: list[Judgement],
    taught: list[Judgement],
    *,
    unmasked: bool,
) -> Proposal:
    """Train one entity, from the judgements `taught` too, link it by the old model and by the new, and compare."""
    path = project.model_path(entity.name)
    old = _old_model(path)
    before = _last_clusters(warehouse, entity)
    prepare(warehouse, entity)
    model = train(warehouse, entity, judgements=taught)
    if old and not _same_weights(old, model):
        try:
            link_entity(warehouse, entity, old, judgements)
            before = "model" if _keep_clusters(warehouse, entity) else before
        except ConfigError:  # other levels are declared now: what it would have decided cannot be asked
            pass
    link_entity(warehouse, entity, model, judgements)
    model = described(warehouse, entity, model)
    levels, learned = level_changes(old, model), (old or {}).get("judgements")
    if before is None or (old and _same_weights(old, model)):
        return Proposal(entity.name, path, model, levels, learned, before, {}, [])
    counts, examples = cluster_changes(warehouse, entity, before="diffed.clusters_before")
    shown = [_example(warehouse, project, entity, row, unmasked=unmasked) for row in examples]
    return Proposal(entity.name, path, model, levels, learned, before, counts, shown)


def _old_model(path: Path) -> dict[str, Any] | None:
    """The model in force, or None where there is none that can be read: the new one takes its place."""
    try:
        return read_model(path) if path.exists() else None
    except ConfigError:
        return None


def _same_weights(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return all(old.get(key) == new.get(key) for key in _WEIGHTS)


def _last_clusters(warehouse: Warehouse, entity: Entity) -> str | None:
    """Keep the last run's clusters to compare with, if it got so far."""
    if not warehouse.has(f"linked.{entity.name}_clusters"):
        return None
    return "run" if _keep_clusters(warehouse, entity) else None


def _keep_clusters(warehouse: Warehouse, entity: Entity) -> int:
    warehouse.execute("create schema if not exists diffed")
    return warehouse.build("diffed.clusters_before", f"select record_id, cluster_id from linked.{entity.name}_clusters")


def level_changes(old: dict[str, Any] | None, new: dict[str, Any]) -> list[LevelChange]:
    """Every level's weight by the old model and by the new, the prior's classes too; the biggest change first."""
    before, now = _weights(old) if old else {}, _weights(new)
    changes = [LevelChange(*key, before.get(key), now.get(key)) for key in {**before, **now}]
    return sorted(changes, key=lambda one: (-abs(round(one.change, 3)), one.comparison, one.level))


def _weights(model: dict[str, Any]) -> dict[tuple[str, str], float]:
    found = {("prior", name): _bits(share) for name, share in model["prior"].items()}
    for one in model.get("prior_between", []):
        found["prior", f"match, {' and '.join(one['systems'])}"] = _bits(one["match"])
    for entry in model["comparisons"]:
        for level in entry["levels"]:
            found[entry["name"], level["label"]] = level["weight"]
    return found


def _bits(share: float) -> float:
    return round(math.log2(share / (1 - share)), 3)


def cluster_changes(warehouse: Warehouse, entity: Entity, *, before: str) -> tuple[dict[str, int], Rows]:
    """What linked.<entity>_clusters differ in from the clusters `before`: counts, and the largest examples.

    Tables are built in `diffed`.
    """
    warehouse.execute("create schema if not exists diffed")
    if before != "diffed.clusters_before":
        warehouse.build("diffed.clusters_before", f"select record_id, cluster_id from {before}")
    warehouse.build("diffed.clusters_after", f"select record_id, cluster_id from linked.{entity.name}_clusters")
    warehouse.build("diffed.cluster_flows", engine_select("diffed", "cluster_flows"))
    counts = warehouse.records(engine_select("diffed", "cluster_counts"))[0]
    examples = warehouse.records(
        f"""select event, record_id_l, record_id_r, records from ({engine_select("diffed", "cluster_examples")}
        ) as examples order by size desc, event, record_id_l, record_id_r limit {EXAMPLES}"""
    )
    return {name: int(value) for name, value in counts.items()}, examples


def _example(
    warehouse: Warehouse, project: Project, entity: Entity, row: dict[str, Any], *, unmasked: bool
) -> dict[str, Any]:
    """An example with what the comparisons see of both records."""
    available = warehouse.columns(input_table(entity))
    compared = dict.fromkeys(column for one in entity.linkage.comparisons for column in one.columns)
    columns = [column for column in compared if column in available]
    listed = ", ".join(f"cast({quoted(column)} as varchar) as {quoted(column)}" for column in columns)
    query = f"select record_id, {listed} from {input_table(entity)} where record_id in (?, ?)"
    values = {
        found.pop("record_id"): found for found in warehouse.records(query, [row["record_id_l"], row["record_id_r"]])
    }
    personal = project.personal_columns()
    fields = {}
    for column in columns:
        pair = [values[row[side]][column] for side in ("record_id_l", "record_id_r")]
        if any(value is not None for value in pair):
            shown = pair if unmasked else [mask_compared(column, value, personal) for value in pair]
            fields[column] = {"l": shown[0], "r": shown[1], "agree": pair[0] == pair[1]}
    return row | {"fields": fields}
