"""Properties of joining without conflict, on random graphs against a reference written here."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dq_pipeline.linkage.unionfind import Disagreement, UnionFind, join_without_conflict

NODES = [f"n{number:02d}" for number in range(14)]
pairs = st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)).filter(lambda pair: pair[0] != pair[1])
links = st.lists(st.tuples(pairs, st.integers(0, 5)), max_size=40).map(
    lambda found: [(*sorted(pair), float(weight)) for pair, weight in found]
)


def _reference_components(edges: list[tuple[str, str, float]]) -> dict[str, str]:
    """Connected components by walking, each named by its smallest node."""
    near: dict[str, set[str]] = {node: set() for node in NODES}
    for left, right, _ in edges:
        near[left].add(right)
        near[right].add(left)
    named: dict[str, str] = {}
    for node in sorted(NODES):
        stack = [] if node in named else [node]
        while stack:
            reached = stack.pop()
            if reached not in named:
                named[reached] = node
                stack += near[reached]
    return named


def _joined(
    edges: list[tuple[str, str, float]], foes: list[tuple[str, str]], forced: list[tuple[str, str]] | None = None
) -> dict[str, str]:
    enemies: dict[str, list[str]] = {}
    for left, right in foes:
        enemies.setdefault(left, []).append(right)
        enemies.setdefault(right, []).append(left)
    return join_without_conflict(NODES, forced or [], edges, {node: [node] for node in NODES}, enemies)


@given(links)
def test_without_conflicts_clusters_are_connected_components(edges: list[tuple[str, str, float]]) -> None:
    assert _joined(edges, []) == _reference_components(edges)


@given(links, st.lists(pairs, max_size=12))
def test_two_in_conflict_are_never_together(edges: list[tuple[str, str, float]], foes: list[tuple[str, str]]) -> None:
    found = _joined(edges, foes)
    assert all(found[left] != found[right] for left, right in foes)
    whole = _reference_components(edges)
    assert all(whole[node] == whole[named] for node, named in found.items())


@given(links, st.lists(pairs, max_size=12), st.integers(0, 1_000_000))
def test_the_order_of_the_input_never_matters(
    edges: list[tuple[str, str, float]], foes: list[tuple[str, str]], seed: int
) -> None:
    shuffled = random.Random(seed).sample(edges, len(edges))
    assert _joined(shuffled, foes[::-1]) == _joined(edges, foes)


@given(links, st.lists(pairs, max_size=12))
def test_nothing_joinable_is_left_apart(edges: list[tuple[str, str, float]], foes: list[tuple[str, str]]) -> None:
    found = _joined(edges, foes)
    members: dict[str, set[str]] = {}
    for node, named in found.items():
        members.setdefault(named, set()).add(node)
    barred = {frozenset(pair) for pair in foes}
    for left, right, _ in edges:
        if found[left] != found[right]:
            crossing = {frozenset((a, b)) for a in members[found[left]] for b in members[found[right]]}
            assert crossing & barred


@given(links, st.lists(pairs, max_size=6), st.lists(pairs, max_size=4))
def test_forced_pairs_are_together_whatever_they_are(
    edges: list[tuple[str, str, float]], foes: list[tuple[str, str]], forced: list[tuple[str, str]]
) -> None:
    found = _joined(edges, foes, forced)
    assert all(found[left] == found[right] for left, right in forced)
    named = {node for pair in forced for node in pair}
    assert all(found[left] != found[right] for left, right in foes if left not in named and right not in named)


@given(links, st.lists(pairs, max_size=12))
def test_what_all_of_a_forced_group_bar_stays_out_of_it(
    edges: list[tuple[str, str, float]], foes: list[tuple[str, str]]
) -> None:
    first, second, *rest = NODES
    found = _joined(edges, foes, [(first, second)])
    barred = {frozenset(pair) for pair in foes}
    for node in rest:
        if {frozenset((first, node)), frozenset((second, node))} <= barred:
            assert found[node] != found[first]


def _tolerant(
    edges: list[tuple[str, str, float]], foes: list[tuple[str, str]], tolerance: float, counted: list[str]
) -> dict[str, str]:
    enemies: dict[str, list[str]] = {}
    for left, right in {tuple(sorted(pair)) for pair in foes}:
        enemies.setdefault(left, []).append(right)
        enemies.setdefault(right, []).append(left)
    disagreement = Disagreement(tolerance, {node: node for node in counted}, enemies)
    return join_without_conflict(NODES, [], edges, {}, {}, [disagreement])


@given(links, st.lists(pairs, max_size=12))
def test_a_tolerance_of_nothing_is_strict(edges: list[tuple[str, str, float]], foes: list[tuple[str, str]]) -> None:
    assert _tolerant(edges, foes, 0, NODES) == _joined(edges, foes)


@given(links, st.lists(pairs, max_size=30), st.sampled_from([0.2, 0.34]), st.integers(0, 1_000_000))
def test_a_tolerated_conflict_is_never_more_than_its_share_of_a_cluster(
    edges: list[tuple[str, str, float]], foes: list[tuple[str, str]], tolerance: float, seed: int
) -> None:
    counted = random.Random(seed).sample(NODES, 9)
    found = _tolerant(edges, foes, tolerance, counted)
    barred = {frozenset(pair) for pair in foes}
    for named in set(found.values()):
        members = [node for node in counted if found[node] == named]
        inside = [frozenset((a, b)) for a in members for b in members if a < b]
        assert sum(pair in barred for pair in inside) <= tolerance * len(inside) + 1e-9
    shuffled = random.Random(seed).sample(edges, len(edges))
    assert _tolerant(shuffled, foes, tolerance, counted) == found


@settings(max_examples=50)
@given(st.lists(pairs, max_size=30), st.randoms(use_true_random=False))
def test_a_set_is_named_by_its_smallest_member(joins: list[tuple[str, str]], order: random.Random) -> None:
    shuffled = order.sample(joins, len(joins))
    named = []
    for sequence in (joins, shuffled):
        sets = UnionFind(NODES)
        for left, right in sequence:
            sets.union(left, right)
        named.append({node: sets.find(node) for node in NODES})
    assert named[0] == named[1] == _reference_components([(left, right, 0.0) for left, right in joins])
