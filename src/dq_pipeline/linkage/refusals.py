"""What forbids a merge, whatever its weight: a judgement, a hard conflict, too large a cluster, no strong evidence.

The last is the namesake shield: two clusters stay two unless the strong comparisons of one of their pairs (all but
names) together reach the declared odds.
"""

import math

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.profiles import mentioned
from dq_pipeline.linkage.weighing import weight_of
from dq_pipeline.warehouse import Warehouse, literal

JUDGED_DIFFERENT = "judged_different"
OVERSIZE = "oversize"
NO_STRONG = "no_strong_evidence"
CONFLICT = "conflict:"


def build_refusals(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_refused (a, b, weight, reason) of the pairs of clusters in linked.<entity>_best.

    Every pair of units of the two clusters is looked at, compared before or not. The conflicts of a record that a
    steward judged the same as another do not count: the steward knew better what it is.
    """
    name = entity.name
    conflicts, shield = entity.linkage.conflicts, entity.linkage.shield
    counts = "".join(
        f",\n    count(*) filter (where not is_told and ({one.sql})) as conflict_{number},\n"
        f"    count(*) filter (where counted_{number}_l and counted_{number}_r) as counted_{number}"
        for number, one in enumerate(conflicts)
    )
    cases = "\n".join(
        f"        when conflict_{number} > {one.tolerance!r} * counted_{number} "
        f"and counted_{number} >= {one.records**2} "
        f"and least(sizes_a.size, sizes_b.size) >= {one.records} then {literal(CONFLICT + one.name)}"
        for number, one in enumerate(conflicts)
    )
    unshielded = f"coalesce(strong, 0) < {shield_weight(entity)!r} and not is_rare" if shield else "false"
    warehouse.build(
        f"linked.{name}_refused",
        f"""with told as (
select unit
from linked.{name}_judged_units
where group_id in (select group_id from linked.{name}_judged_units group by group_id having count(*) > 1)
),
crossed as (
{_crossed_select(warehouse, entity)}
),
counted as (
select
    a,
    b,
    any_value(weight) as weight,
    any_value(strong) as strong,
    coalesce(bool_or({shield.rare if shield and shield.rare else "false"}), false)
    and any_value(weight) >= {weight_of(shield.rare_probability) if shield else 0!r} as is_rare{counts}
from crossed
group by a, b
),
judged as (
select distinct
    members_l.cluster as one,
    members_r.cluster as other
from linked.{name}_judged_apart as apart
inner join linked.{name}_judged_units as judged_l
    on apart.group_l = judged_l.group_id
inner join linked.{name}_judged_units as judged_r
    on apart.group_r = judged_r.group_id
inner join linked.{name}_members as members_l
    on judged_l.unit = members_l.unit
inner join linked.{name}_members as members_r
    on judged_r.unit = members_r.unit
),
reasoned as (
select
    counted.a,
    counted.b,
    counted.weight,
    case
        when judged.one is not null then '{JUDGED_DIFFERENT}'
        when counted.weight >= 2000 then null
{cases}
        when counted.weight >= 1000 then null
        when sizes_a.size + sizes_b.size > {entity.linkage.max_cluster_size} then '{OVERSIZE}'
        when {unshielded} then '{NO_STRONG}'
    end as reason
from counted
inner join linked.{name}_sizes as sizes_a
    on counted.a = sizes_a.cluster
inner join linked.{name}_sizes as sizes_b
    on counted.b = sizes_b.cluster
left join judged
    on least(judged.one, judged.other) = counted.a
    and greatest(judged.one, judged.other) = counted.b
)
select distinct
    a,
    b,
    weight,
    reason
from reasoned
where reason is not null""",
    )


def _crossed_select(warehouse: Warehouse, entity: Entity) -> str:
    """A SELECT of all pairs of units of two clusters, with the columns that conflicts and strong levels look at."""
    name = entity.name
    rows = f"linked.{name}_profile_rows"
    texts = [one.sql for one in entity.linkage.conflicts]
    if entity.linkage.shield:
        texts.append(entity.linkage.shield.rare or "")
    columns = mentioned(list(warehouse.columns(rows)), texts)
    counted = "".join(
        f",\n    {f'coalesce(({one.when}), false)' if one.when else 'true'} as counted_{number}"
        for number, one in enumerate(entity.linkage.conflicts)
    )
    both = "".join(f",\n    l.{column} as {column}_l,\n    r.{column} as {column}_r" for column in columns)
    both += "".join(
        f",\n    l.counted_{number} as counted_{number}_l,\n    r.counted_{number} as counted_{number}_r"
        for number in range(len(entity.linkage.conflicts))
    )
    listed = "".join(f",\n    {column}" for column in columns)
    side = f"(select profile_no{listed}{counted} from {rows})"
    return f"""select
    best.a,
    best.b,
    best.weight,
    best.strong,
    members_l.unit in (select unit from told) or members_r.unit in (select unit from told) as is_told{both}
from linked.{name}_best as best
inner join linked.{name}_members as members_l
    on best.a = members_l.cluster
inner join linked.{name}_members as members_r
    on best.b = members_r.cluster
inner join {side} as l
    on members_l.profile_no = l.profile_no
inner join {side} as r
    on members_r.profile_no = r.profile_no"""


def shield_weight(entity: Entity) -> float:
    """What the strong comparisons of some pair must be worth for a merge, in bits."""
    return math.log2(entity.linkage.shield.odds) if entity.linkage.shield else -math.inf


def conflict_sql(entity: Entity) -> str:
    """An SQL expression on a pair: the name of the first conflict that holds, or null."""
    if not entity.linkage.conflicts:
        return "cast(null as varchar)"
    cases = "\n        ".join(f"when {c.sql} then {literal(c.name)}" for c in entity.linkage.conflicts)
    return f"case\n        {cases}\n    end"
