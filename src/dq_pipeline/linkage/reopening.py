"""Judgements whose records changed since: opened again with the reason, and in force until answered.

What a record looked like is kept as a mark of each material column: a short hash of its value, '' where it had none.
The marks of a judgement are those that the review queue had in the published night before it, else those of the first
night that applies it. A value that is lost is no reason; a value that is new, or another one, is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.profiles import input_table, mentioned
from dq_pipeline.sql.selects import union_of
from dq_pipeline.warehouse import Warehouse, literal, quoted

_MARKS = "judgement_id varchar, record_id varchar, column_name varchar, mark varchar"
_ALL_MARKS = f"entity varchar, {_MARKS}"
_PLACE = 1_000
_MOST_QUEUED = 10_000


@dataclass(frozen=True)
class Material:
    """A column by which a judgement was made: where it is, and how a reason names it."""

    table: str
    column: str
    name: str


def material_columns(warehouse: Warehouse, entity: Entity, others: Sequence[Entity] = ()) -> list[Material]:
    """The columns by which a judgement was made, those that comparisons read first: what the entity's file declares.

    They are what comparisons and conflicts of the entity look at. An id of an entity resolved before changes with
    the company that its record keeps: the columns which that entity compares stand for it, of the same record.
    """
    table = input_table(entity)
    available = list(warehouse.columns(table))
    evidence = {one.column for one in entity.evidence}
    compared = [column for comparison in entity.linkage.comparisons for column in comparison.columns]
    texts = [text for conflict in entity.linkage.conflicts for text in (conflict.sql, conflict.when or "")]
    listed = dict.fromkeys([*compared, *mentioned(available, texts)])
    own = [Material(table, name, name) for name in listed if name in available and name not in evidence]
    behind = {one.entity for one in entity.evidence}
    for other in (other for other in others if other.name in behind):
        there = [one for one in material_columns(warehouse, other) if one.column not in listed]
        own += [Material(one.table, one.column, f"{other.name}.{one.name}") for one in there]
    return own


def build_marks(warehouse: Warehouse, entity: Entity, others: Sequence[Entity], table: str, records: str) -> int:
    """Build `table`: one row is a material column of one of the records that the SELECT `records` names, and its mark.

    `place` orders the columns. Returns the number of rows.
    """
    selects = [
        f"""select
    records.record_id,
    {literal(one.name)} as column_name,
    {place} as place,
    coalesce(left(md5(cast(records.{quoted(one.column)} as varchar)), 8), '') as mark
from {one.table} as records
where records.record_id in ({records})"""
        for place, one in enumerate(material_columns(warehouse, entity, others))
    ]
    return warehouse.build(
        table, union_of(selects, "record_id varchar, column_name varchar, place integer, mark varchar")
    )


def reopen_judgements(warehouse: Warehouse, entities: Sequence[Entity], previous: Path | None) -> dict[str, int]:
    """Set the status `reopened`, and the columns that changed, in linked.<entity>_judgements; table -> rows.

    `previous` is the published file of the night before: it holds the marks. Those to keep from now on are built as
    linked.<entity>_judged_marks.
    """
    warehouse.recall(previous, "linked.marks_before", "identity.judged_marks", _ALL_MARKS)
    rows = {}
    for number, entity in enumerate(entities):
        name = entity.name
        judged = f"linked.{name}_judgements"
        records = f"select record_id_l from {judged} union select record_id_r from {judged}"
        build_marks(warehouse, entity, entities[:number], f"linked.{name}_marks", records)
        _build_judged_marks(warehouse, name)
        _set_status(warehouse, name)
        rows[judged] = warehouse.count(judged)
        warehouse.execute(f"drop table linked.{name}_marks")
    return rows


def _build_judged_marks(warehouse: Warehouse, name: str) -> None:
    """Build linked.<entity>_judged_marks: a judgement, a record of it, a column, its mark then and tonight.

    `tonight` is null where the record is away; a column that was not looked at then gets tonight's mark.
    """
    warehouse.build(
        f"linked.{name}_judged_marks",
        f"""with sides as (
select judgement_id, record_id_l as record_id from linked.{name}_judgements where status <> 'superseded'
union all
select judgement_id, record_id_r as record_id from linked.{name}_judgements where status <> 'superseded'
),
kept as (
select judgement_id, record_id, column_name, mark
from linked.marks_before
where entity = {literal(name)} and judgement_id is not null
),
queued as (
select record_id, column_name, mark
from linked.marks_before
where entity = {literal(name)} and judgement_id is null
),
looked_at as (
select sides.judgement_id, sides.record_id, marks.column_name
from sides
inner join linked.{name}_marks as marks
    on sides.record_id = marks.record_id
union
select sides.judgement_id, sides.record_id, kept.column_name
from sides
inner join kept
    on sides.judgement_id = kept.judgement_id
    and sides.record_id = kept.record_id
)
select
    looked_at.judgement_id,
    looked_at.record_id,
    looked_at.column_name,
    coalesce(marks.place, {_PLACE}) as place,
    coalesce(kept.mark, queued.mark, marks.mark) as mark,
    marks.mark as tonight
from looked_at
left join kept
    on looked_at.judgement_id = kept.judgement_id
    and looked_at.record_id = kept.record_id
    and looked_at.column_name = kept.column_name
left join queued
    on looked_at.record_id = queued.record_id
    and looked_at.column_name = queued.column_name
left join linked.{name}_marks as marks
    on looked_at.record_id = marks.record_id
    and looked_at.column_name = marks.column_name""",
    )


def _set_status(warehouse: Warehouse, name: str) -> None:
    """Rebuild linked.<entity>_judgements with the status `reopened` where an applied judgement's records changed."""
    warehouse.build(
        f"linked.{name}_judgements",
        f"""with differing as (
select judgement_id, column_name, min(place) as place
from linked.{name}_judged_marks
where tonight <> mark and tonight <> ''
group by judgement_id, column_name
),
found as (
select judgement_id, string_agg(column_name, ',' order by place, column_name) as changed
from differing
group by judgement_id
)
select
    judgements.* replace (
        case
            when judgements.status in ('applied', 'reopened')
                then case when found.changed is null then 'applied' else 'reopened' end
            else judgements.status
        end as status,
        case when judgements.status in ('applied', 'reopened') then found.changed end as changed
    )
from linked.{name}_judgements as judgements
left join found
    on judgements.judgement_id = found.judgement_id
order by judgements.line""",
    )


def remember_marks(warehouse: Warehouse, entities: Sequence[Entity], queue: str) -> None:
    """Build the views linked.all_judged_marks and linked.all_queued_marks, of the judgements and of a review queue.

    `queue` is a table of pairs (entity, priority, record_id_l, record_id_r): if one is judged before the next night,
    its records looked like tonight. Of a long queue nobody sees the end.
    """
    judged, queued = [], []
    for number, entity in enumerate(entities):
        name = literal(entity.name)
        pairs = f"from {queue} where entity = {name} and priority <= {_MOST_QUEUED}"
        records = f"select record_id_l {pairs} union select record_id_r {pairs}"
        build_marks(warehouse, entity, entities[:number], f"linked.{entity.name}_queued_marks", records)
        judged.append(f"select {name} as entity, * from linked.{entity.name}_judged_marks")
        queued.append(f"select {name} as entity, null as judgement_id, * from linked.{entity.name}_queued_marks")
    warehouse.build_view("linked.all_judged_marks", union_of(judged, _ALL_MARKS))
    warehouse.build_view("linked.all_queued_marks", union_of(queued, _ALL_MARKS))
