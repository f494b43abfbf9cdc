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

    `traits` gives each record's traits and `enemies`, both ways, the traits that a trait may not meet. `forced` pairs
    are joined first, whatever they are (a steward's word); such a group is in conflict only with what all of its
    records are in conflict with. Edges of equal weight are taken in the order of their records, so the result does
    not depend on the order of the input.
    """
    sets = UnionFind(records)
    held = {record: set(traits.get(record, ())) for record in sets}
    barred = {record: {foe for trait in held[record] for foe in enemies.get(trait, ())} for record in sets}
    _join_forced(sets, forced, held, barred)
    for left, right, _ in sorted(edges, key=lambda edge: (-edge[2], edge[0], edge[1])):
        first, second = sorted((sets.find(left), sets.find(right)))
        if first != second and held[first].isdisjoint(barred[second]) and barred[first].isdisjoint(held[second]):
            sets.union(first, second)
            held[first] |= held.pop(second)
            barred[first] |= barred.pop(second)
    return {record: sets.find(record) for record in sets}


def _join_forced(
    sets: UnionFind, forced: Iterable[tuple[str, str]], held: dict[str, set[str]], barred: dict[str, set[str]]
) -> None:
    """Join the forced pairs. A group holds the traits, and bars those, that all its records hold and bar.

    It also gets a trait of its own, which is barred by every record that it bars, so that conflict stays mutual.
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
