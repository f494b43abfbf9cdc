"""Who keeps an id: tonight's clusters get the ids of the night before wherever one can (DESIGN §6), or new ones.

Each cluster claims the oldest id among its records, each id goes to the cluster that holds most of its records;
clusters that lost a claim choose again among the ids that are left, until none is.
"""

from collections.abc import Sequence
from pathlib import Path

from dq_pipeline.config import Entity
from dq_pipeline.sql.files import engine_select
from dq_pipeline.warehouse import Warehouse, literal

_EMPTY_KNOWN = """select
    cast(null as varchar) as entity,
    cast(null as varchar) as record_id,
    cast(null as varchar) as master_id,
    cast(null as date) as first_seen,
    cast(null as date) as last_seen,
    cast(null as boolean) as is_live
where false"""
_EMPTY_HISTORY = """select
    cast(null as varchar) as entity,
    cast(null as varchar) as master_id,
    cast(null as varchar) as event,
    cast(null as varchar) as into_master_id,
    cast(null as varchar) as run_id,
    cast(null as date) as run_date
where false"""


def assign_ids(warehouse: Warehouse, entities: Sequence[Entity], previous: Path | None) -> dict[str, int]:
    """Build xref, id_history, known_records and redirects in `mastered`; table -> rows.

    `previous` is the published file of the night before, or None for the first night.
    """
    _recall(warehouse, previous)
    warehouse.build("mastered.clusters", _clusters(entities))
    prefixes = ", ".join(f"({literal(entity.name)}, {literal(entity.id_prefix)})" for entity in entities)
    warehouse.build("mastered.prefixes", f"select * from (values {prefixes}) as prefixes(entity, prefix)")
    warehouse.build("mastered.births", engine_select("mastered", "births"))
    warehouse.build("mastered.claims", engine_select("mastered", "claims"))
    _settle(warehouse)
    tables = {}
    for table in ("assigned", "xref", "id_events", "id_history", "known_records", "redirects"):
        tables[f"mastered.{table}"] = warehouse.build(f"mastered.{table}", engine_select("mastered", table))
    return tables


def _recall(warehouse: Warehouse, previous: Path | None) -> None:
    """What the night before knew: records with their ids, and the history of ids."""
    if previous is None:
        warehouse.build("mastered.known_before", _EMPTY_KNOWN)
        warehouse.build("mastered.history_before", _EMPTY_HISTORY)
        return
    warehouse.attach(previous, "previous")
    try:
        known = (
            "select entity, record_id, master_id, first_seen, last_seen, is_live from previous.identity.known_records"
        )
        history = "select entity, master_id, event, into_master_id, run_id, run_date from previous.identity.id_history"
        warehouse.build("mastered.known_before", known)
        warehouse.build("mastered.history_before", history)
    finally:
        warehouse.detach("previous")


def _clusters(entities: Sequence[Entity]) -> str:
    """Tonight's clusters of all entities as one table."""
    return "\nunion all\n".join(
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
    )


def _settle(warehouse: Warehouse) -> None:
    """Rounds of claims until no cluster can get an id any more; each round settles at least one, so it ends."""
    columns = "entity varchar, cluster_id varchar, master_id varchar"
    warehouse.execute(f"create or replace table mastered.kept ({columns})")
    while True:
        settled = warehouse.build("mastered.settled", engine_select("mastered", "settled"))
        if not settled:
            return
        warehouse.execute("insert into mastered.kept select entity, cluster_id, master_id from mastered.settled")
