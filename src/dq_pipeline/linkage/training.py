"""linked.<entity>_input -> a model: u from random pairs, the prior and m from the candidates, with no labels.

Deterministic: pairs are drawn by hashes of record ids and the seed, counts are sorted, results are rounded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import numpy as np

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage import mixture
from dq_pipeline.linkage.blocking import build_candidates, count_agreeing, random_pairs_select
from dq_pipeline.linkage.clusters import drop_grouping, group
from dq_pipeline.linkage.comparing import comparable, comparer
from dq_pipeline.linkage.judged_pairs import take_judged_pairs, with_judged_pairs
from dq_pipeline.linkage.judgements import Judgement
from dq_pipeline.linkage.mixture import Assumptions, Counts, Fit
from dq_pipeline.linkage.model import (
    comparison_entry,
    default_m,
    default_model,
    default_u,
    rounded_shares,
)
from dq_pipeline.linkage.profiles import build_profiles, input_table
from dq_pipeline.linkage.scoring import build_weighed, pairs_to_compare
from dq_pipeline.linkage.systems import Systems
from dq_pipeline.warehouse import Warehouse, literal

_LEAST_STRENGTH = 30.0  # matches' worth of belief in the default m
_STRENGTH_PER_PROFILE = 0.02
_CORRECTIONS = 3  # rounds in which the clusters correct the prior
_LEAST_CORRECTION = 0.1  # bits that are worth a correction
_MOST_CORRECTION = 2.0  # bits in all


def train(
    warehouse: Warehouse,
    entity: Entity,
    *,
    run_date: date | None = None,
    judgements: Sequence[Judgement] = (),
    drawn_from: int = 0,
) -> dict[str, Any]:
    """Train the model of an entity from its input table. The run date is written into it: `run_date`, or run_date().

    From `judgements` it learns as well; how many pairs they were stands in the model. `drawn_from` is the number of
    profiles of the whole table where the input is a sample of it.
    With fewer than two distinct records, or none of the compared columns filled, there is nothing to learn from: the
    model of default weights is given.
    """
    records = warehouse.count(input_table(entity))
    if records > entity.linkage.training.max_records:
        with _sampled(warehouse, entity, [record for one in judgements for record in one.pair]) as profiles:
            # The shares of the prior are the same in a sample, so they are those of the whole table.
            sample = train(warehouse, entity, run_date=run_date, judgements=judgements, drawn_from=profiles)
        return sample | {"records": records, "profiles": profiles, "sampled": sample["records"]}
    profiles = build_profiles(warehouse, entity)
    trained_on = run_date or _run_date(warehouse)
    model = default_model(entity) | {
        "trained_on": trained_on.isoformat() if trained_on else None,
        "splink": _splink_version(),
        "records": records,
        "profiles": profiles,
    }
    try:
        if profiles >= 2 and comparable(warehouse, entity):
            model |= _trained(warehouse, entity, model, profiles, drawn_from or profiles, judgements)
            model = _calibrated(warehouse, entity, model)
    finally:
        for table in ("candidates", "judged_pairs", "levels"):
            warehouse.execute(f"drop table if exists linked.{entity.name}_{table}")
        drop_grouping(warehouse, entity)
    return model


@contextmanager
def _sampled(warehouse: Warehouse, entity: Entity, always: Sequence[str]) -> Iterator[int]:
    """The input is a sample of `training.max_records` of its records for a while; gives the profiles of them all.

    Which records are drawn is decided by their ids and the seed; those of `always` are in.
    """
    training = entity.linkage.training
    table = input_table(entity)
    whole = f"{table}_whole"
    profiles = build_profiles(warehouse, entity)
    warehouse.build(whole, f"select * from {table}")
    drawn = ", ".join(literal(record) for record in always) or "null"
    warehouse.build(
        table,
        f"""select * from {whole}
order by record_id in ({drawn}) desc, md5('{training.seed}:' || record_id), record_id
limit {training.max_records}""",
    )
    try:
        yield profiles
    finally:
        warehouse.build(table, f"select * from {whole}")
        warehouse.execute(f"drop table {whole}")


def _trained(
    warehouse: Warehouse,
    entity: Entity,
    start: dict[str, Any],
    profiles: int,
    drawn_from: int,
    judgements: Sequence[Judgement],
) -> dict[str, Any]:
    """The parts of the model that the data decide."""
    name = entity.name
    agreeing = count_agreeing(warehouse, entity)
    build_candidates(warehouse, entity)
    learned = take_judged_pairs(warehouse, entity, judgements)
    with comparer(warehouse, entity) as splink:
        systems = splink.systems
        names = [comparison.name for comparison in splink.comparisons]
        splink.compare(
            f"select l, r, 0 as rule from ({random_pairs_select(entity, profiles)})", f"linked.{name}_levels"
        )
        random_rows = splink.patterns(f"select * from linked.{name}_levels")
        splink.compare(pairs_to_compare(entity), f"linked.{name}_levels")
        learnable = f"""select * from linked.{name}_levels
            where l < r and (l, r) not in (select (l, r) from linked.{name}_judged_pairs)"""
        candidates = int(warehouse.value(f"select count(*) from ({learnable})"))
        counted = Counts.of(splink.patterns(_drawn(entity, learnable, candidates)), len(names))
        scale = candidates / float(counted.pairs.sum()) if len(counted.pairs) else 1.0
        counted = with_judged_pairs(splink, entity, counted, learned, scale)
        used = list(splink.comparisons)
    random_counts = Counts.of(random_rows, len(names))
    assumed = _assumptions(entity, used, agreeing, systems, drawn_from)
    u = mixture.estimate_u(random_counts, [_upward(default_u(len(c.levels) + 1)) for c in used])
    fit = mixture.fit(counted, scale, u, assumed)
    model = _as_model(entity, start, used, fit, systems, agreeing, candidates)
    return model | ({"judgements": learned.as_entry()} if learned.same + learned.different else {})


def _calibrated(warehouse: Warehouse, entity: Entity, model: dict[str, Any]) -> dict[str, Any]:
    """The model with the prior that its own clusters bear out.

    The fit sees pairs one by one. Clusters also hold the pairs that follow from others, and lack those that contradict
    them. So the prior is moved until the compared pairs are expected to hold as many matches as the clusters do. The
    shield and declared conflicts keep matches apart as well, so they are left out.
    """
    if not model["estimated_matches"]:
        return model
    free = entity.model_copy(
        update={"linkage": entity.linkage.model_copy(update={"shield": None, "conflicts": (), "deterministic": ()})}
    )
    build_weighed(warehouse, free, model, compared=f"linked.{entity.name}_levels")
    bits = 0.0
    for _ in range(_CORRECTIONS):
        group(warehouse, free, model, [])
        more = _shift(_clustered_by_weight(warehouse, entity.name), _MOST_CORRECTION - bits)
        if abs(more) < _LEAST_CORRECTION:
            break
        bits = max(bits + more, -_MOST_CORRECTION)
        if more < 0:
            break
        # The prior is a term of its own in every weight.
        warehouse.execute(f"update linked.{entity.name}_scored set match_weight = match_weight + {more!r}")
        warehouse.execute(
            f"update linked.{entity.name}_weighed set prior = prior + {more!r}, match_weight = match_weight + {more!r}"
        )
    prior = model["prior"] | {"match": min(model["prior"]["match"] * 2**bits, 0.5)}
    between = [one | rounded_shares({"match": min(one["match"] * 2**bits, 0.5)}) for one in model["prior_between"]]
    return model | {"prior": rounded_shares(prior), "prior_between": between, "prior_moved_by": round(bits, 3)}


def _clustered_by_weight(warehouse: Warehouse, name: str) -> list[tuple[float, int, int]]:
    """(match weight, pairs compared, pairs of them in one cluster), in steps of a quarter of a bit."""
    return warehouse.rows(
        f"""with homes as (
            select profile_no, min(cluster) as cluster from linked.{name}_members group by profile_no
        )
        select round(scored.match_weight * 4) / 4 as weight, count(*),
            count(*) filter (where homes_l.cluster = homes_r.cluster)
        from linked.{name}_scored as scored
        inner join homes as homes_l on scored.l = homes_l.profile_no
        inner join homes as homes_r on scored.r = homes_r.profile_no
        group by weight
        order by weight"""
    )


def _shift(found: list[tuple[float, int, int]], most: float) -> float:
    """Bits to add to every weight, so that as many matches are expected as were clustered; at most `most`.

    Where fewer were clustered, the weights only fall as the share of matches does: that an unsure pair did not merge is
    no evidence, for the merge threshold decided it.
    """
    weights, pairs, clustered = (np.array(column, dtype=np.float64) for column in zip(*found, strict=True))

    def surplus(bits: float) -> float:
        return float((pairs / (1 + 2 ** -np.clip(weights + bits, -60, 60)) - clustered).sum())

    if surplus(0.0) >= 0:
        return float(np.log2(max(clustered.sum(), 1) / max(clustered.sum() + surplus(0.0), 1)))
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) < 0 else (low, middle)
    return (low + high) / 2


def _drawn(entity: Entity, pairs: str, count: int) -> str:
    """A SELECT of the candidates, of a drawn part of them where there are more than `max_pairs`."""
    limit = entity.linkage.training.max_pairs
    if count <= limit:
        return pairs
    # A prime modulus spreads neighbouring numbers.
    spread = f"(l * 7919 + r * 104729 + {entity.linkage.training.seed}) % 1000003"
    return f"{pairs} and {spread} < {round(1000003 * limit / count)}"


def _assumptions(
    entity: Entity, used: list[Comparison], agreeing: int, systems: Systems, drawn_from: int
) -> Assumptions:
    training = entity.linkage.training
    profiles = _profiles_of(systems)
    return Assumptions(
        m=tuple(_upward(default_m(len(comparison.levels) + 1)) for comparison in used),
        disagree_at_most=tuple(comparison.disagree_at_most for comparison in used),
        strength=max(_LEAST_STRENGTH, _STRENGTH_PER_PROFILE * profiles),
        shares=tuple(
            tuple(related.shares.get(comparison.name, 0.0) for comparison in used) for related in entity.linkage.related
        ),
        related_at_most=tuple(
            min((related.most or drawn_from) / drawn_from, 0.5) for related in entity.linkage.related
        ),
        matches=agreeing / training.recall,
        possible_between=systems.possible,
    )


def _as_model(
    entity: Entity,
    start: dict[str, Any],
    used: list[Comparison],
    fit: Fit,
    systems: Systems,
    agreeing: int,
    candidates: int,
) -> dict[str, Any]:
    notes = []
    trained = {
        comparison.name: comparison_entry(comparison, m[::-1].tolist(), u[::-1].tolist(), "trained")
        for comparison, m, u in zip(used, fit.m, fit.u, strict=True)
    }
    entries = [trained.get(entry["name"], entry) for entry in start["comparisons"]]
    notes += [f"{entry['name']}: no data, default weights" for entry in entries if entry["basis"] == "default"]
    if not agreeing:
        notes.append("no pair agrees on a prior rule: the prior starts from half a match in all")
    names = [related.name for related in entity.linkage.related]
    return {
        "prior": rounded_shares({"match": fit.match} | dict(zip(names, fit.related, strict=True))),
        "agreeing_pairs": agreeing,
        "candidates": candidates,
        "prior_between": [
            {"systems": list(pair), "match": rounded_shares({"match": share})["match"]}
            for pair, share in zip(systems.pairs, fit.match_between, strict=True)
            if systems.column
        ],
        "estimated_matches": round(fit.match * sum(systems.possible)),
        "comparisons": entries,
        "notes": notes,
    }


def _profiles_of(systems: Systems) -> float:
    """How many profiles have as many possible pairs."""
    return float((1 + (1 + 8 * sum(systems.possible)) ** 0.5) / 2)


def _upward(downward: list[float]) -> mixture.Floats:
    """Levels from `else` upward, as Splink numbers them; the YAML and the model are written downward."""
    return np.array(downward[::-1], dtype=np.float64)


def _run_date(warehouse: Warehouse) -> date | None:
    """The date that the run has set as the macro run_date(), if there is a run."""
    if warehouse.bind("select run_date()"):
        return None
    found = warehouse.value("select run_date()")
    return found if isinstance(found, date) else None


def _splink_version() -> str:
    from importlib.metadata import version

    return version("splink")
