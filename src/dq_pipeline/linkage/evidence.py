"""What speaks for and against the pairs that a person may be asked about, comparison by comparison."""

from collections.abc import Sequence
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.comparing import comparable, comparer
from dq_pipeline.linkage.model import ELSE_LABEL
from dq_pipeline.linkage.scoring import weighed_select
from dq_pipeline.warehouse import Warehouse, literal

PRIOR, RELATED = "prior", "related"
_COLUMNS = """record_id_l varchar, record_id_r varchar, place integer, comparison varchar, level varchar, bits float"""


def build_evidence(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> int:
    """Build linked.<entity>_evidence of the pairs in _review, _judgements and _confusable; returns its rows.

    Of the confusable pairs, of which there may be very many, those whose match weight is worth keeping. One row is one
    pair of records and one thing that was weighed, in bits: first the `prior`, then every comparison with values on
    both sides, last what `related` pairs (a household) take off. They add up to the weight of the pair alone. It needs
    linked.<entity>_profile_rows, _frequencies and _weighed.
    """
    name = entity.name
    table, levels = f"linked.{name}_evidence", f"linked.{name}_levels"
    warehouse.execute(f"create or replace table {table} ({_COLUMNS})")
    asked = f"linked.{name}_asked"
    asking = warehouse.build(asked, _asked_select(name))
    if asking and comparable(warehouse, entity):
        with comparer(warehouse, entity) as splink:
            splink.compare(f"select distinct l, r, 0 as rule from {asked}", levels)
        weighed = f"linked.{name}_chunk"
        warehouse.build(weighed, weighed_select(entity, model, splink.comparisons, splink.systems, levels))
        # One after the other: together they would hold a dozen joins in memory.
        for place, part in enumerate(_parts(entity, splink.comparisons)):
            warehouse.execute(f"insert into {table} {_evidence_select(asked, levels, weighed, place, part)}")
        for used in (levels, weighed):
            warehouse.execute(f"drop table {used}")
    warehouse.execute(f"drop table {asked}")
    return warehouse.count(table)


def _asked_select(name: str) -> str:
    """The pairs of records that may be asked about, and their profiles."""
    return f"""with pairs as (
select record_id_l, record_id_r, true as is_asked from linked.{name}_review
union
select record_id_l, record_id_r, true as is_asked from linked.{name}_judgements
union
select record_id_l, record_id_r, false as is_asked from linked.{name}_confusable
),
placed as (
select
    pairs.record_id_l,
    pairs.record_id_r,
    pairs.is_asked,
    least(profiles_l.profile_no, profiles_r.profile_no) as l,
    greatest(profiles_l.profile_no, profiles_r.profile_no) as r
from pairs
inner join linked.{name}_profiles as profiles_l
    on pairs.record_id_l = profiles_l.record_id
inner join linked.{name}_profiles as profiles_r
    on pairs.record_id_r = profiles_r.record_id
)
select distinct
    placed.record_id_l,
    placed.record_id_r,
    placed.l,
    placed.r
from placed
left join linked.{name}_weighed as weighed
    on placed.l = weighed.l
    and placed.r = weighed.r
where placed.is_asked
    or weighed.l is not null"""


def _parts(entity: Entity, comparisons: Sequence[Comparison]) -> list[tuple[str, str, str]]:
    """(what is weighed, SQL of the level's label, SQL of its bits), in the order in which they are told."""
    terms = " + ".join(["weighed.prior", *(f"coalesce(weighed.e_{one.name}, 0)" for one in comparisons)])
    parts = [(PRIOR, "cast(null as varchar)", "weighed.prior")]
    for one in comparisons:
        labels = [*(level.label for level in one.levels), ELSE_LABEL]
        cases = " ".join(f"when {len(labels) - 1 - place} then {literal(label)}" for place, label in enumerate(labels))
        parts.append((one.name, f"case levels.level_{one.name} {cases} end", f"coalesce(weighed.e_{one.name}, 0)"))
    if entity.linkage.related:
        parts.append((RELATED, "cast(null as varchar)", f"weighed.match_weight - ({terms})"))
    return parts


def _evidence_select(asked: str, levels: str, weighed: str, place: int, part: tuple[str, str, str]) -> str:
    comparison, label, bits = part
    known = "" if comparison in (PRIOR, RELATED) else f"\nwhere levels.level_{comparison} >= 0"
    return f"""select
    asked.record_id_l,
    asked.record_id_r,
    {place} as place,
    {literal(comparison)} as comparison,
    {label} as level,
    {bits} as bits
from {asked} as asked
inner join {levels} as levels
    on asked.l = levels.l
    and asked.r = levels.r
inner join {weighed} as weighed
    on asked.l = weighed.l
    and asked.r = weighed.r{known}"""
