"""The fit of the model: what share of the pairs match, and how matches agree, from counted patterns of levels.

Fellegi and Sunter's mixture fitted by expectation-maximisation (as in Splink, whose u from random pairs it keeps),
with one class more for each kind of related pairs: without a class of their own, households teach the model that a
match has the same surname, the same address and another first name. Rates are over all possible pairs, not only the
candidates, so blocking does not bias them; a pair that blocking leaves out is taken for no match.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dq_pipeline.linkage.model import SMALLEST

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_PRIOR_ROUNDS = 4  # first only the shares of the classes move, then m as well
_MAX_ROUNDS = 40
_CONVERGED = 1e-4
_FIVE = 5.0
_CERTAIN = 1e300  # odds of a pair that was judged a match


@dataclass(frozen=True)
class Counts:
    """Counted patterns: `levels` has a row a pattern and a column a comparison (-1 null, 0 else, upward).

    `groups` says for each pattern between which two systems its pairs are, as a number from 0. `known` is 1 for matches
    and 0 for others where somebody judged the pairs, nan where it is for the fit to say; None: nothing is known.
    """

    levels: Integers
    groups: Integers
    pairs: Floats
    known: Floats | None = None

    @classmethod
    def of(cls, rows: Sequence[tuple[int, ...]], comparisons: int) -> "Counts":
        """From rows (level..., group, count)."""
        table = np.array(rows, dtype=np.int64).reshape(len(rows), comparisons + 2)
        return cls(table[:, :-2], table[:, -2], table[:, -1].astype(np.float64))

    @classmethod
    def joined(cls, parts: Sequence["Counts"]) -> "Counts":
        """Several counts as one; where nothing is known of a part it stays unknown."""
        if len(parts) == 1:
            return parts[0]
        known = [np.full(len(one.pairs), np.nan) if one.known is None else one.known for one in parts]
        levels, groups = np.concatenate([one.levels for one in parts]), np.concatenate([one.groups for one in parts])
        return cls(levels, groups, np.concatenate([one.pairs for one in parts]), np.concatenate(known))

    def at_levels(self, comparison: int, levels: int, weights: Floats | None = None) -> Floats:
        """Pairs at each level of a comparison, level 0 first; nulls left out."""
        column = self.levels[:, comparison]
        known = column >= 0
        pairs = self.pairs if weights is None else weights
        return np.bincount(column[known], weights=pairs[known], minlength=levels).astype(np.float64)


@dataclass(frozen=True)
class Fit:
    """Shares of all possible pairs by class, and m and u by comparison, level 0 (`else`) first.

    `match_between` is the share of matches among the pairs of each two systems.
    """

    match: float
    match_between: tuple[float, ...]
    related: tuple[float, ...]
    m: tuple[Floats, ...]
    u: tuple[Floats, ...]
    rounds: int


@dataclass(frozen=True)
class Assumptions:
    """What is believed before any data: m, the largest m of `else`, the prior's strength and each class's shares.

    `related_at_most` is the largest share of all possible pairs that each related class may have. `possible_between`
    counts the possible pairs of each two systems; their sum is `possible_pairs`.
    """

    m: tuple[Floats, ...]
    disagree_at_most: tuple[float, ...]
    strength: float
    shares: tuple[tuple[float, ...], ...]
    related_at_most: tuple[float, ...]
    matches: float
    possible_between: tuple[float, ...]

    @property
    def possible_pairs(self) -> float:
        """All pairs that there are."""
        return sum(self.possible_between)


def estimate_u(random_pairs: Counts, default: Sequence[Floats]) -> tuple[Floats, ...]:
    """u by comparison from the levels of random pairs; a few default pairs are mixed in for data of a few rows."""
    estimated = []
    for number, assumed in enumerate(default):
        counts = random_pairs.at_levels(number, len(assumed))
        weight = 20.0 if counts.sum() < 10_000 else 1.0
        raw = (counts + weight * assumed) / (counts.sum() + weight)
        floor = min(0.5 / (counts.sum() + weight), 1e-3)
        estimated.append(_normalized(np.maximum(raw, floor)))
    return tuple(estimated)


def fit(candidates: Counts, scale: float, u: tuple[Floats, ...], assumed: Assumptions) -> Fit:
    """Fit the shares of the classes and m. `scale` = candidates in all for one that was counted."""
    possible = assumed.possible_pairs
    match = _share(assumed.matches, possible)
    between = np.full(len(assumed.possible_between), match)
    related = tuple(min(_share(assumed.matches, possible), most) for most in assumed.related_at_most)
    m, current_u = assumed.m, u
    rounds = 0
    for rounds in range(1, _MAX_ROUNDS + 1):
        in_match, in_related = _responsibilities(candidates, between, related, m, current_u, assumed.shares)
        match = _share(scale * float(in_match.sum()), possible)
        found = np.bincount(candidates.groups, weights=scale * in_match, minlength=len(between)).astype(np.float64)
        between = _shrunk(found, match, np.array(assumed.possible_between))
        related = tuple(
            min(_share(scale * float(part.sum()), possible), most)
            for part, most in zip(in_related, assumed.related_at_most, strict=True)
        )
        if rounds <= _PRIOR_ROUNDS:
            continue
        before, m = m, _maximize(candidates, in_match, current_u, assumed)
        current_u = _with_judged(_without_matches(u, m, match), candidates, scale, in_related, possible)
        if max(float(np.abs(a - b).max()) for a, b in zip(before, m, strict=True)) < _CONVERGED:
            break
    return Fit(match, tuple(between.tolist()), related, m, current_u, rounds)


def _share(pairs: float, possible: float) -> float:
    """Pairs as a share of all possible ones: never zero (half a pair at least), never above a half."""
    return min(max(pairs, 0.5) / max(possible, 1.0), 0.5)


def _shrunk(found: Floats, match: float, possible: Floats) -> Floats:
    """The share of matches for each two systems; five matches at the overall rate are mixed in."""
    return np.minimum((found + _FIVE) / (possible + _FIVE / match), 0.5)


def _responsibilities(
    counts: Counts,
    between: Floats,
    related: tuple[float, ...],
    m: tuple[Floats, ...],
    u: tuple[Floats, ...],
    shares: tuple[tuple[float, ...], ...],
) -> tuple[Floats, list[Floats]]:
    """Expected pairs of each pattern that are matches, and that are of each related class."""
    match_odds = (between / (1 - between))[counts.groups]
    related_odds = [np.full(len(counts.pairs), share) for share in related]
    for number in range(counts.levels.shape[1]):
        # The null level is the last place of the table, where -1 finds it, and says nothing.
        ratio = np.append(m[number] / u[number], 1.0)[counts.levels[:, number]]
        match_odds *= ratio
        for place, share in enumerate(shares):
            related_odds[place] *= share[number] * ratio + 1 - share[number]
    if counts.known is not None:
        match_odds = np.where(np.isnan(counts.known), match_odds, counts.known * _CERTAIN)
    total = 1.0 + match_odds + sum(related_odds)
    return counts.pairs * match_odds / total, [counts.pairs * odds / total for odds in related_odds]


def _maximize(counts: Counts, in_match: Floats, u: tuple[Floats, ...], assumed: Assumptions) -> tuple[Floats, ...]:
    fitted = []
    for number, believed in enumerate(assumed.m):
        found = counts.at_levels(number, len(believed), in_match) + assumed.strength * believed
        fitted.append(sane_m(found / found.sum(), u[number], assumed.disagree_at_most[number]))
    return tuple(fitted)


def sane_m(m: Floats, u: Floats, disagree_at_most: float) -> Floats:
    """m such that disagreement never speaks for a match, and a stronger level never speaks less than a weaker one.

    `else` gets at most `disagree_at_most` and at most its u. Neighbouring levels out of order share one weight (the
    pool-adjacent-violators rule on m / u, weighted by u).
    """
    limit = min(disagree_at_most, float(u[0]))
    if m[0] > limit:
        rest = m[1:] / m[1:].sum()
        m = np.concatenate([[limit], (1 - limit) * rest])
    pools: list[list[float]] = []  # [sum of m, sum of u, levels]
    for m_level, u_level in zip(m, u, strict=True):
        pools.append([float(m_level), float(u_level), 1])
        while len(pools) > 1 and pools[-1][0] / pools[-1][1] < pools[-2][0] / pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    ratios = np.concatenate([np.full(int(size), m_sum / u_sum) for m_sum, u_sum, size in pools])
    return _normalized(np.maximum(ratios * u, SMALLEST))


def _without_matches(u: tuple[Floats, ...], m: tuple[Floats, ...], match: float) -> tuple[Floats, ...]:
    """u with the matches among the random pairs taken out: in small data they are most of what agrees."""
    return tuple(
        _normalized(np.maximum(observed - match * agreed, 0.05 * observed))
        for observed, agreed in zip(u, m, strict=True)
    )


def _with_judged(
    u: tuple[Floats, ...], counts: Counts, scale: float, in_related: list[Floats], possible: float
) -> tuple[Floats, ...]:
    """u with the pairs that were judged no match, as far as they are strangers, among all possible pairs."""
    if counts.known is None:
        return u
    strangers = np.where(counts.known == 0, scale * (counts.pairs - sum(in_related)), 0.0)
    return tuple(
        _normalized(assumed * possible + counts.at_levels(number, len(assumed), strangers))
        for number, assumed in enumerate(u)
    )


def _normalized(shares: Floats) -> Floats:
    return np.asarray(shares / shares.sum(), dtype=np.float64)
