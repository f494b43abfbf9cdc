"""Components that hold a conflict, taken apart: linked.<entity>_links -> linked.<entity>_repaired.

Conflicts are found in SQL between the distinct values of a component. Only components that hold one are joined again in
Python, along their heaviest links, never two sides in conflict.
"""

from collections import defaultdict
from typing import Any

from dq_pipeline.config.entity import Conflict, Entity
from dq_pipeline.linkage.profiles import input_table, mentioned
from dq_pipeline.linkage.unionfind import Disagreement, join_without_conflict
from dq_pipeline.warehouse import Warehouse, literal

JUDGED = "judgement"
JUDGED_DIFFERENT = "judged_different"


def build_traits(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_traits: one row is one linked record and a trait of it that may be in conflict.

    A trait is the values that conflicts look at, named by the smallest record that has them (few differ in a
    component, where its records may be many), or the group of records judged the same (`group:`).
    """
    columns = _conflict_columns(warehouse, entity)
    values = ", ".join(f"records.{column}" for column in columns)
    trait = f"min(records.record_id) over (partition by {values})" if columns else "cast(null as varchar)"
    warehouse.build(
        f"linked.{entity.name}_traits",
        f"""with valued as (
select
    components.component_id,
    records.record_id,
    {trait} as trait
from linked.{entity.name}_components as components
inner join {input_table(entity)} as records
    on components.record_id = records.record_id
)
select
    component_id,
    record_id,
    trait
from valued
where trait is not null
union all
select
    components.component_id,
    components.record_id,
    'group:' || groups.group_id as trait
from linked.{entity.name}_components as components
inner join linked.{entity.name}_judged_groups as groups
    on components.record_id = groups.record_id""",
    )


def _conflict_columns(warehouse: Warehouse, entity: Entity) -> list[str]:
    texts = [text for conflict in entity.linkage.conflicts for text in (conflict.sql, conflict.when or "")]
    return mentioned(list(warehouse.columns(input_table(entity))), texts)


def build_enemies(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_enemies: one row is two traits of one component in conflict, and the conflict's name."""
    columns = _conflict_columns(warehouse, entity)
    selects = [
        f"""select distinct
    l.component_id,
    l.trait as trait_l,
    r.trait as trait_r,
    '{JUDGED_DIFFERENT}' as conflict
from linked.{entity.name}_judged_apart as apart
inner join linked.{entity.name}_traits as l
    on l.trait = 'group:' || apart.group_l
inner join linked.{entity.name}_traits as r
    on r.trait = 'group:' || apart.group_r
    and l.component_id = r.component_id"""
    ]
    selects += [
        f"""select
    component_id,
    trait_l,
    trait_r,
    {literal(conflict.name)} as conflict
from pairs
where {conflict.sql}"""
        for conflict in entity.linkage.conflicts
    ]
    both = "".join(f",\n    a.{column} as {column}_l,\n    b.{column} as {column}_r" for column in columns)
    warehouse.build(
        f"linked.{entity.name}_enemies",
        f"""with held as (
select distinct
    component_id,
    trait
from linked.{entity.name}_traits
where not starts_with(trait, 'group:')
),
pairs as (
select
    l.component_id,
    l.trait as trait_l,
    r.trait as trait_r{both}
from held as l
inner join held as r
    on l.component_id = r.component_id
    and l.trait < r.trait
inner join {input_table(entity)} as a
    on l.trait = a.record_id
inner join {input_table(entity)} as b
    on r.trait = b.record_id
)
"""
        + "\nunion all\n".join(selects),
    )


def repair(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_repaired: one row is one record of a component in conflict and its cluster."""
    name = entity.name
    ill = f"(select distinct component_id from linked.{name}_enemies)"
    links = _by_component(
        warehouse,
        f"""select components.component_id, links.record_id_l, links.record_id_r, links.match_weight, links.match_reason
        from linked.{name}_links as links
        inner join linked.{name}_components as components on links.record_id_l = components.record_id
        where components.component_id in {ill}""",
    )
    traits = _by_component(
        warehouse, f"select component_id, record_id, trait from linked.{name}_traits where component_id in {ill}"
    )
    enemies = _by_component(warehouse, f"select component_id, conflict, trait_l, trait_r from linked.{name}_enemies")
    counted = _counted_traits(warehouse, entity, ill)
    repaired: list[tuple[str, str]] = []
    for component in sorted(enemies):
        found, pairs = links[component], enemies[component]
        clusters = join_without_conflict(
            {record for record, _ in traits[component]},
            ((left, right) for left, right, _, reason in found if reason == JUDGED),
            ((left, right, weight) for left, right, weight, reason in found if reason != JUDGED),
            _multimap(traits[component]),
            _mutual([(left, right) for conflict, left, right in pairs if conflict not in counted]),
            [_disagreement(one, counted[one.name], traits[component], pairs) for one in _tolerated(entity)],
        )
        repaired += sorted(clusters.items())
    _write_repaired(warehouse, f"linked.{name}_repaired", repaired)


def _tolerated(entity: Entity) -> list[Conflict]:
    return [conflict for conflict in entity.linkage.conflicts if conflict.tolerance]


def _counted_traits(warehouse: Warehouse, entity: Entity, ill: str) -> dict[str, set[str]]:
    """For each conflict with a tolerance, the traits whose records it counts."""
    return {
        conflict.name: {
            trait
            for (trait,) in warehouse.rows(
                f"""select distinct traits.trait from linked.{entity.name}_traits as traits
                inner join (select * from {input_table(entity)} where {conflict.when}) as records
                    on traits.trait = records.record_id
                where traits.component_id in {ill}"""
            )
        }
        for conflict in _tolerated(entity)
    }


def _disagreement(
    conflict: Conflict, counted: set[str], traits: list[tuple[str, str]], enemies: list[tuple[str, str, str]]
) -> Disagreement:
    return Disagreement(
        conflict.tolerance,
        {record: trait for record, trait in traits if trait in counted},
        _mutual([(left, right) for name, left, right in enemies if name == conflict.name]),
    )


def _mutual(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    return _multimap([*pairs, *((right, left) for left, right in pairs)])


def _write_repaired(warehouse: Warehouse, table: str, repaired: list[tuple[str, str]]) -> None:
    warehouse.build(table, "select cast(null as varchar) as record_id, cast(null as varchar) as cluster_id where false")
    for start in range(0, len(repaired), 10_000):
        part = repaired[start : start + 10_000]
        values = ", ".join(f"({literal(record)}, {literal(found)})" for record, found in part)
        warehouse.execute(f"insert into {table} values {values}")


def _by_component(warehouse: Warehouse, query: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of a query by their first column, which is left out of them."""
    grouped: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for component, *rest in warehouse.rows(query):
        grouped[component].append(tuple(rest))
    return grouped


def _multimap(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return grouped
