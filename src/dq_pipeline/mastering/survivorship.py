"""Which record's value wins a field: golden records and their provenance, from the rules declared in the entity's YAML.

The one place that generates SQL: a field is one ranking of the records that have a value, by a total order.
"""

from collections.abc import Sequence

from dq_pipeline.config import Entity, GoldenField
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal, quoted


def build_records(warehouse: Warehouse, entity: Entity) -> int:
    """`mastered.<entity>_records`: the standardized records with their master id and those of the evidence entities."""
    evidence_columns = "".join(
        f",\n    evidence_{index}.master_id as {quoted(evidence.column)}"
        for index, evidence in enumerate(entity.evidence)
    )
    evidence_joins = "".join(
        f"""
left join mastered.xref as evidence_{index}
    on evidence_{index}.entity = {literal(evidence.entity)}
    and evidence_{index}.record_id = records.record_id"""
        for index, evidence in enumerate(entity.evidence)
    )
    select = f"""select
    xref.master_id as {entity.id_column},
    records.*{evidence_columns}
from standardized.{entity.name} as records
join mastered.xref as xref
    on xref.entity = {literal(entity.name)}
    and xref.record_id = records.record_id{evidence_joins}"""
    return warehouse.build(f"mastered.{entity.name}_records", select)


def build_golden(warehouse: Warehouse, entity: Entity) -> dict[str, int]:
    """`mastered.<entity>_golden`, one row a master id, and this entity's rows of `mastered.winners`."""
    for golden_field in entity.golden.fields:
        warehouse.build(_winner_table(entity, golden_field), _winners(entity, golden_field))
    rows = {f"mastered.{entity.name}_golden": warehouse.build(f"mastered.{entity.name}_golden", _golden(entity))}
    for golden_field in entity.golden.fields:
        warehouse.execute(f"insert into mastered.winners {_provenance(entity, golden_field)}")
        warehouse.execute(f"drop table {_winner_table(entity, golden_field)}")
    return rows


def create_provenance(warehouse: Warehouse) -> None:
    """The empty table of winners, filled entity by entity, and `mastered.provenance`, which shows it."""
    warehouse.execute(
        """create or replace table mastered.winners (
            entity varchar, master_id varchar, field varchar, value varchar,
            record_id varchar, rule varchar, losing_values varchar[]
        )"""
    )
    warehouse.build_view("mastered.provenance", engine_select("mastered", "provenance"))


def golden_comments(entity: Entity) -> tuple[str, dict[str, str]]:
    """Comments for a golden table that is published as it is: of the table and of its columns."""
    columns = {entity.id_column: f"the stable id of the {entity.name}", "records": "how many records it was made of"}
    for golden_field in entity.golden.fields:
        for column in golden_field.taken():
            columns[column] = golden_field.title or f"{column.replace('_', ' ')} (rule: {golden_field.rule})"
    return f"One row is one {entity.name}: the golden record of all records that mean it.", columns


def _winner_table(entity: Entity, golden_field: GoldenField) -> str:
    return f"mastered.{entity.name}_winner_{golden_field.name}"


def _order(entity: Entity, golden_field: GoldenField, value: str) -> str:
    """The total order in which records are asked for a value; the first that has one wins."""
    sources = "".join(f" when {literal(name)} then {rank}" for rank, name in enumerate(entity.golden.trust))
    # Without an order of trust all sources are trusted alike.
    trust = f"case source{sources} else {len(entity.golden.trust)} end" if sources else "true"
    newest = f"{quoted(entity.golden.dated_by)} desc nulls last"
    rules: dict[str, Sequence[str]] = {
        "most_recent": (newest, trust),
        "most_trusted": (trust, newest),
        "most_frequent": ("_frequency desc", trust, newest),
        "longest": (f"length(cast({value} as varchar)) desc", "_frequency desc", newest),
        "oldest": (f"{quoted(entity.golden.dated_by)} asc nulls last", trust),
    }
    valid = [f"case when {golden_field.valid} then 0 else 1 end"] if golden_field.valid else []
    # Of columns that are taken together the first is the one that a reader looks for.
    filled = [f"case when {value} is null then 1 else 0 end"] if len(golden_field.taken()) > 1 else []
    return ", ".join([*valid, *filled, *rules[golden_field.rule], "record_id"])


def _winners(entity: Entity, golden_field: GoldenField) -> str:
    """One row a master id that has a value: the winning record, its values, and the values that lost.

    Columns that begin with `_` are this SELECT's own: an entity may well have a `frequency` or a `choice`.
    """
    taken = [quoted(column) for column in golden_field.taken()]
    value, table = taken[0], f"mastered.{entity.name}_records"
    columns = ", ".join(f"ranked.{column}" for column in taken)
    order = _order(entity, golden_field, value)
    # To count is to sort all records once more, and few rules ask how often a value is said.
    counted = f", count(*) over (partition by {entity.id_column}, {value}) as _frequency"
    return f"""
        with candidates as (
            select *{counted if "_frequency" in order else ""}
            from {table}
            where {" or ".join(f"{column} is not null" for column in taken)}
        ), ranked as (
            select {entity.id_column} as _master_id, record_id, {", ".join(taken)},
                row_number() over (
                    partition by {entity.id_column} order by {order}
                ) as _choice
            from candidates
        ), losers as (
            select ranked._master_id,
                list_sort(list(distinct cast(ranked.{value} as varchar))) as _losing_values
            from ranked
            join ranked as winner
                on winner._master_id = ranked._master_id
                and winner._choice = 1
                and winner.{value} <> ranked.{value}
            where ranked._choice > 1
            group by ranked._master_id
        )
        select ranked._master_id, ranked.record_id, {columns}, losers._losing_values
        from ranked
        left join losers on losers._master_id = ranked._master_id
        where ranked._choice = 1"""


def _golden(entity: Entity) -> str:
    """One row a master id with all its fields."""
    columns: list[str] = []
    joins: list[str] = []
    for index, golden_field in enumerate(entity.golden.fields):
        field, table = f"field_{index}", _winner_table(entity, golden_field)
        columns.extend(f"{field}.{quoted(column)}" for column in golden_field.taken())
        joins.append(f"left join {table} as {field} on {field}._master_id = masters._master_id")
    listed, joined = ",\n            ".join(columns), "\n        ".join(joins)
    return f"""
        with masters as (
            select {entity.id_column} as _master_id, count(*) as records
            from mastered.{entity.name}_records
            group by {entity.id_column}
        )
        select
            masters._master_id as {entity.id_column},
            {listed},
            masters.records
        from masters
        {joined}"""


def _provenance(entity: Entity, golden_field: GoldenField) -> str:
    value = quoted(golden_field.taken()[0])
    return f"""
        select {literal(entity.name)}, _master_id, {literal(golden_field.name)}, cast({value} as varchar),
            record_id, {literal(golden_field.rule)}, coalesce(_losing_values, [])
        from {_winner_table(entity, golden_field)}"""
