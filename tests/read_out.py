"""What a file of the output folder says, to whoever reads its bytes and to whoever opens it."""

from pathlib import Path

from dq_pipeline.warehouse import Warehouse, literal


def read_out(path: Path) -> bytes:
    """The bytes of a file, and all cells of its tables: a database packs its texts, whose bytes alone prove nothing."""
    held = path.read_bytes()
    if path.suffix == ".duckdb":
        reader = Warehouse(path, read_only=True)
        query = "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
        tables = [table for (table,) in reader.rows(query)]
    elif path.suffix == ".parquet":
        reader, tables = Warehouse(), [f"read_parquet({literal(path)})"]
    else:
        return held
    try:
        return held + "\n".join(repr(reader.rows(f"select * from {table}")) for table in tables).encode()
    finally:
        reader.close()
