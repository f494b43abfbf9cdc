"""What holds a cluster together: the merges that made it, and the best links between its records."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.agglomeration import JUDGED, RULED
from dq_pipeline.warehouse import Warehouse

Row = dict[str, Any]

RULE = "rule"  # of members of two clusters, though not of those two that stand for them


def merge_steps(warehouse: Warehouse, entity: Entity, cluster_id: str) -> list[Row]:
    """The merges that made a cluster, in their order: round, the two clusters joined, weight in bits, reason."""
    return warehouse.records(
        f"""select merges.round, merges.cluster_l, merges.cluster_r, merges.match_weight,
            coalesce(merges.reason, case when merges.match_weight >= {JUDGED!r} then 'judgement'
                when merges.match_weight >= {RULED!r} then '{RULE}' end) as reason
        from linked.{entity.name}_merges as merges
        join linked.{entity.name}_clusters as clusters on clusters.record_id = merges.cluster_l
        where clusters.cluster_id = ? order by merges.round, merges.cluster_l, merges.cluster_r""",
        [cluster_id],
    )


def joining_step(warehouse: Warehouse, entity: Entity, left: str, right: str) -> Row | None:
    """The merge at which two records of one cluster came together; None where they were alike from the beginning."""
    rows = warehouse.rows(
        f"""select profiles.record_id, profiles.profile_id, clusters.cluster_id
        from linked.{entity.name}_profiles as profiles
        join linked.{entity.name}_clusters as clusters on clusters.record_id = profiles.record_id
        where profiles.record_id in (?, ?)""",
        [left, right],
    )
    steps = merge_steps(warehouse, entity, str(rows[0][2]))
    named = {step[side] for step in steps for side in ("cluster_l", "cluster_r")}
    heads = {str(record): str(record if record in named else head) for record, head, _ in rows}
    groups: dict[str, frozenset[str]] = {}
    for step in steps:
        both = [groups.get(step[side], frozenset([step[side]])) for side in ("cluster_l", "cluster_r")]
        joined = both[0] | both[1]
        groups |= dict.fromkeys(joined, joined)
        if {heads[left], heads[right]} <= joined and not any({heads[left], heads[right]} <= part for part in both):
            return step
    return None


@dataclass(frozen=True)
class ClusterExplanation:
    """What holds a cluster together: `links` is the tree of the best links that connects all members.

    `weakest` is the tree's weakest link, without which the cluster falls into parts of `parts` records.
    """

    entity: str
    cluster_id: str
    records: list[str]
    copies: dict[str, str]
    links: list[Row]
    weakest: Row | None
    parts: tuple[int, int] | None
    steps: list[Row]


def explain_cluster(warehouse: Warehouse, entity: Entity, cluster_id: str) -> ClusterExplanation:
    """Explain one cluster of linked.<entity>_clusters."""
    name = entity.name
    rows = warehouse.rows(
        f"""select clusters.record_id, profiles.profile_id from linked.{name}_clusters as clusters
        join linked.{name}_profiles as profiles on profiles.record_id = clusters.record_id
        where clusters.cluster_id = ? order by clusters.record_id""",
        [cluster_id],
    )
    records = [str(record) for record, _ in rows]
    steps = merge_steps(warehouse, entity, cluster_id)
    edges = warehouse.records(
        f"""select edges.record_id_l, edges.record_id_r, edges.match_weight, edges.match_reason as reason
        from linked.{name}_edges as edges
        join linked.{name}_clusters as l on l.record_id = edges.record_id_l and l.cluster_id = $1
        join linked.{name}_clusters as r on r.record_id = edges.record_id_r and r.cluster_id = $1
        where edges.decision = 'merge'
        order by edges.match_weight desc, edges.record_id_l, edges.record_id_r""",
        [cluster_id],
    )
    # Clusters may be joined on all their pairs together, though no single pair of them has an edge.
    edges += [
        {"record_id_l": step["cluster_l"], "record_id_r": step["cluster_r"], "match_weight": step["match_weight"],
         "reason": step["reason"] or "clusters"}
        for step in steps
    ]  # fmt: skip
    tree = _tree(records, edges)
    weakest = min(tree, key=lambda link: (link["match_weight"], link["record_id_l"], link["record_id_r"]), default=None)
    parts = None
    if weakest:
        side = _reached(weakest["record_id_l"], [link for link in tree if link is not weakest])
        parts = (len(side), len(records) - len(side))
    copies = {str(record): str(head) for record, head in rows if record != head and head in set(records)}
    return ClusterExplanation(name, cluster_id, records, copies, tree, weakest, parts, steps)


def _tree(records: Iterable[str], edges: list[Row]) -> list[Row]:
    """The links that connect all records, the heaviest that do (edges come in that order)."""
    groups = {record: {record} for record in records}
    tree = []
    for edge in edges:
        left, right = groups[edge["record_id_l"]], groups[edge["record_id_r"]]
        if left is not right:
            tree.append(edge)
            left |= right
            groups |= dict.fromkeys(right, left)
    return tree


def _reached(start: str, links: list[Row]) -> set[str]:
    reached = {start}
    while True:
        more = {
            link[there]
            for link in links
            for here, there in (("record_id_l", "record_id_r"), ("record_id_r", "record_id_l"))
            if link[here] in reached
        } - reached
        if not more:
            return reached
        reached |= more
