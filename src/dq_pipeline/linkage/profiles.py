"""The records as linkage sees them: the entity's input table, and its distinct profiles.

A profile is what all records share that are alike in every column that linkage looks at. Only profiles are compared:
one customer's forty equal orders are one profile. A profile's number follows its smallest record id.
"""

import re

from dq_pipeline.config.entity import Entity, Evidence, Linkage
from dq_pipeline.errors import ConfigError
from dq_pipeline.warehouse import Warehouse


def input_table(entity: Entity) -> str:
    """The table of the records to link."""
    return f"linked.{entity.name}_input"


def input_select(entity: Entity, *, with_clusters: bool = True) -> str:
    """The SELECT of the input: the record table and, as columns, the clusters of entities resolved before.

    `with_clusters` False leaves those columns empty: to bind conditions where nothing is linked yet.
    """
    columns, joins = ["records.*"], []
    for number, evidence in enumerate(entity.evidence, start=1):
        if not with_clusters or evidence.entity is None:
            columns.append(f"cast(null as varchar) as {evidence.column}")
            continue
        columns.append(f"evidence_{number}.cluster_id as {evidence.column}")
        joins.append(
            f"left join ({_evidence_select(evidence)}) as evidence_{number}\n"
            f"    on records.record_id = evidence_{number}.record_id"
        )
    chosen = ",\n    ".join(columns)
    lines = [
        f"-- one row is one record of {entity.name} with the evidence of entities resolved before",
        f"select\n    {chosen}\nfrom standardized.{entity.name} as records",
        *joins,
    ]
    return "\n".join(lines)


def _evidence_select(evidence: Evidence) -> str:
    clusters = f"linked.{evidence.entity}_clusters"
    if evidence.when is None:
        return f"select record_id, cluster_id from {clusters}"
    return f"""select record_id, cluster_id from {clusters}
    where record_id in (select record_id from standardized.{evidence.entity} where {evidence.when})"""


def prepare(warehouse: Warehouse, entity: Entity) -> int:
    """Build linked.<entity>_input; returns its number of records.

    Raises ConfigError where two records bear one record_id or one has none: every later join would be wrong.
    """
    count = warehouse.build(input_table(entity), input_select(entity))
    distinct = warehouse.value(f"select count(distinct record_id) from {input_table(entity)}")
    if distinct != count:
        raise ConfigError(
            f"standardized.{entity.name} has {count} rows but {distinct} record ids",
            where=f"sql/standardized/{entity.name}.sql",
            remedy="make it return exactly one row for every record_id",
        )
    return count


def linkage_texts(linkage: Linkage) -> list[str]:
    """Every SQL text of the linkage that reads a profile's columns; rules on records (`deterministic`) are not."""
    texts = [expression for key in (*linkage.blocking, *linkage.training.prior_rules) for expression in key]
    for comparison in linkage.comparisons:
        texts += [*comparison.columns, *comparison.counted_by, *(level.sql for level in comparison.levels)]
        texts += [column for column in comparison.frequencies() if column] + [comparison.null_sql or ""]
    texts += [text for conflict in linkage.conflicts for text in (conflict.sql, conflict.when or "")]
    if linkage.shield:
        texts.append(linkage.shield.rare or "")
    if linkage.prior_by:
        texts.append(linkage.prior_by)
    return texts


def mentioned(columns: list[str], texts: list[str]) -> list[str]:
    """Those of `columns` that stand in one of the SQL texts, bare or with `_l` or `_r` behind."""
    words = set(re.findall(r"[a-z_][a-z0-9_]*", " ".join(texts).lower()))
    return [column for column in columns if {column, f"{column}_l", f"{column}_r"} & words]


def profile_columns(warehouse: Warehouse, entity: Entity) -> list[str]:
    """The columns of the input in which records of one profile are alike."""
    columns = [column for column in warehouse.columns(input_table(entity)) if column != "record_id"]
    return mentioned(columns, linkage_texts(entity.linkage))


def build_profiles(warehouse: Warehouse, entity: Entity) -> int:
    """Build linked.<entity>_profiles and linked.<entity>_profile_rows; returns the number of profiles."""
    columns = profile_columns(warehouse, entity)
    warehouse.build(
        f"linked.{entity.name}_profiles",
        f"""-- one row is one record and its profile: the records alike in all columns that linkage looks at
with grouped as (
select
    record_id,
    min(record_id) over (partition by {", ".join(columns)}) as profile_id
from {input_table(entity)}
)
select
    record_id,
    profile_id,
    cast(dense_rank() over (order by profile_id) as bigint) as profile_no
from grouped
order by record_id""",
    )
    listed = ",\n    ".join(f"records.{column}" for column in columns)
    return warehouse.build(
        f"linked.{entity.name}_profile_rows",
        f"""-- one row is one profile
select
    profiles.profile_no,
    profiles.profile_id,
    {listed}
from linked.{entity.name}_profiles as profiles
inner join {input_table(entity)} as records
    on profiles.record_id = records.record_id
where profiles.record_id = profiles.profile_id
order by profiles.profile_no""",
    )


def drop_profiles(warehouse: Warehouse, entity: Entity) -> None:
    """Drop what only scoring needs; the table record -> profile stays."""
    warehouse.execute(f"drop table if exists linked.{entity.name}_profile_rows")


def empty_columns(warehouse: Warehouse, entity: Entity) -> set[str]:
    """Columns of the profiles that are null in every row."""
    table = f"linked.{entity.name}_profile_rows"
    columns = list(warehouse.columns(table))
    counts = warehouse.rows(f"select {', '.join(f'count({column})' for column in columns)} from {table}")[0]
    return {column for column, count in zip(columns, counts, strict=True) if count == 0}
