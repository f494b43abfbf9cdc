"""The published file: which working table becomes which table of the contract, with a comment on every column."""

from pathlib import Path

import sqlglot
from sqlglot import exp

from dq_pipeline.config import Project
from dq_pipeline.errors import StageError
from dq_pipeline.lookup import CARDS, KEYS, build_lookup, lookup_select
from dq_pipeline.mastering.survivorship import golden_comments
from dq_pipeline.sql.selects import comments, engine_select
from dq_pipeline.warehouse import Warehouse, literal, quoted

_REMEDY = "look at the disk, then `dq run` again; what was published before stays as it was"
IDENTITY = (
    *("xref", "id_history", "provenance", "edges", "review_queue", "review_evidence", "judgements"),
    *("judged_marks", "judged_accuracy", "known_records", "record_contents", "redirects"),
)
IDENTITY_VIEWS = ("resolve",)
QUALITY_VIEWS = ("current_quarantine",)
QUALITY = (
    *("scorecard", "rule_results", "issues", "issue_rows", "quarantine", "action_plan", "trend"),
    *("anomalies", "profile_history", "touchpoint_history"),
    *("failed_orders", "attribution", "attribution_summary", "action_history", "action_orders"),
    *("touchpoint_matrix", "touchpoint_service"),
    *("service_metrics", "minimum_standard", "standard_rows"),
)
OPS = ("runs", "stages", "sources", "model", "model_drift", "schema_changes")


def master_tables(project: Project) -> list[str]:
    """Names of the tables in `master`: the declared ones, and entities that no declared one shapes."""
    declared = list(project.settings.mastered)
    return declared + [entity.name for entity in project.entities if entity.name not in declared]


def published_tables(project: Project) -> dict[str, str]:
    """Published table -> the working table that it is a copy of."""
    tables = {f"master.{name}": f"mastered.{name}" for name in master_tables(project)}
    tables |= {f"identity.{name}": f"mastered.{name}" for name in IDENTITY}
    tables |= {f"quality.{name}": f"scored.{name}" for name in (*QUALITY, *project.settings.scored)}
    return tables | {f"ops.{name}": f"scored.ops_{name}" for name in OPS}


def published_views(project: Project) -> dict[str, str]:
    """Published view -> its SELECT, which names tables as in the run's working file."""
    views = {f"master.{name}": project.sql("mastered", name) for name in project.settings.views}
    views |= {f"identity.{name}": engine_select("mastered", name) for name in IDENTITY_VIEWS}
    return views | {f"quality.{name}": engine_select("scored", name) for name in QUALITY_VIEWS}


def table_comments(project: Project, published: str) -> tuple[str, dict[str, str]]:
    """The comment of a published table and of its columns, from the remarks in the SELECT that makes it."""
    schema, name = published.split(".")
    if published in (KEYS, CARDS):
        return comments(lookup_select(project, published))
    if schema == "master":
        if project.sql_path("mastered", name).exists():
            return comments(project.sql("mastered", name))
        return golden_comments(project.entity(name))
    if schema == "quality" and name in project.settings.scored:
        return comments(project.sql("scored", name))
    return comments(engine_select({"identity": "mastered", "quality": "scored", "ops": "published"}[schema], name))


def write_published(warehouse: Warehouse, project: Project, path: Path) -> dict[str, int]:
    """Write the published file beside the run's working file; published table -> rows. Rows are in a fixed order."""
    warehouse.attach(path, "release", read_only=False, encrypted=project.settings.permissions.encrypted)
    rows = {}
    try:
        for schema in ("master", "identity", "quality", "ops"):
            warehouse.execute(f"create schema release.{schema}")
        for published, working in published_tables(project).items():
            target = f"release.{published}"
            warehouse.execute(f"create table {target} as select * from {working} order by all")
            _comment(warehouse, "table", target, *table_comments(project, published))
            rows[published] = warehouse.count(target)
        for published, (working, order) in build_lookup(warehouse, project).items():
            # Sorted by what is searched, so that a search reads few groups of rows.
            target = f"release.{published}"
            warehouse.execute(f"create table {target} as select * from {working} order by {order}")
            _comment(warehouse, "table", target, *table_comments(project, published))
            rows[published] = warehouse.count(target)
            if published == CARDS:
                # A card is fetched by its id: without an index, five of them are five groups of wide rows.
                warehouse.execute(f"create index lookup_cards_by_id on {target} ({order})")
        for published, select in published_views(project).items():
            # A view names its tables as its own file does; reading it, `release` is the name of nothing.
            warehouse.execute("use release")
            try:
                warehouse.execute(f"create view {published} as {in_published_names(select, project)}")
            finally:
                warehouse.execute("use memory" if warehouse.path is None else f"use {quoted(warehouse.path.stem)}")
            _comment(warehouse, "view", f"release.{published}", *table_comments(project, published))
            rows[published] = warehouse.count(f"release.{published}")
        warehouse.execute("checkpoint release")
    finally:
        warehouse.detach("release")
    return rows


def in_published_names(select: str, project: Project) -> str:
    """A SELECT on `mastered.x` or `scored.x` as one on `master.x`, `identity.x` or `quality.x`, as published."""
    identity = {name for name in IDENTITY if name not in master_tables(project)}

    def schema_of(working: str, table: str) -> str:
        return "quality" if working == "scored" else "identity" if table in identity else "master"

    def renamed(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Table) and node.db in ("mastered", "scored"):
            node.set("db", exp.to_identifier(schema_of(node.db, node.name)))
        elif isinstance(node, exp.Column) and node.text("db") in ("mastered", "scored"):
            node.set("db", exp.to_identifier(schema_of(node.text("db"), node.table)))
        return node

    return sqlglot.parse_one(select, dialect="duckdb").transform(renamed).sql(dialect="duckdb", comments=False)


def _comment(warehouse: Warehouse, kind: str, target: str, of_table: str, of_columns: dict[str, str]) -> None:
    warehouse.execute(f"comment on {kind} {target} is {literal(of_table)}")
    for column in warehouse.columns(target):
        remark = of_columns.get(column)
        if not remark:
            raise StageError(
                f"column {column} of {target.removeprefix('release.')} has no remark",
                remedy=f"write `{column}, -- what it is` in the SELECT that makes it",
            )
        warehouse.execute(f"comment on column {target}.{quoted(column)} is {literal(remark)}")


def verify_published(path: Path, expected: dict[str, int]) -> None:
    """Open the file as a reader would and read every row of every table; raises StageError where one is not whole."""
    reader = Warehouse(path, read_only=True)
    try:
        for table, rows in expected.items():
            columns = ", ".join(f"hash({quoted(column)})" for column in reader.columns(table))
            found = reader.rows(f"select count(*), bit_xor(hash({columns})) from {table}")[0][0]
            if found != rows:
                raise StageError(
                    f"{table} has {found:,} rows after writing, {rows:,} before", where=path, remedy=_REMEDY
                )
    finally:
        reader.close()
