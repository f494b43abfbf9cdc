"""The fit of the model from counted patterns, on data whose truth is known."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from dq_pipeline.linkage.mixture import Assumptions, Counts, Floats, estimate_u, fit, sane_m
from dq_pipeline.linkage.model import default_m

TRUE_M = [np.array([0.1, 0.9]), np.array([0.05, 0.15, 0.8]), np.array([0.2, 0.8])]
TRUE_U = [np.array([0.99, 0.01]), np.array([0.97, 0.02, 0.01]), np.array([0.999, 0.001])]


def _drawn(rng: np.random.Generator, shares: list[Floats], size: int) -> Floats:
    return np.column_stack([rng.choice(len(share), size, p=share) for share in shares])


def _counts(levels: Floats) -> Counts:
    patterns, pairs = np.unique(levels, axis=0, return_counts=True)
    return Counts(patterns.astype(np.int64), np.zeros(len(pairs), dtype=np.int64), pairs.astype(np.float64))


def _observed_u(counts: Counts) -> tuple[Floats, ...]:
    """u as random pairs show it: with the matches among them."""
    return estimate_u(counts, TRUE_U)


def _assumed(possible: float, matches: float, shares: tuple[tuple[float, ...], ...] = ()) -> Assumptions:
    believed = tuple(np.array(default_m(len(m))[::-1]) for m in TRUE_M)
    return Assumptions(believed, (0.3, 0.3, 0.3), 30.0, shares, (0.5,) * len(shares), matches, (possible,))


def test_fit_finds_the_shares_that_the_data_were_drawn_from() -> None:
    rng = np.random.default_rng(7)
    levels = np.vstack([_drawn(rng, TRUE_M, 2_000), _drawn(rng, TRUE_U, 98_000)])
    counts = _counts(levels)
    found = fit(counts, 1.0, _observed_u(counts), _assumed(100_000, 500))
    assert found.match == pytest.approx(0.02, rel=0.1)
    for m, true in zip(found.m, TRUE_M, strict=True):
        assert m == pytest.approx(true, abs=0.03)


def test_fit_of_a_drawn_part_is_scaled_to_all_candidates() -> None:
    rng = np.random.default_rng(7)
    levels = np.vstack([_drawn(rng, TRUE_M, 1_000), _drawn(rng, TRUE_U, 49_000)])
    counts = _counts(levels)
    found = fit(counts, 2.0, _observed_u(counts), _assumed(100_000, 500))
    assert found.match == pytest.approx(0.02, rel=0.1)


def test_a_class_of_related_pairs_keeps_families_out_of_the_matches() -> None:
    rng = np.random.default_rng(7)
    family = [TRUE_M[0], TRUE_U[1], TRUE_M[2]]  # they share the first and the last field, as matches do
    levels = np.vstack([_drawn(rng, TRUE_M, 1_000), _drawn(rng, family, 3_000), _drawn(rng, TRUE_U, 96_000)])
    counts, shares = _counts(levels), ((1.0, 0.0, 1.0),)
    with_class = fit(counts, 1.0, _observed_u(counts), _assumed(100_000, 500, shares))
    without = fit(counts, 1.0, _observed_u(counts), _assumed(100_000, 500))
    assert with_class.match == pytest.approx(0.01, rel=0.25)
    assert with_class.related[0] == pytest.approx(0.03, rel=0.4)
    assert without.match > 2 * with_class.match


def test_related_pairs_are_no_more_than_a_record_may_have() -> None:
    rng = np.random.default_rng(7)
    neighbors = [TRUE_M[0], TRUE_U[1], TRUE_M[2]]
    levels = np.vstack([_drawn(rng, TRUE_M, 1_000), _drawn(rng, neighbors, 3_000), _drawn(rng, TRUE_U, 96_000)])
    counts, assumed = _counts(levels), _assumed(100_000, 500, ((1.0, 0.0, 1.0),))
    free = fit(counts, 1.0, _observed_u(counts), assumed)
    bound = fit(counts, 1.0, _observed_u(counts), replace(assumed, related_at_most=(0.002,)))
    assert free.related[0] > 0.01
    assert bound.related == (0.002,)


def test_fit_of_nothing_gives_a_model_with_a_prior_above_zero() -> None:
    empty = Counts.of([], 3)
    found = fit(empty, 1.0, tuple(TRUE_U), _assumed(1_000, 0))
    assert 0 < found.match <= 0.001
    assert all(np.isfinite(m).all() and m.sum() == pytest.approx(1) for m in found.m)


def test_how_often_pairs_match_is_learned_for_each_two_systems() -> None:
    rng = np.random.default_rng(7)
    levels = np.vstack([_drawn(rng, TRUE_M, 2_000), _drawn(rng, TRUE_U, 98_000)])
    groups = np.array([1] * 2_000 + [0, 1] * 49_000)  # the first system holds nobody twice
    rows = [(*row, group, 1) for row, group in zip(levels.tolist(), groups.tolist(), strict=True)]
    counts = Counts.of(rows, 3)
    assumed = _assumed(100_000, 500)
    assumed = Assumptions(assumed.m, assumed.disagree_at_most, assumed.strength, (), (), 500, (49_000, 51_000))
    within, across = fit(counts, 1.0, _observed_u(counts), assumed).match_between
    assert within < 0.002
    assert across == pytest.approx(2_000 / 51_000, rel=0.1)


def test_u_of_few_pairs_leans_on_the_default_and_is_never_zero() -> None:
    default = [np.array([0.995, 0.004, 0.001])]
    few = estimate_u(Counts.of([(0, 0, 3)], 1), default)[0]
    many = estimate_u(Counts.of([(0, 0, 900_000), (1, 0, 90_000), (2, 0, 10_000)], 1), default)[0]
    assert few.min() > 0
    assert few == pytest.approx(default[0], abs=0.005)
    assert many == pytest.approx([0.9, 0.09, 0.01], rel=0.01)


@pytest.mark.parametrize(
    ("m", "u", "expected_order"),
    [
        ([0.6, 0.3, 0.1], [0.9, 0.05, 0.05], "else is capped"),
        ([0.1, 0.2, 0.7], [0.05, 0.05, 0.9], "disagreement would speak for a match"),
        ([0.1, 0.8, 0.1], [0.9, 0.05, 0.05], "a weaker level would weigh more"),
        ([0.0, 0.0, 1.0], [0.9, 0.05, 0.05], "levels never seen"),
    ],
)
def test_weights_are_sane_whatever_was_fitted(m: list[float], u: list[float], expected_order: str) -> None:
    sane = sane_m(np.array(m), np.array(u), 0.3)
    ratios = sane / np.array(u)
    assert sane.sum() == pytest.approx(1), expected_order
    assert sane.min() > 0, expected_order
    assert ratios[0] <= 1 + 1e-9, expected_order
    assert all(a <= b * (1 + 1e-9) for a, b in pairwise(ratios)), expected_order
    assert sane[0] <= 0.3 + 1e-9, expected_order
