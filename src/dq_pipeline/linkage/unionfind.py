"""Disjoint sets of texts, the smallest member standing for its set; and joining by weight without a conflict."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


class UnionFind:
    """Disjoint sets; the smallest member stands for its set, so results do not depend on the order of unions."""

    def __init__(self, members: Iterable[str] = ()) -> None:
        self._parent = {member: member for member in members}

    def __contains__(self, member: object) -> bool:
        return member in self._parent

    def __iter__(self) -> Iterator[str]:
        return iter(self._parent)

    def find(self, member: str) -> str:
        """The smallest member of the set that holds `member`."""
        root = member
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[member] != root:
            self._parent[member], member = root, self._parent[member]
        return root

    def union(self, left: str, right: str) -> None:
        """Make one set of the sets of both."""
        first, second = sorted((self.find(left), self.find(right)))
        self._parent[second] = first


@dataclass(frozen=True)
class Disagreement:
    """A conflict that two sides may have in a share `tolerance` of their pairs.

    `traits` gives the trait of each record that can disagree at all; `enemies`, both ways, the traits that disagree.
    """

    tolerance: float
    traits: Mapping[str, str]
    enemies: Mapping[str, Iterable[str]]


def join_without_conflict(
    records: Iterable[str],
    forced: Iterable[tuple[str, str]],
    edges: Iterable[tuple[str, str, float]],
    traits: Mapping[str, Iterable[str]],
    enemies: Mapping[str, Iterable[str]],
    tolerated: Sequence[Disagreement] = (),
) -> dict[str, str]:
    """Record -> smallest record of its cluster: join along edges, heaviest first, never two sides in conflict.

    `traits` gives each record's traits and `enemies`, both ways, the traits that a trait may not meet. `forced` pairs
    are joined first, whatever they are (a steward's word); such a group is in conflict only with what all of its
    records are in conflict with. Edges of equal weight are taken in the order of their records, so the result does
    not depend on the order of the input.
    """
    sets = UnionFind(records)
    held = {record: set(traits.get(record, ())) for record in sets}
    barred = {record: {foe for trait in held[record] for foe in enemies.get(trait, ())} for record in sets}
    tallies = [_Tally(disagreement, sets) for disagreement in tolerated]
    for first, second in _join_forced(sets, forced, held, barred):
        for tally in tallies:
            tally.join(first, second)
    refused: set[tuple[str, str]] = set()
    for left, right, _ in sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1])):
        first, second = sorted((sets.find(left), sets.find(right)))
        if first == second or (first, second) in refused:
            continue
        strict = held[first].isdisjoint(barred[second]) and barred[first].isdisjoint(held[second])
        if not (strict and all(tally.allows(first, second) for tally in tallies)):
            refused.add((first, second))
            continue
        sets.union(first, second)
        held[first] |= held.pop(second)
        barred[first] |= barred.pop(second)
        for tally in tallies:
            tally.join(first, second)
        refused = {pair for pair in refused if first not in pair and second not in pair}
    return {record: sets.find(record) for record in sets}


class _Tally:
    """How many records of each set have each trait of a disagreement."""

    def __init__(self, disagreement: Disagreement, records: Iterable[str]) -> None:
        self._tolerance = disagreement.tolerance
        self._enemies = disagreement.enemies
        traits = disagreement.traits
        self._counts = {one: Counter([traits[one]] if one in traits else []) for one in records}

    def allows(self, first: str, second: str) -> bool:
        """Whether no more than the tolerated share of the pairs between two sets disagrees."""
        left, right = self._counts[first], self._counts[second]
        if len(right) > len(left):
            left, right = right, left
        conflicts = sum(n * left[foe] for trait, n in right.items() for foe in self._enemies.get(trait, ()))
        return conflicts <= self._tolerance * left.total() * right.total()

    def join(self, first: str, second: str) -> None:
        """Let `first` stand for both."""
        self._counts[first] += self._counts.pop(second)


def _join_forced(
    sets: UnionFind, forced: Iterable[tuple[str, str]], held: dict[str, set[str]], barred: dict[str, set[str]]
) -> list[tuple[str, str]]:
    """Join the forced pairs. A group holds the traits, and bars those, that all its records hold and bar.

    It also gets a trait of its own, which is barred by every record that it bars, so that conflict stays mutual.
    Returns (record that stands for a group, other record of it).
    """
    for left, right in forced:
        sets.union(left, right)
    groups: dict[str, list[str]] = {}
    for record in sets:
        groups.setdefault(sets.find(record), []).append(record)
    joined = {named: members for named, members in groups.items() if len(members) > 1}
    for named, members in joined.items():
        held[named] = {f"forced {named}"} | set.intersection(*(held[member] for member in members))
        barred[named] = set.intersection(*(barred[member] for member in members))
        for member in members:
            if member != named:
                del held[member], barred[member]
    for named in joined:
        for other in held:
            if other != named and held[other] & barred[named]:
                barred[other] = barred[other] | {f"forced {named}"}
    return [(named, member) for named, members in joined.items() for member in members if member != named]
