"""The prior that clusters bear out: how far all weights are moved."""

import pytest
from linkage_people import people, person, warehouse_of

from dq_pipeline.linkage import prepare, train
from dq_pipeline.linkage.training import _shift

# Weight, pairs compared, pairs of them in one cluster.
SURE = (12.0, 100, 100)
HOPELESS = (-12.0, 1_000, 0)


def _expected(found: list[tuple[float, int, int]], bits: float) -> float:
    return sum(pairs / (1 + 2 ** -(weight + bits)) for weight, pairs, _ in found)


def test_unsure_pairs_that_clusters_hold_raise_the_weights_until_as_many_are_expected() -> None:
    found = [SURE, (0.0, 100, 75), HOPELESS]
    bits = _shift(found, 2.0)
    assert 1.3 < bits < 1.7
    assert _expected(found, bits) == pytest.approx(175, abs=0.01)


def test_weights_never_rise_by_more_than_what_is_left() -> None:
    assert _shift([SURE, (-6.0, 100, 100), HOPELESS], 2.0) == pytest.approx(2.0)
    assert _shift([SURE, (-6.0, 100, 100), HOPELESS], 0.5) == pytest.approx(0.5)


def test_where_clusters_hold_fewer_the_weights_fall_with_the_share_only() -> None:
    found = [SURE, (2.0, 100, 0), HOPELESS]
    # 100 of 180 that are expected: log2 of that share, though no unsure pair at all is in a cluster.
    assert _shift(found, 2.0) == pytest.approx(-0.85, abs=0.02)


def test_nothing_moves_where_as_many_are_clustered_as_expected() -> None:
    assert _shift([SURE, (0.0, 100, 50), HOPELESS], 2.0) == pytest.approx(0, abs=0.02)


def test_the_model_says_how_far_its_prior_was_moved() -> None:
    entity = person(training={"prior_rules": [["first", "last", "email"]], "recall": 0.8})
    warehouse = warehouse_of(people(300, copies=4))
    prepare(warehouse, entity)
    model = train(warehouse, entity)
    assert -2 <= model["prior_moved_by"] <= 2
    assert not [table for table in warehouse.tables("linked") if table.endswith(("_members", "_weighed", "_pairs"))]
