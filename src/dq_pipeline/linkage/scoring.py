"""Candidates and model -> linked.<entity>_scored, every compared pair, and _weighed, the evidence of likely ones."""

from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.blocking import build_blocking_report, build_candidates
from dq_pipeline.linkage.comparing import PAIRS_AT_ONCE, Comparer, comparable, comparer
from dq_pipeline.linkage.model import at_size, build_weights, fitted
from dq_pipeline.linkage.profiles import build_profiles
from dq_pipeline.linkage.weighing import match_weight_sql, prior_sql
from dq_pipeline.warehouse import Warehouse

# Pairs below this weight are remembered as compared, without their evidence: no other pair could make up for it.
FAINTEST = -9.0


def score(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> int:
    """Build linked.<entity>_profiles, _blocking, _weights, _scored and _weighed; returns the pairs compared."""
    in_force = fitted(model, entity)
    build_weights(warehouse, in_force)
    profiles = build_profiles(warehouse, entity)
    build_candidates(warehouse, entity)
    build_blocking_report(warehouse, entity)
    build_weighed(warehouse, entity, at_size(in_force, profiles))
    warehouse.execute(f"drop table linked.{entity.name}_candidates")
    return warehouse.count(f"linked.{entity.name}_scored")


def build_weighed(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], *, pairs_at_once: int = PAIRS_AT_ONCE
) -> None:
    """Build linked.<entity>_scored (l, r, rule, match_weight) and _weighed (l, r, prior, match_weight, evidence...).

    A profile of several records is also compared with itself (l = r, only in _weighed): whether such copies would
    match decides if they merge.
    """
    name = entity.name
    evidence = "".join(f", cast(0 as float) as e_{one.name}" for one in entity.linkage.comparisons)
    warehouse.build(
        f"linked.{name}_scored",
        """-- one row is one pair of profiles that was compared; rule is the first blocking rule that found it
select cast(0 as bigint) as l, cast(0 as bigint) as r, 0 as rule, cast(0 as float) as match_weight where false""",
    )
    warehouse.build(
        f"linked.{name}_weighed",
        f"""select cast(0 as bigint) as l, cast(0 as bigint) as r, cast(0 as float) as prior,
            cast(0 as float) as match_weight{evidence} where false""",
    )
    copies = f"""select profile_no as l, profile_no as r, 0 as rule
from linked.{name}_profiles group by profile_no having count(*) > 1"""
    add_weighed(
        warehouse, entity, model, f"select l, r, rule from linked.{name}_candidates union all {copies}", pairs_at_once
    )


def add_weighed(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], pairs: str, pairs_at_once: int = PAIRS_AT_ONCE
) -> None:
    """Score the pairs of a SELECT (l, r, rule) and add them to linked.<entity>_scored and _weighed."""
    total = warehouse.value(f"select count(*) from ({pairs}) as pairs")
    if not total or not comparable(warehouse, entity):
        return
    chunks = -(-total // pairs_at_once)
    with comparer(warehouse, entity, model) as splink:
        for chunk in range(chunks):
            part = f"select l, r, rule from ({pairs}) as pairs where (l + r) % {chunks} = {chunk}"
            _add_chunk(warehouse, entity, model, splink, part)


def _add_chunk(warehouse: Warehouse, entity: Entity, model: dict[str, Any], splink: Comparer, pairs: str) -> None:
    name = entity.name
    scores = splink.scored(pairs)
    chunk = f"linked.{name}_chunk"
    warehouse.build(chunk, _chunk_select(splink, entity, model, scores))
    splink.drop(scores)
    warehouse.execute(
        f"""insert into linked.{name}_scored
        select chunk.l, chunk.r, pairs.rule, chunk.match_weight
        from {chunk} as chunk inner join ({pairs}) as pairs on chunk.l = pairs.l and chunk.r = pairs.r
        where chunk.l < chunk.r"""
    )
    warehouse.execute(
        f"insert into linked.{name}_weighed by name select * from {chunk} where match_weight >= {FAINTEST!r}"
    )
    warehouse.execute(f"drop table {chunk}")


def _chunk_select(splink: Comparer, entity: Entity, model: dict[str, Any], scores: str) -> str:
    """A SELECT (l, r, prior, match_weight, e_<comparison>...) of Splink's scores; evidence is null where a value is."""
    evidence = ",\n".join(
        f"    case when mw_{one.name} <> 0 then cast({_evidence(one)} as float) end as e_{one.name}"
        for one in splink.comparisons
    )
    shares = {related.name: related.shares for related in entity.linkage.related}

    def known(comparison: str) -> str:
        return f"coalesce(e_{comparison}, 0)"

    def partial(related: str, comparison: str) -> str:
        share = shares[related][comparison]
        return f"log2({share!r} * power(2.0, {known(comparison)}) + {1 - share!r})"

    weight = match_weight_sql(entity, model, splink.comparisons, "prior", known, partial)
    return f"""with known as (
select
    scores.profile_no_l as l,
    scores.profile_no_r as r,
    cast({prior_sql(model, splink.systems)} as float) as prior,
{evidence}
from {scores} as scores
{splink.systems.joins("scores.profile_no_l", "scores.profile_no_r")}
)
select
    *,
    cast({weight} as float) as match_weight
from known"""


def _evidence(comparison: Comparison) -> str:
    weight = f"scores.mw_{comparison.name}"
    return f"{weight} + scores.mw_tf_adj_{comparison.name}" if any(comparison.frequencies()) else weight
