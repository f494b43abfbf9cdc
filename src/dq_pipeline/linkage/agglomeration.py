"""Clusters, not components: clusters are joined in rounds on the evidence of all their pairs, best first.

A cluster's evidence in a comparison is a soft maximum over the pairs of records between the two clusters (the
log-mean-exp of their evidence): what one pair lacks another may have. Pairs never compared, or hopeless, count against
a merge. In each round every two clusters that are each other's best are joined, if nothing forbids it; then their pairs
are summed up, for the sums behind a log-mean-exp add up when clusters merge. Rounds end when no two can be joined.
"""

import math
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.refusals import build_refusals
from dq_pipeline.linkage.weighing import LIMIT, match_weight_sql, partial_shares, strong_weight_sql, weight_of
from dq_pipeline.warehouse import Warehouse

SOFTNESS = 3 / math.log(2)  # of the maximum, in bits: the smaller, the more the best pair alone decides
UNSEEN = -3 / math.log(2)  # what a pair that was never compared counts, in bits
RULED = 1000.0  # the weight of a deterministic rule, and one more for each that stands behind it
JUDGED = 2000.0  # the weight of a steward's `same`
PAIRS_AT_ONCE = 3_000_000  # pairs summed up at once: bounds memory, for most pairs of clusters have one pair each


def build_pairs(warehouse: Warehouse, entity: Entity, comparisons: list[Comparison]) -> None:
    """Build linked.<entity>_pairs from _weighed and _ties: one row is two clusters and the sums of their evidence."""
    name = entity.name
    # Narrow, and counted: what the pairs are joined with is then the side of the join that is held in memory.
    warehouse.build(
        f"linked.{name}_reached",
        f"""select members.unit, members.cluster from linked.{name}_members as members
        semi join linked.{name}_reach as reach on members.unit = reach.profile_no""",
    )
    rows = warehouse.count(f"linked.{name}_weighed") + warehouse.count(f"linked.{name}_ties")
    parts = max(-(-rows // PAIRS_AT_ONCE), 1)
    for part in range(parts):
        select = f"""with found as (
{_pair_rows(entity, comparisons, part, parts)}
)
{_summed("found", entity, comparisons)}"""
        if part:
            warehouse.execute(f"insert into linked.{name}_pairs by name {select}")
        else:
            warehouse.build(f"linked.{name}_pairs", select)
    warehouse.execute(f"drop table linked.{name}_reached")


def _sums(entity: Entity, comparisons: list[Comparison]) -> list[str]:
    """The names of the summed columns: of each comparison the soft sum and the count, and the partial soft sums."""
    names = [f"{kind}_{one.name}" for one in comparisons for kind in ("s", "k")]
    return names + [f"h_{related}_{comparison}" for related, comparison, _ in partial_shares(entity, comparisons)]


def _pair_rows(entity: Entity, comparisons: list[Comparison], part: int, parts: int) -> str:
    """A SELECT of one of several parts: all rows of two clusters are in the same."""
    name = entity.name
    in_part = f"(members_l.cluster + members_r.cluster) % {parts} = {part}"
    columns = []
    for one in comparisons:
        columns.append(f"coalesce(power(2.0, e_{one.name} / {SOFTNESS!r}), 0) as s_{one.name}")
        columns.append(f"cast(e_{one.name} is not null as integer) as k_{one.name}")
    for related, comparison, share in partial_shares(entity, comparisons):
        columns.append(
            f"coalesce(power({share!r} * power(2.0, e_{comparison}) + {1 - share!r}, {1 / SOFTNESS!r}), 0) "
            f"as h_{related}_{comparison}"
        )
    evidence = "".join(f",\n    {column}" for column in columns)
    nothing = "".join(f",\n    0 as {column}" for column in _sums(entity, comparisons))
    return f"""select
    least(members_l.cluster, members_r.cluster) as a,
    greatest(members_l.cluster, members_r.cluster) as b,
    1 as pairs,
    prior,
    cast(0 as double) as tie,
    {strong_weight_sql(comparisons)} as strong{evidence}
from linked.{name}_weighed as weighed
inner join linked.{name}_reached as members_l
    on weighed.l = members_l.unit
inner join linked.{name}_reached as members_r
    on weighed.r = members_r.unit
    and members_l.cluster <> members_r.cluster
where weighed.l < weighed.r
    and {in_part}
union all by name
select
    least(members_l.cluster, members_r.cluster) as a,
    greatest(members_l.cluster, members_r.cluster) as b,
    0 as pairs,
    cast(null as float) as prior,
    ties.weight as tie,
    cast(null as float) as strong{nothing}
from linked.{name}_ties as ties
inner join linked.{name}_members as members_l
    on ties.unit_l = members_l.unit
inner join linked.{name}_members as members_r
    on ties.unit_r = members_r.unit
    and members_l.cluster <> members_r.cluster
where {in_part}"""


def _summed(table: str, entity: Entity, comparisons: list[Comparison]) -> str:
    sums = "".join(f",\n    sum({column}) as {column}" for column in _sums(entity, comparisons))
    return f"""select
    a,
    b,
    sum(pairs) as pairs,
    min(prior) as prior,
    max(tie) as tie,
    max(strong) as strong{sums}
from {table}
group by a, b"""


def weight_select(entity: Entity, model: dict[str, Any], comparisons: list[Comparison], table: str) -> str:
    """A SELECT of pairs of clusters with `weight`, of a match against all else, and `seen`, its part of seen pairs."""

    def soft(total: str, count: str) -> str:
        return f"case when {count} > 0 then {SOFTNESS!r} * log2({total} / {count}) else 0 end"

    weight = match_weight_sql(
        entity,
        model,
        comparisons,
        "coalesce(prior, -30)",
        lambda one: soft(f"s_{one}", f"k_{one}"),
        lambda related, one: soft(f"h_{related}_{one}", f"k_{one}"),
    )
    return f"""with weighed as (
select
    pairs.a,
    pairs.b,
    pairs.tie,
    pairs.strong,
    pairs.pairs / (sizes_a.size * sizes_b.size) as coverage,
    least(greatest({weight}, {-LIMIT!r}), {LIMIT!r}) as seen
from {table} as pairs
inner join linked.{entity.name}_sizes as sizes_a
    on pairs.a = sizes_a.cluster
inner join linked.{entity.name}_sizes as sizes_b
    on pairs.b = sizes_b.cluster
)
select
    a,
    b,
    seen,
    coverage,
    strong,
    round(case when tie > 0 then tie else coverage * seen + (1 - coverage) * {UNSEEN!r} end, 4) as weight
from weighed"""


def agglomerate(warehouse: Warehouse, entity: Entity, model: dict[str, Any], comparisons: list[Comparison]) -> None:
    """Rounds over linked.<entity>_pairs and _members until no two clusters can be joined; logged in _merges."""
    name = entity.name
    threshold = weight_of(entity.linkage.thresholds.merge)
    round_no = int(warehouse.value(f"select coalesce(max(round), 0) from linked.{name}_merged"))
    while True:
        round_no += 1
        warehouse.build(f"linked.{name}_best", _best_select(name, threshold))
        if not warehouse.count(f"linked.{name}_best"):
            break
        build_refusals(warehouse, entity)
        warehouse.execute(f"insert into linked.{name}_held by name select * from linked.{name}_refused")
        merged = warehouse.build(
            f"linked.{name}_joined",
            f"""select best.a, best.b, best.weight from linked.{name}_best as best
            anti join linked.{name}_refused as refused on best.a = refused.a and best.b = refused.b""",
        )
        if merged:
            _join(warehouse, entity, model, comparisons, round_no)
    for table in ("best", "refused", "joined"):
        warehouse.execute(f"drop table if exists linked.{name}_{table}")


def _best_select(name: str, threshold: float) -> str:
    """The pairs of clusters that are each other's best partner, above the threshold and not refused before."""
    return f"""with open as (
select
    weights.a,
    weights.b,
    weights.weight,
    weights.strong
from linked.{name}_pair_weights as weights
anti join linked.{name}_held as held
    on weights.a = held.a
    and weights.b = held.b
where weights.weight > {threshold!r}
),
sides as (
select
    a as cluster,
    b as partner,
    weight,
    strong
from open
union all
select
    b as cluster,
    a as partner,
    weight,
    strong
from open
),
ranked as (
select
    cluster,
    partner,
    weight,
    strong,
    row_number() over (partition by cluster order by weight desc, partner) as place
from sides
)
select
    one.cluster as a,
    one.partner as b,
    one.weight,
    one.strong
from ranked as one
inner join ranked as other
    on one.partner = other.cluster
    and other.partner = one.cluster
    and other.place = 1
where one.place = 1
    and one.cluster < one.partner"""


def _join(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], comparisons: list[Comparison], round_no: int
) -> None:
    """Join the chosen pairs: members renamed to the smaller cluster, the pairs of joined clusters summed up."""
    name = entity.name
    warehouse.execute(
        f"insert into linked.{name}_merged select a, b, {round_no} as round, weight from linked.{name}_joined"
    )
    warehouse.execute(
        f"""update linked.{name}_members as members set cluster = joined.a
        from linked.{name}_joined as joined where members.cluster = joined.b"""
    )
    build_sizes(warehouse, entity)
    touched = f"linked.{name}_touched"
    warehouse.build(
        touched,
        f"""with renamed as (
select b as cluster, a as into_cluster from linked.{name}_joined
),
changed as (
select a as cluster from linked.{name}_joined
union all
select b as cluster from linked.{name}_joined
)
select
    pairs.* replace (
        least(coalesce(l.into_cluster, pairs.a), coalesce(r.into_cluster, pairs.b)) as a,
        greatest(coalesce(l.into_cluster, pairs.a), coalesce(r.into_cluster, pairs.b)) as b
    )
from linked.{name}_pairs as pairs
left join renamed as l
    on pairs.a = l.cluster
left join renamed as r
    on pairs.b = r.cluster
where pairs.a in (select cluster from changed)
    or pairs.b in (select cluster from changed)""",
    )
    for table in ("pairs", "pair_weights", "held"):
        warehouse.execute(
            f"""delete from linked.{name}_{table} where a in (select a from linked.{name}_joined)
            or a in (select b from linked.{name}_joined) or b in (select a from linked.{name}_joined)
            or b in (select b from linked.{name}_joined)"""
        )
    warehouse.build(f"linked.{name}_resummed", _summed(f"(select * from {touched} where a <> b)", entity, comparisons))
    warehouse.execute(f"insert into linked.{name}_pairs by name select * from linked.{name}_resummed")
    warehouse.execute(
        f"""insert into linked.{name}_pair_weights by name
        {weight_select(entity, model, comparisons, f"linked.{name}_resummed")}"""
    )
    for table in ("touched", "resummed"):
        warehouse.execute(f"drop table linked.{name}_{table}")


def build_sizes(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_sizes: how many units a cluster has."""
    warehouse.build(
        f"linked.{entity.name}_sizes",
        f"select cluster, count(*) as size from linked.{entity.name}_members group by cluster",
    )
