"""One record in every state it was in, from the line of the extract to the golden value that it won or lost."""

from dataclasses import dataclass
from typing import Any

from dq_pipeline.config import Project
from dq_pipeline.config.source import ENGINE_COLUMNS
from dq_pipeline.scorecard.masking import is_personal, mask_value
from dq_pipeline.warehouse import Warehouse, table_name


@dataclass(frozen=True)
class Seen:
    """What one table says about the record."""

    state: str
    table: str
    rows: list[dict[str, Any]]


def trace(warehouse: Warehouse, project: Project, record_id: str, *, unmasked: bool = False) -> list[Seen]:
    """Everything the run's tables say about a record, in the order of the line; empty where no table knows it.

    `warehouse` is a run's working file. Personal values are masked unless `unmasked`.
    """
    source = record_id.partition(":")[0]
    queries: list[tuple[str, str, str]] = []
    for state in ("raw", "quarantined", "validated"):
        names = ("findings", "rows") if state == "quarantined" else (source,)
        queries += [(state, f"{state}.{name}", "record_id = ?1") for name in names]
    for entity in project.entities:
        name = entity.name
        queries += [
            ("standardized", f"standardized.{name}", "record_id = ?1"),
            ("linked", f"linked.{name}_edges", "record_id_l = ?1 or record_id_r = ?1"),
            ("linked", f"linked.{name}_review", "record_id_l = ?1 or record_id_r = ?1"),
        ]
    queries += [("mastered", "mastered.xref", "record_id = ?1"), ("scored", "scored.issue_rows", "record_id = ?1")]
    found = [_seen(warehouse, state, table, condition, record_id) for state, table, condition in queries]
    found += _golden(warehouse, project, record_id)
    personal = project.personal_columns()
    seen = [entry for entry in found if entry.rows]
    return seen if unmasked else [_masked(entry, personal) for entry in seen]


def _seen(warehouse: Warehouse, state: str, table: str, condition: str, record_id: str) -> Seen:
    if not warehouse.has(table):
        return Seen(state, table, [])
    condition = condition.replace("?1", "$1")
    return Seen(
        state,
        table,
        warehouse.records(f"select * from {table_name(table)} where {condition} order by all", [record_id]),
    )


def _golden(warehouse: Warehouse, project: Project, record_id: str) -> list[Seen]:
    """For every golden field: the value, and whether this record's own value won, lost, agreed, or was missing."""
    found: list[Seen] = []
    for entity in project.entities:
        if not warehouse.has(f"mastered.{entity.name}_records"):
            continue
        rows = []
        for golden_field in entity.golden.fields:
            column = golden_field.taken()[0]
            query = f"""select provenance.field, '{column}' as "column", provenance.value as golden_value,
                    cast(own."{column}" as varchar) as own_value, provenance.rule, provenance.record_id as winner,
                    case
                        when provenance.record_id = own.record_id then 'won'
                        when own."{column}" is null then 'has no value'
                        when cast(own."{column}" as varchar) = provenance.value then 'agrees with the winner'
                        else 'lost'
                    end as outcome
                from mastered.{entity.name}_records as own
                join mastered.provenance as provenance
                    on provenance.entity = ? and provenance.master_id = own.{entity.id_column} and provenance.field = ?
                where own.record_id = ?"""
            rows += warehouse.records(query, [entity.name, golden_field.name, record_id])
        found.append(Seen("mastered", f"golden {entity.name}", rows))
    return found


def _masked(entry: Seen, personal: frozenset[str]) -> Seen:
    rows = []
    for row in entry.rows:
        # A golden field's value is as personal as the column it was taken from; a row as text may hold everything.
        taken = str(row.get("column", ""))
        means = {"golden_value": taken, "own_value": taken, "value": str(row.get("column_name") or "text")}
        rows.append({name: _shown(means.get(name, name), value, personal) for name, value in row.items()})
    return Seen(entry.state, entry.table, rows)


def _shown(column: str, value: object, personal: frozenset[str]) -> object:
    if column in ENGINE_COLUMNS:
        return value
    if column in {"raw", "text"} or is_personal(column, personal):
        return mask_value(column, value, personal | {"raw", "text"})
    return value
