"""docs/er-diagram.md from the catalogue of a published file: `python -m tools.diagram [FILE]`.

A column's comment says what it points to (`who: customer.customer_id`). Where such a column is unique in its table,
that is a key and the comment a reference. Names without a schema are of the column's own schema, else of master.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from dq_pipeline.warehouse import Warehouse, quoted
from tools.dictionary import SCHEMAS

TARGET = Path(__file__).parents[1] / "docs/er-diagram.md"
_NAMED = re.compile(r"(?<![\w./])(?:([a-z_]\w*)\.)?([a-z_]\w*)\.([a-z_]\w*)(?![\w./]*\w)")

Column = tuple[str, str, str]


@dataclass(frozen=True)
class Reference:
    """A column of a published table that points to a key of another: each schema, table, column."""

    source: Column
    target: Column


def references(reader: Warehouse) -> list[Reference]:
    """What the comments of a published file declare, in the order of the catalogue."""
    catalogue = reader.rows(
        f"""select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()
        where schema_name in ({", ".join(f"'{schema}'" for schema in SCHEMAS)})
        order by schema_name, table_name, column_index"""
    )
    known = {(schema, table, column) for schema, table, column, _, _ in catalogue}
    unique: dict[Column, bool] = {}
    found = []
    for schema, table, column, _, comment in catalogue:
        for named_schema, named_table, named_column in _NAMED.findall(comment):
            for own in [named_schema] if named_schema else [schema, "master"]:
                target = (own, named_table, named_column)
                if target in known and target[:2] != (schema, table):
                    if target not in unique:
                        unique[target] = _is_unique(reader, target)
                    if unique[target]:
                        found.append(Reference((schema, table, column), target))
                    break
    return list(dict.fromkeys(found))


def _is_unique(reader: Warehouse, column: Column) -> bool:
    schema, table, name = column
    rows, filled, different = reader.rows(
        f"select count(*), count({quoted(name)}), count(distinct {quoted(name)}) from {schema}.{quoted(table)}"
    )[0]
    return bool(rows == filled == different)


def diagram(published: Path) -> str:
    """The page: a diagram for each schema whose columns point somewhere, and the references as a table."""
    reader = Warehouse(published, read_only=True)
    try:
        found = references(reader)
        kinds = {
            (schema, table, column): re.sub(r"\W.*", "", kind.lower())
            for schema, table, column, kind in reader.rows(
                "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            )
        }
    finally:
        reader.close()
    lines = [
        "# How the tables hang together",
        "",
        "Made by `make docs` from the published file: a column's comment names the column that it points to, and",
        "only what is unique there is a key. A line reads: one row on the left, any number on the right. Only keys are",
        "drawn; all columns are in the [data dictionary](data-dictionary.md). In schema `identity` the column",
        "`master_id` is the id of the master that `entity` names (`customer_id`, `address_id`), and `record_id` is a",
        "record of a source, `<source>:<key>`.",
    ]
    for schema in SCHEMAS:
        own = [one for one in found if one.source[0] == schema]
        if own:
            lines += ["", f"## {schema}", "", "```mermaid", "erDiagram", *_drawn(own, kinds), "```", ""]
            lines += ["| column | points to |", "| --- | --- |"]
            lines += [f"| {'.'.join(one.source[1:])} | {'.'.join(one.target)} |" for one in own]
    return "\n".join(lines) + "\n"


def _drawn(found: list[Reference], kinds: dict[Column, str]) -> list[str]:
    keys = {one.target for one in found}
    pointing = {one.source for one in found}
    lines = []
    for schema, table in sorted({column[:2] for column in keys | pointing}):
        lines.append(f'    {schema}_{table}["{schema}.{table}"] {{')
        for column in sorted(one for one in keys | pointing if one[:2] == (schema, table)):
            marks = ", ".join(mark for mark, held in (("PK", keys), ("FK", pointing)) if column in held)
            lines.append(f"        {kinds[column]} {column[2]} {marks}")
        lines.append("    }")
    lines += [f'    {"_".join(one.target[:2])} ||--o{{ {"_".join(one.source[:2])} : "{one.source[2]}"' for one in found]
    return lines


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("output/published/truth.duckdb")
    TARGET.write_text(diagram(place.resolve()), encoding="utf-8")
    print(f"wrote {TARGET}")
