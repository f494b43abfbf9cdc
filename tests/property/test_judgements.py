"""Random judgements: whatever stewards say, what is judged different is never together, and nothing is guessed."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dq_pipeline.linkage import Judgement, link_entity
from dq_pipeline.linkage.judgements import contradictions, in_order, judgement_ids, settle
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_people import clusters, people, person, warehouse_of

# Three records of each of eight people, and two that no night has.
ROWS = people(40, copies=3)
RECORDS = [str(row[0]) for row in ROWS[:24]]
AWAY = ["crm:gone-0", "crm:gone-1"]
KINDS = st.sampled_from(["same", "different", "unsure"])
DAYS = st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-02T09:30:00Z", "2026-11-02T17:00:00Z"])


def judgements(records: list[str], most: int) -> st.SearchStrategy[list[Judgement]]:
    pair = st.lists(st.sampled_from(records), min_size=2, max_size=2, unique=True).map(sorted)
    one = st.tuples(pair, KINDS, DAYS)
    return st.lists(one, max_size=most).map(
        lambda found: [
            Judgement(left, right, kind, "ann", day, "", line)
            for line, ((left, right), kind, day) in enumerate(found, start=2)
        ]
    )


FEW = [f"r{number}" for number in range(6)]


def in_force(given: list[Judgement]) -> dict[tuple[str, str], Judgement]:
    return {one.pair: one for one in in_order(given)}


def reachable(pairs: list[tuple[str, str]]) -> dict[str, set[str]]:
    """Record -> all that it is connected with, itself too; by walking."""
    near: dict[str, set[str]] = defaultdict(set)
    for left, right in pairs:
        near[left].add(right)
        near[right].add(left)
    found = {}
    for start in list(near):
        seen, stack = {start}, [start]
        while stack:
            fresh = near[stack.pop()] - seen
            seen |= fresh
            stack += fresh
        found[start] = seen
    return found


@given(judgements(FEW, 14))
def test_judgements_are_settled_consistently(given_: list[Judgement]) -> None:
    settled, latest = settle(given_), in_force(given_)
    assert set(settled.statuses) == set(given_)
    for one, status in settled.statuses.items():
        assert (status == "superseded") == (latest[one.pair] is not one)
    same = [one.pair for one in latest.values() if one.judgement == "same"]
    linked = reachable(same)
    for one in latest.values():
        connected = one.record_id_r in linked.get(one.record_id_l, set())
        quarrels = [
            other for other in latest.values()
            if other.judgement == "different" and other.record_id_r in linked.get(other.record_id_l, set())
        ]  # fmt: skip
        if one.judgement == "different":
            assert (settled.statuses[one] == "contradicted") == connected
        elif one.judgement == "same":
            mine = linked[one.record_id_l]
            assert (settled.statuses[one] == "contradicted") == any(other.record_id_l in mine for other in quarrels)
        else:
            assert settled.statuses[one] == "unsure"


@given(judgements(FEW, 14))
def test_groups_and_what_is_apart_never_meet(given_: list[Judgement]) -> None:
    settled, latest = settle(given_), in_force(given_)
    held = reachable(
        [one.pair for one, status in settled.statuses.items() if (status, one.judgement) == ("applied", "same")]
    )
    for left in settled.groups:
        for right in settled.groups:
            together = settled.groups[left] == settled.groups[right]
            assert together == (left == right or right in held.get(left, set()))
    for one in latest.values():
        if one.judgement == "different":
            groups = tuple(sorted((settled.groups[one.record_id_l], settled.groups[one.record_id_r])))
            assert groups in settled.apart
            assert groups[0] != groups[1], "judged different, and together"


@given(judgements(FEW, 14), st.randoms(use_true_random=False))
def test_the_order_of_the_file_matters_only_within_a_day(given_: list[Judgement], order: random.Random) -> None:
    dated = [one for one in given_ if len([other for other in given_ if other.pair == one.pair]) == 1]
    shuffled = order.sample(dated, len(dated))
    one, other = settle(dated), settle(shuffled)
    assert (one.statuses, one.groups, one.apart) == (other.statuses, other.groups, other.apart)
    assert set(judgement_ids(dated).values()) == set(judgement_ids(shuffled).values())


@given(judgements(FEW, 14))
def test_whoever_quarrels_is_named_once(given_: list[Judgement]) -> None:
    named = [one for group in contradictions(given_) for one in group]
    assert len(named) == len(set(named))
    assert set(named) == {one for one, status in settle(given_).statuses.items() if status == "contradicted"}


@pytest.fixture(scope="module")
def linked() -> Iterator[tuple[Warehouse, Any]]:
    """The people, and the model of them."""
    warehouse = warehouse_of(ROWS)
    yield warehouse, link_entity(warehouse, person())
    warehouse.close()


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(given_=judgements([*RECORDS, *AWAY], 10))
def test_clusters_obey(linked: tuple[Warehouse, Any], given_: list[Judgement]) -> None:
    warehouse, model = linked
    link_entity(warehouse, person(), model, given_)
    found = clusters(warehouse)
    assert set(found) == {str(row[0]) for row in ROWS}
    settled = settle(given_)
    for one, status in settled.statuses.items():
        if status == "superseded" or one.judgement == "unsure" or not {one.record_id_l, one.record_id_r} <= set(found):
            continue
        together = found[one.record_id_l] == found[one.record_id_r]
        if one.judgement == "different":
            assert not together, "judged different, and together"
        elif status == "applied":
            assert together, "judged the same, and apart"
    # What is implied counts too, also through records that are away tonight.
    for left in set(settled.groups) & set(found):
        for right in set(settled.groups) & set(found):
            groups = settled.groups[left], settled.groups[right]
            assert (found[left] == found[right]) or groups[0] != groups[1]
            assert (found[left] != found[right]) or tuple(sorted(groups)) not in settled.apart
    statuses = warehouse.rows("select line, status from linked.person_judgements order by line")
    assert [line for line, _ in statuses] == [one.line for one in given_]
