"""Candidates and model -> linked.<entity>_edges: every pair worth a decision, with its weight, evidence and decision.

A merge needs a match probability of at least `thresholds.merge`, one agreeing column of `strong`, and no conflict.
What lacks only the strong column goes to the steward (the namesake shield), and so does the band between the
thresholds. A pair that conflicts is kept with the decision `no` where its weight alone would have merged it.
"""

import math
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity, Rule
from dq_pipeline.linkage.blocking import build_blocking_report, build_candidates
from dq_pipeline.linkage.comparing import PAIRS_AT_ONCE, Comparer, comparable, comparer
from dq_pipeline.linkage.model import at_size, build_weights, fitted
from dq_pipeline.linkage.profiles import build_profiles, drop_profiles, input_table, mentioned
from dq_pipeline.warehouse import Warehouse, literal

SAME_PROFILE = "same_profile"
MODEL = "model"
CERTAIN = 0.999999


def score(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> int:
    """Build linked.<entity>_edges (and _profiles, _blocking, _weights) and return the number of edges."""
    in_force = fitted(model, entity)
    build_weights(warehouse, in_force)
    profiles = build_profiles(warehouse, entity)
    build_candidates(warehouse, entity)
    build_blocking_report(warehouse, entity)
    build_weighed(warehouse, entity, at_size(in_force, profiles))
    build_judged_pairs(warehouse, entity)
    edges = build_edges(warehouse, entity)
    for table in ("candidates", "weighed", "pairs"):
        warehouse.execute(f"drop table if exists linked.{entity.name}_{table}")
    drop_profiles(warehouse, entity)
    return edges


def build_weighed(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], *, pairs_at_once: int = PAIRS_AT_ONCE
) -> None:
    """Build linked.<entity>_weighed: one row is one pair of profiles of at least the review probability.

    A profile of several records is also compared with itself: whether such copies would match decides if they merge.
    """
    table = f"linked.{entity.name}_weighed"
    warehouse.build(
        table,
        "select cast(0 as bigint) as l, cast(0 as bigint) as r, cast(0 as double) as match_weight where false",
    )
    twins = f"""select profile_no as l, profile_no as r
from linked.{entity.name}_profiles group by profile_no having count(*) > 1"""
    pairs = f"select l, r from linked.{entity.name}_candidates union all {twins}"
    total = warehouse.value(f"select count(*) from ({pairs}) as pairs")
    if not total or not comparable(warehouse, entity):
        return
    chunks = -(-total // pairs_at_once)
    floor = weight_of(entity.linkage.thresholds.review)
    with comparer(warehouse, entity, model) as splink:
        for chunk in range(chunks):
            part = f"select l, r from ({pairs}) as pairs where (l + r) % {chunks} = {chunk}"
            scores = splink.scored(part, floor)
            warehouse.execute(f"insert into {table} {_weighed_select(splink, entity, model, scores, floor)}")
            splink.drop(scores)


def _weighed_select(splink: Comparer, entity: Entity, model: dict[str, Any], scores: str, floor: float) -> str:
    """A SELECT (l, r, match_weight): Splink's weight against strangers, corrected for related pairs.

    With odds M of a match and R of a related pair, both against strangers, the odds of a match against all else are
    M / (1 + R). In R every comparison's ratio counts by the share of related pairs that agree in it as matches do.
    """
    odds = ["1"]
    for related in entity.linkage.related:
        prior = model["prior"][related.name]
        terms = [repr(math.log2(prior))]
        shared = [(c, related.shares[c.name]) for c in splink.comparisons if related.shares.get(c.name)]
        terms += [_related_term(comparison, share) for comparison, share in shared]
        odds.append(f"power(2.0, least({' + '.join(terms)}, 1000))")
    return f"""with corrected as (
select
    profile_no_l as l,
    profile_no_r as r,
    match_weight - log2({" + ".join(odds)}) as match_weight
from {scores}
)
select
    l,
    r,
    match_weight
from corrected
where match_weight >= {floor!r}"""


def _related_term(comparison: Comparison, share: float) -> str:
    weight = f"mw_{comparison.name}"
    if comparison.term_frequency:
        weight = f"({weight} + mw_tf_adj_{comparison.name})"
    if share == 1:
        return weight
    return f"log2({share!r} * power(2.0, {weight}) + {1 - share!r})"


def weight_of(probability: float) -> float:
    """The match weight (log2 of the odds) of a match probability."""
    bounded = min(max(probability, 1e-12), 1 - 1e-12)
    return math.log2(bounded / (1 - bounded))


def build_judged_pairs(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_pairs: one row is one pair of records that the model or a deterministic rule speaks of."""
    table = f"linked.{entity.name}_pairs"
    profiles = f"linked.{entity.name}_profiles"
    heads = f"(select profile_no, profile_id from {profiles} where record_id = profile_id)"
    selects = [
        f"""select
    heads_l.profile_id as record_id_l,
    heads_r.profile_id as record_id_r,
    weighed.match_weight,
    '{MODEL}' as match_reason
from linked.{entity.name}_weighed as weighed
inner join {heads} as heads_l
    on weighed.l = heads_l.profile_no
inner join {heads} as heads_r
    on weighed.r = heads_r.profile_no
where weighed.l < weighed.r""",
        f"""select
    profiles.profile_id as record_id_l,
    profiles.record_id as record_id_r,
    weighed.match_weight,
    '{SAME_PROFILE}' as match_reason
from {profiles} as profiles
inner join linked.{entity.name}_weighed as weighed
    on profiles.profile_no = weighed.l
    and weighed.l = weighed.r
where profiles.record_id <> profiles.profile_id""",
    ]
    selects += [_rule_select(entity, rule) for rule in entity.linkage.deterministic]
    warehouse.build(
        table,
        "with found as (\n"
        + "\nunion all\n".join(selects)
        + """
),
ranked as (
select
    *,
    row_number() over (
        partition by record_id_l, record_id_r order by match_weight desc, match_reason
    ) as place
from found
)
select
    record_id_l,
    record_id_r,
    match_weight,
    match_reason
from ranked
where place = 1""",
    )


def _rule_select(entity: Entity, rule: Rule) -> str:
    """The pairs of a deterministic rule; records of one key are each paired with the smallest of them."""
    weight = f"cast({weight_of(CERTAIN)!r} as double) as match_weight,\n    {literal(rule.name)} as match_reason"
    if rule.sql:
        return f"""select distinct
    least(l.record_id, r.record_id) as record_id_l,
    greatest(l.record_id, r.record_id) as record_id_r,
    {weight}
from {input_table(entity)} as l
inner join {input_table(entity)} as r
    on ({rule.sql})
    and l.record_id <> r.record_id"""
    known = " and ".join(f"({expression}) is not null" for expression in rule.key)
    return f"""select
    first_id as record_id_l,
    record_id as record_id_r,
    {weight}
from (
    select
        record_id,
        min(record_id) over (partition by {", ".join(rule.key)}) as first_id
    from {input_table(entity)}
    where {known}
) as keyed
where first_id <> record_id"""


def build_edges(warehouse: Warehouse, entity: Entity) -> int:
    """Build linked.<entity>_edges: one row is one pair with its evidence and decision; returns the number of rows."""
    thresholds = entity.linkage.thresholds
    columns = mentioned(
        list(warehouse.columns(input_table(entity))),
        [*entity.linkage.strong, *(conflict.sql for conflict in entity.linkage.conflicts)],
    )
    both = "".join(f",\n    l.{column} as {column}_l,\n    r.{column} as {column}_r" for column in columns)
    rule_names = ", ".join(literal(rule.name) for rule in entity.linkage.deterministic)
    ruled = f"match_reason in ({rule_names}) or " if rule_names else ""
    shield = f"{ruled}strong is not null" if entity.linkage.strong else "true"
    return warehouse.build(
        f"linked.{entity.name}_edges",
        f"""-- one row is one pair of records of {entity.name} worth a decision
with evidence as (
select
    pairs.*{both}
from linked.{entity.name}_pairs as pairs
inner join {input_table(entity)} as l
    on pairs.record_id_l = l.record_id
inner join {input_table(entity)} as r
    on pairs.record_id_r = r.record_id
),
judged as (
select
    record_id_l,
    record_id_r,
    match_weight,
    case
        when match_weight >= 0 then 1 / (1 + power(2.0, -match_weight))
        else power(2.0, match_weight) / (1 + power(2.0, match_weight))
    end as match_probability,
    match_reason,
    {strong_sql(entity)} as strong,
    {conflict_sql(entity)} as conflict
from evidence
),
decided as (
select
    *,
    case
        when conflict is not null then 'no'
        when match_probability >= {thresholds.merge!r} and ({shield}) then 'merge'
        when match_probability >= {thresholds.review!r} then 'review'
        else 'no'
    end as decision
from judged
)
select
    record_id_l,
    record_id_r,
    match_weight,
    match_probability,
    case when match_reason = '{MODEL}' then coalesce(strong, '{MODEL}') else match_reason end as match_reason,
    strong,
    conflict,
    decision
from decided
where decision <> 'no'
    or (conflict is not null and match_probability >= {thresholds.merge!r})
order by record_id_l, record_id_r""",
    )


def strong_sql(entity: Entity) -> str:
    """An SQL expression on a pair: the strong columns that agree, joined by `+`, or null."""
    if not entity.linkage.strong:
        return "cast(null as varchar)"
    agreeing = ", ".join(
        f"case when {column}_l = {column}_r then {literal(column)} end" for column in entity.linkage.strong
    )
    return f"nullif(concat_ws('+', {agreeing}), '')"


def conflict_sql(entity: Entity) -> str:
    """An SQL expression on a pair: the name of the first conflict that holds, or null."""
    if not entity.linkage.conflicts:
        return "cast(null as varchar)"
    cases = "\n        ".join(f"when {c.sql} then {literal(c.name)}" for c in entity.linkage.conflicts)
    return f"case\n        {cases}\n    end"
