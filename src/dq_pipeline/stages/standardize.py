"""validated -> standardized: sources conformed to entities, addresses parsed, names, dates and numbers in one form."""

from pathlib import Path

from dq_pipeline.config import Entity
from dq_pipeline.errors import StageError
from dq_pipeline.parsing.addresses import parse_addresses
from dq_pipeline.run import Run, StageReport
from dq_pipeline.warehouse import Warehouse, file_literal, table_name


def standardize(run: Run) -> StageReport:
    """One record table for each entity, from one SELECT a source and one SELECT an entity."""
    warehouse, rows = run.warehouse, {}
    for path in run.project.lookups():
        rows[f"lookup.{path.stem}"] = load_lookup(run, path)
    for entity in run.project.entities:
        for source in entity.sources:
            name = f"{source}__{entity.name}"
            table = f"standardized.{name}"
            path = run.project.sql_path("standardized", name)
            rows[table] = warehouse.build(table, run.project.sql("standardized", name), where=path)
        conformed = f"standardized.{entity.name}_conformed"
        rows[conformed] = warehouse.build(conformed, conform(warehouse, entity))
        if entity.parser:
            parsed = f"standardized.{entity.name}_parsed"
            # Answers of earlier nights lie beside the working file; without them the result is the same, only later.
            cache = warehouse.path.with_name(f"{entity.name}_parsed.parquet") if warehouse.path else None
            rows[parsed] = parse_addresses(warehouse, conformed, entity.parser.column, parsed, cache)
        rows[f"standardized.{entity.name}"] = warehouse.build(
            f"standardized.{entity.name}",
            run.project.sql("standardized", entity.name),
            where=run.project.sql_path("standardized", entity.name),
        )
        _check_records(run, entity)
    return StageReport(rows)


def conform(warehouse: Warehouse, entity: Entity) -> str:
    """All sources of an entity as one table, columns matched by name; a column that a source lacks is null.

    So is a column of the entity's `columns` that no source has.
    """
    tables = [f"standardized.{source}__{entity.name}" for source in entity.sources]
    selects = [f"select * from {table_name(table)}" for table in tables]
    known = {column for table in tables for column in warehouse.columns(table)}
    missing = [f"cast(null as varchar) as {column}" for column in entity.columns if column not in known]
    if missing:
        selects.append(f"select {', '.join(missing)} where false")
    return "\nunion all by name\n".join(selects)


def load_lookup(run: Run, path: Path) -> int:
    """A lookup table from its CSV, all columns text."""
    options = "header = true, all_varchar = true, delim = ',', quote = '\"', strict_mode = true"
    select = f"select * from read_csv({file_literal(path)}, {options})"
    return run.warehouse.build(f"lookup.{path.stem}", select, where=path)


def _check_records(run: Run, entity: Entity) -> None:
    """No record may be lost or doubled on the way: an entity's SELECT keeps every conformed record once."""
    warehouse, table = run.warehouse, f"standardized.{entity.name}"
    before = warehouse.count(f"{table}_conformed")
    after, distinct = warehouse.rows(f"select count(*), count(distinct record_id) from {table}")[0]
    if not before == after == distinct:
        raise StageError(
            f"{before:,} conformed records became {after:,} rows with {distinct:,} record ids",
            where=run.project.sql_path("standardized", entity.name),
            remedy="look for a join that finds several rows or none; each record_id must come out once",
        )
