"""Why two records or masters are one or two, and what holds a master together, from the tables of the last run.

Nothing of the run is touched: its working file is attached for reading, and what must be made again is made in memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Entity, Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage import read_model
from dq_pipeline.linkage.explaining import PairExplanation, explain_pair
from dq_pipeline.linkage.holding import ClusterExplanation, explain_cluster
from dq_pipeline.scorecard.masking import mask_compared
from dq_pipeline.sql import load_macros
from dq_pipeline.warehouse import Warehouse, quoted

Document = dict[str, Any]
# What is made again in memory, because a run drops it or makes it for all entities.
_MADE_AGAIN = ("profiles", "profile_rows")


@dataclass(frozen=True)
class Thing:
    """What a name on the command line means: a record, or a master with its cluster."""

    name: str
    master_id: str
    records: tuple[str, ...]
    is_master: bool


def explain(
    project: Project, first: str, second: str | None = None, *, entity: str | None = None, unmasked: bool = False
) -> Document:
    """The explanation of two records or masters, or of one master, as it is printed in JSON.

    Personal values are masked unless `unmasked`. Raises ConfigError where a name is not known.
    """
    with _last_run(project) as warehouse:
        names = [first] if second is None else [first, second]
        kind, things = _find(warehouse, project, names, entity)
        _show(warehouse, kind)
        if second is None:
            return _cluster(explain_cluster(warehouse, kind, _cluster_of(warehouse, kind, things[0])), things[0])
        left, right = _records(warehouse, kind, *things)
        model = read_model(project.model_path(kind.name))
        pair = explain_pair(warehouse, kind, model, left, right)
        masters = {record: thing.master_id for thing, record in zip(things, (left, right), strict=True)}
        return _pair(pair, masters, frozenset() if unmasked else project.personal_columns(), unmasked=unmasked)


@contextmanager
def _last_run(project: Project) -> Iterator[Warehouse]:
    archive.last_attempt(project.output)
    resources = project.settings.resources
    warehouse = Warehouse(memory_limit=resources.memory_limit, threads=resources.threads)
    try:
        warehouse.attach(archive.working_file(project.output), "night")
        load_macros(warehouse)
        yield warehouse
    finally:
        warehouse.close()


def _show(warehouse: Warehouse, entity: Entity) -> None:
    """Show an entity's tables of linkage under their own names."""
    query = """select table_name from information_schema.tables
        where table_catalog = 'night' and table_schema = 'linked' and table_type = 'BASE TABLE'"""
    for (table,) in warehouse.rows(query):
        owner, _, part = str(table).partition("_")
        if owner == entity.name and part not in _MADE_AGAIN:
            warehouse.build_view(f"linked.{table}", f"select * from night.linked.{quoted(table)}")
    # A table, for weighing a pair makes it again.
    warehouse.build(f"linked.{entity.name}_profiles", f"select * from night.linked.{entity.name}_profiles")


def _find(warehouse: Warehouse, project: Project, names: list[str], chosen: str | None) -> tuple[Entity, list[Thing]]:
    """The entity that knows all names, the last in the project's order that does, and what the names mean."""
    entities = [project.entity(chosen)] if chosen else list(reversed(project.entities))
    for entity in entities:
        things = [_thing(warehouse, entity, name) for name in names]
        found = [thing for thing in things if thing is not None]
        if len(found) == len(names):
            return entity, found
    unknown = [name for name in names if not any(_thing(warehouse, one, name) for one in entities)]
    if unknown:
        raise ConfigError(
            f"no record and no master is called {unknown[0]!r}",
            remedy="write a record as <source>:<key>, or a master id; `dq trace` shows a record's master",
        )
    raise ConfigError(f"{names[0]} and {names[1]} are not of one entity", remedy="name two of one kind")


def _thing(warehouse: Warehouse, entity: Entity, name: str) -> Thing | None:
    xref = "night.mastered.xref"
    master = warehouse.value(f"select master_id from {xref} where entity = ? and record_id = ?", [entity.name, name])
    if master:
        return Thing(name, str(master), (name,), is_master=False)
    living = warehouse.value(
        "select current_id from night.mastered.redirects where entity = ? and master_id = ?", [entity.name, name]
    )
    rows = warehouse.rows(
        f"select record_id from {xref} where entity = ? and master_id = ? order by record_id",
        [entity.name, living or name],
    )
    return Thing(name, str(living or name), tuple(str(row[0]) for row in rows), is_master=True) if rows else None


def _cluster_of(warehouse: Warehouse, entity: Entity, thing: Thing) -> str:
    query = f"select cluster_id from linked.{entity.name}_clusters where record_id = ?"
    return str(warehouse.value(query, [thing.records[0]]))


def _records(warehouse: Warehouse, entity: Entity, left: Thing, right: Thing) -> tuple[str, str]:
    """The two records that stand for what was named: of masters the pair of records that speaks most for a match."""
    if not left.is_master and not right.is_master:
        return left.records[0], right.records[0]
    if left.master_id == right.master_id:
        first = left.records[0]
        return first, next((record for record in right.records if record != first), first)
    heads = f"linked.{entity.name}_profiles"
    best = warehouse.rows(
        f"""with pairs as (
            select l.profile_id as one, r.profile_id as other, scored.match_weight
            from linked.{entity.name}_scored as scored
            join {heads} as l on l.profile_no = scored.l and l.record_id = l.profile_id
            join {heads} as r on r.profile_no = scored.r and r.record_id = r.profile_id
        ), sides as (
            select record_id, profile_id, record_id in (select unnest($1)) as is_left from {heads}
            where record_id in (select unnest($1)) or record_id in (select unnest($2))
        )
        select l.record_id, r.record_id from pairs
        join sides as l on l.is_left and l.profile_id in (pairs.one, pairs.other)
        join sides as r on not r.is_left and r.profile_id in (pairs.one, pairs.other) and r.profile_id <> l.profile_id
        order by pairs.match_weight desc, l.record_id, r.record_id limit 1""",
        [list(left.records), list(right.records)],
    )
    return (str(best[0][0]), str(best[0][1])) if best else (left.records[0], right.records[0])


def _pair(pair: PairExplanation, masters: dict[str, str], personal: frozenset[str], *, unmasked: bool) -> Document:
    document = asdict(pair)
    for shown, compared in zip(document["comparisons"], pair.comparisons, strict=True):
        shown["total"] = compared.total
        shown["values"] = {
            column: list(both) if unmasked else [mask_compared(column, value, personal) for value in both]
            for column, both in compared.values.items()
        }
        shown["agree"] = {column: both[0] == both[1] for column, both in compared.values.items()}
    return {
        "kind": "pair",
        "is_one": pair.is_one,
        "because": pair.because,
        "master_l": masters.get(pair.record_id_l),
        "master_r": masters.get(pair.record_id_r),
        "correction": pair.correction,
        "match_probability": pair.match_probability,
    } | document


def _cluster(cluster: ClusterExplanation, thing: Thing) -> Document:
    return {"kind": "cluster", "name": thing.name, "master_id": thing.master_id} | asdict(cluster)
