"""The quarantine ledger: what is kept out tonight beside what was before, with first and last seen, age and status."""

from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal, quoted, table_name

_LEDGER = """source varchar, record_id varchar, source_key varchar, expectation varchar, "column" varchar, code varchar,
    reason varchar, dimension varchar, owner varchar, raw varchar, first_seen date, since date, last_seen date,
    returns integer, status varchar, released_by varchar, released_at varchar, release_reason varchar"""
_RELEASED = """source varchar, record_id varchar, source_key varchar, code varchar, expectation varchar,
    column_name varchar, severity varchar, dimension varchar, owner varchar, reason varchar, value varchar,
    release_reason varchar, released_by varchar, released_at varchar"""


def build_ledger(warehouse: Warehouse, project: Project, previous: Path | None) -> int:
    """Build `scored.quarantine` from tonight's findings and the ledger of the published file before; its rows."""
    warehouse.recall(previous, "scored.quarantine_before", "quality.quarantine", _LEDGER, missing_is_null=True)
    # A night that an older version published has no `since`: it is open since it was first seen.
    warehouse.execute("update scored.quarantine_before set since = first_seen where since is null")
    warehouse.execute(f"create table if not exists quarantined.released_findings ({_RELEASED})")
    _contents(warehouse, project)
    return warehouse.build("scored.quarantine", engine_select("scored", "quarantine"))


def _contents(warehouse: Warehouse, project: Project) -> None:
    """`scored.quarantine_content`: tonight's content of every row that the ledger of now or of before names."""
    warehouse.execute(
        "create or replace table scored.quarantine_content (source varchar, record_id varchar, raw varchar)"
    )
    for source in project.sources:
        table = f"raw.{source.name}"
        if not warehouse.has(table):
            continue
        name = literal(source.name)
        parts = ", ".join(f"{quoted(column)} := {quoted(column)}" for column in source.columns)
        warehouse.execute(
            f"""insert into scored.quarantine_content
            select {name}, record_id, cast(to_json(struct_pack({parts})) as varchar) from {table_name(table)}
            where record_id in (
                select record_id from scored.quarantine_before where source = {name}
                union select record_id from quarantined.findings where source = {name} and severity = 'critical'
                union select record_id from quarantined.released_findings where source = {name})"""
        )
