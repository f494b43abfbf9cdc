"""Candidates and model -> linked.<entity>_scored, every compared pair, and _weighed, the evidence of likely ones."""

from collections.abc import Sequence
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.blocking import build_blocking_report, build_candidates
from dq_pipeline.linkage.comparing import PAIRS_AT_ONCE, comparable, comparer
from dq_pipeline.linkage.frequencies import build_frequencies, frequencies_table
from dq_pipeline.linkage.model import at_size, build_weights, fitted
from dq_pipeline.linkage.profiles import build_profiles
from dq_pipeline.linkage.systems import Systems, find_systems
from dq_pipeline.linkage.weighing import evidence_sql, match_weight_sql, prior_sql
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
    warehouse: Warehouse,
    entity: Entity,
    model: dict[str, Any],
    *,
    compared: str | None = None,
    pairs_at_once: int = PAIRS_AT_ONCE,
) -> None:
    """Build linked.<entity>_scored (l, r, rule, match_weight) and _weighed (l, r, prior, match_weight, evidence...).

    A profile of several records is also compared with itself (l = r, only in _weighed): whether such copies would
    match decides if they merge. `compared` is a table of all these pairs that Comparer.compare built before.
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
    comparisons = comparable(warehouse, entity)
    build_frequencies(warehouse, entity, model, comparisons)
    if compared:
        _weigh(warehouse, entity, model, comparisons, find_systems(warehouse, entity), compared)
    else:
        add_weighed(warehouse, entity, model, pairs_to_compare(entity), pairs_at_once)


def pairs_to_compare(entity: Entity) -> str:
    """A SELECT (l, r, rule) of the candidates and of the profiles that are copied, each with itself."""
    return f"""select l, r, rule from linked.{entity.name}_candidates
union all
select profile_no as l, profile_no as r, 0 as rule
from linked.{entity.name}_profiles
group by profile_no
having count(*) > 1"""


def add_weighed(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], pairs: str, pairs_at_once: int = PAIRS_AT_ONCE
) -> None:
    """Compare the pairs of a SELECT (l, r, rule) and add them to linked.<entity>_scored and _weighed."""
    if not comparable(warehouse, entity):
        return
    levels = f"linked.{entity.name}_levels"
    with comparer(warehouse, entity) as splink:
        for part in splink.parts(pairs, pairs_at_once):
            splink.compare(part, levels)
            _weigh(warehouse, entity, model, splink.comparisons, splink.systems, levels)
    warehouse.execute(f"drop table if exists {levels}")


def _weigh(
    warehouse: Warehouse,
    entity: Entity,
    model: dict[str, Any],
    comparisons: Sequence[Comparison],
    systems: Systems,
    levels: str,
) -> None:
    chunk = f"linked.{entity.name}_chunk"
    warehouse.build(chunk, weighed_select(entity, model, comparisons, systems, levels))
    warehouse.execute(
        f"insert into linked.{entity.name}_scored select l, r, rule, match_weight from {chunk} where l < r"
    )
    warehouse.execute(
        f"""insert into linked.{entity.name}_weighed by name
        select * exclude (rule) from {chunk} where match_weight >= {FAINTEST!r}"""
    )
    warehouse.execute(f"drop table {chunk}")


def weighed_select(
    entity: Entity, model: dict[str, Any], comparisons: Sequence[Comparison], systems: Systems, levels: str
) -> str:
    """A SELECT (l, r, rule, prior, match_weight, e_<comparison>...) of a table of levels.

    Evidence is null where a value is. It reads linked.<entity>_frequencies.
    """
    levels_of = {entry["name"]: entry["levels"] for entry in model["comparisons"]}
    evidence = "".join(
        f",\n    cast({evidence_sql(one, levels_of[one.name], 'of_l', 'of_r')} as float) as e_{one.name}"
        for one in comparisons
    )
    shares = {related.name: related.shares for related in entity.linkage.related}

    def known(comparison: str) -> str:
        return f"coalesce(e_{comparison}, 0)"

    def partial(related: str, comparison: str) -> str:
        share = shares[related][comparison]
        return f"log2({share!r} * power(2.0, {known(comparison)}) + {1 - share!r})"

    weight = match_weight_sql(entity, model, comparisons, "prior", known, partial)
    return f"""with known as (
select
    pairs.l,
    pairs.r,
    pairs.rule,
    cast({prior_sql(model, systems)} as float) as prior{evidence}
from {levels} as pairs
inner join {frequencies_table(entity)} as of_l
    on pairs.l = of_l.profile_no
inner join {frequencies_table(entity)} as of_r
    on pairs.r = of_r.profile_no
{systems.joins("pairs.l", "pairs.r")}
)
select
    *,
    cast({weight} as float) as match_weight
from known"""
