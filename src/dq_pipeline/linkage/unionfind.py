"""Disjoint sets of texts, the smallest member standing for its set; and joining by weight without a conflict."""

from collections.abc import Iterable, Iterator, Mapping


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


def join_without_conflict(
    records: Iterable[str],
    forced: Iterable[tuple[str, str]],
    edges: Iterable[tuple[str, str, float]],
    traits: Mapping[str, Iterable[str]],
    enemies: Mapping[str, Iterable[str]],
) -> dict[str, str]:
    """Record -> smallest record of its cluster: join along edges, heaviest first, never two sides in conflict.

    `traits` gives each record's traits and `enemies` the traits that a trait may not meet. `forced` pairs are joined
    first, whatever they are (a steward's word). Edges of equal weight are taken in the order of their records, so the
    result does not depend on the order of the input.
    """
    sets = UnionFind(records)
    held = {record: set(traits.get(record, ())) for record in sets}
    barred = {record: {foe for trait in held[record] for foe in enemies.get(trait, ())} for record in sets}

    def join(left: str, right: str) -> None:
        first, second = sorted((left, right))
        sets.union(first, second)
        held[first] |= held.pop(second)
        barred[first] |= barred.pop(second)

    for left, right in sorted(forced):
        left, right = sets.find(left), sets.find(right)
        if left != right:
            join(left, right)
    for left, right, _ in sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1])):
        left, right = sets.find(left), sets.find(right)
        if left != right and held[left].isdisjoint(barred[right]) and barred[left].isdisjoint(held[right]):
            join(left, right)
    return {record: sets.find(record) for record in sets}
