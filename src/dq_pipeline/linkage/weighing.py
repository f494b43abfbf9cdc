"""How evidence is weighed: the odds of a match against strangers and against each kind of related pairs, as SQL.

All weights are in bits (log2 of odds). The evidence of a comparison is log2(m / u) of the level that Splink found; the
value's term frequency may stand for u. Against strangers a pair has the prior and all evidence. Against related pairs
(a household) a comparison counts only by the share of related pairs that do not agree in it as matches do.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.systems import Systems

# Beyond this no weight counts further: a wrong certainty must not drown all else. 12 in natural logarithms.
LIMIT = 12 / math.log(2)
CERTAIN = 0.999999


def weight_of(probability: float) -> float:
    """The match weight (log2 of the odds) of a match probability."""
    bounded = min(max(probability, 1e-12), 1 - 1e-12)
    return math.log2(bounded / (1 - bounded))


def probability_sql(weight: str) -> str:
    """An SQL expression: the match probability of a match weight."""
    return f"1 / (1 + power(2.0, -least(greatest({weight}, -60), 60)))"


def strong_weight_sql(comparisons: Sequence[Comparison]) -> str:
    """An SQL expression on a weighed pair: what its strong comparisons say together."""
    return " + ".join([f"coalesce(e_{one.name}, 0)" for one in comparisons if one.strong] or ["0"])


def evidence_sql(comparison: Comparison, levels: Sequence[dict[str, Any]], left: str, right: str) -> str:
    """An SQL expression: the evidence of a comparison at `level_<comparison>`; null where a value is missing.

    `levels` are the model's. `left` and `right` are the two profiles' rows of linked.<entity>_frequencies: a level that
    weighs its value's frequency weighs m against that instead of u.
    """
    cases = []
    for place, (level, column) in enumerate(zip(levels, [*comparison.frequencies(), None], strict=True)):
        weight = math.log2(level["m"] / level["u"])
        value = repr(weight)
        if column:
            frequency = f"coalesce(greatest({left}.f_{column}, {right}.f_{column}), {level['u']!r})"
            value = f"{math.log2(level['m'])!r} - log2({frequency})"
        if weight:
            cases.append(f"when {len(levels) - 1 - place} then {value}")
    return f"case level_{comparison.name} {' '.join(cases)} end" if cases else "cast(null as double)"


def partial_shares(entity: Entity, comparisons: Sequence[Comparison]) -> list[tuple[str, str, float]]:
    """(class, comparison, share) for every share between 0 and 1 of the related classes."""
    return [
        (related.name, comparison.name, related.shares[comparison.name])
        for related in entity.linkage.related
        for comparison in comparisons
        if 0 < related.shares.get(comparison.name, 0) < 1
    ]


def prior_sql(model: dict[str, Any], systems: Systems) -> str:
    """An SQL expression over the joins of `systems`: the prior weight of a pair."""
    shares = {tuple(one["systems"]): one["match"] for one in model.get("prior_between", [])}
    overall = repr(weight_of(model["prior"]["match"]))
    return systems.choose(
        [repr(weight_of(shares[pair])) if pair in shares else overall for pair in systems.pairs], overall
    )


def match_weight_sql(
    entity: Entity,
    model: dict[str, Any],
    comparisons: Sequence[Comparison],
    prior: str,
    evidence: Callable[[str], str],
    partial: Callable[[str, str], str],
) -> str:
    """An SQL expression: the weight of a match against strangers and all related classes together.

    `evidence(comparison)` is the SQL of a comparison's evidence, `partial(class, comparison)` of what is left of it
    against a class that shares the comparison in part.
    """
    terms = " + ".join([f"({prior})", *(evidence(comparison.name) for comparison in comparisons)])
    odds = ["1"]
    for related in entity.linkage.related:
        kin = [repr(math.log2(model["prior"][related.name]))]
        for comparison in comparisons:
            share = related.shares.get(comparison.name, 0)
            if share == 1:
                kin.append(evidence(comparison.name))
            elif share:
                kin.append(partial(related.name, comparison.name))
        odds.append(f"power(2.0, least({' + '.join(kin)}, 1000))")
    return f"{terms} - log2({' + '.join(odds)})"
