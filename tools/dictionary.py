"""docs/data-dictionary.md from the comments in a published file: `python -m tools.dictionary [FILE]`."""

import sys
from pathlib import Path

from dq_pipeline.warehouse import Warehouse

TARGET = Path(__file__).parents[1] / "docs/data-dictionary.md"
SCHEMAS = {
    "master": "What is true: customers, places, orders, stock, shipments, re-keyed to stable ids.",
    "identity": "Who is who: which record belongs to which master, why, since when, and which value won.",
    "quality": "What is wrong: scores, defects with their rows, the quarantine, and what to repair first.",
    "ops": "How it was made: runs, stages, sources, the model in force.",
}


def dictionary(published: Path) -> str:
    """The data dictionary of a published file as Markdown."""
    reader = Warehouse(published, read_only=True)
    try:
        lines = [
            "# Data dictionary",
            "",
            "Made by `make docs` from the comments in the published file; the sample project's tables are shown.",
            "Open the file with `duckdb output/published/truth.duckdb`, or attach it from any DuckDB 1.2 or newer.",
        ]
        for schema, purpose in SCHEMAS.items():
            lines += ["", f"## {schema}", "", purpose]
            for table, comment in reader.rows(
                """select table_name, comment from duckdb_tables() where schema_name = $1
                union all select view_name, comment from duckdb_views() where schema_name = $1 order by table_name""",
                [schema],
            ):
                lines += [
                    "",
                    f"### {schema}.{table}",
                    "",
                    comment,
                    "",
                    "| column | type | what it is |",
                    "| --- | --- | --- |",
                ]
                lines += [
                    f"| {column} | {kind.lower()} | {remark} |"
                    for column, kind, remark in columns(reader, schema, table)
                ]
    finally:
        reader.close()
    return "\n".join(lines) + "\n"


def columns(reader: Warehouse, schema: str, table: str) -> list[tuple[str, ...]]:
    """Name, type and comment of each column, in order."""
    return reader.rows(
        """select column_name, data_type, comment from duckdb_columns()
        where schema_name = ? and table_name = ? order by column_index""",
        [schema, table],
    )


if __name__ == "__main__":
    found = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("output/published/truth.duckdb")
    TARGET.write_text(dictionary(found.resolve()), encoding="utf-8")
    print(f"wrote {TARGET}")
