"""Disjoint sets of texts, the smallest member standing for its set."""

from collections.abc import Iterable, Iterator


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
