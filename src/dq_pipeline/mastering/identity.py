"""Who keeps an id: tonight's clusters get the ids of the night before wherever one can (DESIGN §6), or new ones.

Each cluster claims the oldest id among its records, each id goes to the cluster that holds most of its records;
clusters that lost a claim choose again among the ids that are left, until none is.
"""

from collections.abc import Sequence
from pathlib import Path

from dq_pipeline.config import Entity
from dq_pipeline.sql.selects import engine_select, union_of
from dq_pipeline.warehouse import Warehouse, literal

_KNOWN = "entity varchar, record_id varchar, master_id varchar, first_seen date, last_seen date, is_live boolean"
_CLUSTERS = """entity varchar, source varchar, source_key varchar, record_id varchar, cluster_id varchar,
    match_reason varchar, match_probability double"""
_HISTORY = "entity varchar, master_id varchar, event varchar, into_master_id varchar, run_id varchar, run_date date"


def assign_ids(warehouse: Warehouse, entities: Sequence[Entity], previous: Path | None) -> dict[str, int]:
    """Build xref, id_history, known_records, redirects and the view resolve in `mastered`; table -> rows.

    `previous` is the published file of the night before, or None for the first night.
    """
    warehouse.recall(previous, "mastered.known_before", "identity.known_records", _KNOWN)
    warehouse.recall(previous, "mastered.history_before", "identity.id_history", _HISTORY)
    warehouse.build("mastered.clusters", _clusters(entities))
    prefixes = [
        f"select {literal(entity.name)} as entity, {literal(entity.id_prefix)} as prefix" for entity in entities
    ]
    warehouse.build("mastered.prefixes", union_of(prefixes, "entity varchar, prefix varchar"))
    warehouse.build("mastered.births", engine_select("mastered", "births"))
    warehouse.build("mastered.claims", engine_select("mastered", "claims"))
    _settle(warehouse)
    tables = {}
    for table in ("assigned", "xref", "id_events", "id_history", "known_records", "redirects"):
        tables[f"mastered.{table}"] = warehouse.build(f"mastered.{table}", engine_select("mastered", table))
    warehouse.build_view("mastered.resolve", engine_select("mastered", "resolve"))
    return tables


def _clusters(entities: Sequence[Entity]) -> str:
    """Tonight's clusters of all entities as one table."""
    selects = [
        f"""select
    {literal(entity.name)} as entity,
    records.source,
    records.source_key,
    clusters.record_id,
    clusters.cluster_id,
    clusters.match_reason,
    clusters.match_probability
from linked.{entity.name}_clusters as clusters
join standardized.{entity.name} as records
    on records.record_id = clusters.record_id"""
        for entity in entities
    ]
    return union_of(selects, _CLUSTERS)


def _settle(warehouse: Warehouse) -> None:
    """Rounds of claims until no cluster can get an id any more; each round settles at least one, so it ends."""
    columns = "entity varchar, cluster_id varchar, master_id varchar"
    warehouse.execute(f"create or replace table mastered.kept ({columns})")
    while True:
        settled = warehouse.build("mastered.settled", engine_select("mastered", "settled"))
        if not settled:
            return
        warehouse.execute("insert into mastered.kept select entity, cluster_id, master_id from mastered.settled")
