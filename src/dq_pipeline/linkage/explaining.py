"""Why two records are, or are not, one: all that was weighed, and what the run decided.

A pair is weighed again by the code that weighs all pairs, so that no second opinion can differ from the first. It
needs linked.<entity>_profile_rows, which `build_profiles` makes again from the input.
"""

import math
from dataclasses import dataclass
from typing import Any

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.blocking import COMPLETION
from dq_pipeline.linkage.comparing import comparable, comparer
from dq_pipeline.linkage.drift import level_sql
from dq_pipeline.linkage.frequencies import build_frequencies, frequencies_table
from dq_pipeline.linkage.holding import RULE, joining_step
from dq_pipeline.linkage.model import at_size, fitted
from dq_pipeline.linkage.profiles import build_profiles, input_table
from dq_pipeline.linkage.scoring import weighed_select
from dq_pipeline.linkage.weighing import weight_of
from dq_pipeline.warehouse import Warehouse, literal, quoted

Row = dict[str, Any]


@dataclass(frozen=True)
class Weighed:
    """One comparison of a pair: its level, what the level weighs in bits, and what the value's rarity adds."""

    name: str
    level: str
    weight: float
    frequency: float
    strong: bool
    values: dict[str, tuple[Any, Any]]

    @property
    def total(self) -> float:
        """All that the comparison says, in bits."""
        return self.weight + self.frequency


@dataclass(frozen=True)
class PairExplanation:
    """Everything that speaks for and against a pair, and what became of it.

    `related` has for each class of related pairs the odds in bits that the pair is one of those and no match.
    `shield` has the bits that the strong comparisons say together, and those that a merge needs; `rare_needed` and
    `is_rare` where the shield lets a rare name pass on so much weight. `merge` is the step at which the two became one.
    """

    entity: str
    record_id_l: str
    record_id_r: str
    alike: bool
    found_by: str | None
    prior: float
    comparisons: list[Weighed]
    related: dict[str, float]
    match_weight: float
    thresholds: dict[str, float]
    shield: Row | None
    conflicts: list[str]
    rules: list[str]
    judgements: list[Row]
    edge: Row | None
    review: list[str]
    confusable: list[str]
    cluster_l: str
    cluster_r: str
    merge: Row | None

    @property
    def is_one(self) -> bool:
        """Whether the run holds both for one."""
        return self.cluster_l == self.cluster_r

    @property
    def correction(self) -> float:
        """What the related classes take off, in bits."""
        return -math.log2(1 + sum(2.0 ** min(bits, 1000) for bits in self.related.values()))

    @property
    def match_probability(self) -> float:
        """The probability of a match, of the pair alone."""
        return float(1 / (1 + 2.0 ** -max(min(self.match_weight, 60.0), -60.0)))

    @property
    def because(self) -> str:
        """What decided, in words."""
        return _joined(self) if self.is_one else _apart(self)


def explain_pair(warehouse: Warehouse, entity: Entity, model: dict[str, Any], one: str, other: str) -> PairExplanation:
    """Explain two records of linked.<entity>_input. `model` is the one in force."""
    left, right = sorted((one, other))
    name = entity.name
    profiles = build_profiles(warehouse, entity)
    numbers = dict(
        warehouse.rows(
            f"select record_id, profile_no from linked.{name}_profiles where record_id in (?, ?)", [left, right]
        )
    )
    low, high = sorted((numbers[left], numbers[right]))
    sized = at_size(fitted(model, entity), profiles)
    values, levels = _seen(warehouse, entity, left, right)
    prior, weights = _weights(warehouse, entity, sized, int(low), int(high))
    comparisons = [
        Weighed(
            comparison.name,
            levels[comparison.name],
            *weights.get(comparison.name, (0.0, 0.0)),
            comparison.strong,
            {column: values[column] for column in comparison.columns if column in values},
        )
        for comparison in entity.linkage.comparisons
    ]
    evidence = {one.name: one.total for one in comparisons}
    related = {
        kin.name: math.log2(sized["prior"][kin.name])
        + sum(_partial(share, evidence[compared]) for compared, share in kin.shares.items())
        for kin in entity.linkage.related
    }
    odds = 1 + sum(2.0 ** min(bits, 1000) for bits in related.values())
    thresholds = entity.linkage.thresholds
    return PairExplanation(
        entity=name,
        record_id_l=left,
        record_id_r=right,
        alike=low == high,
        found_by=_found_by(warehouse, entity, int(low), int(high)),
        prior=prior,
        comparisons=comparisons,
        related=related,
        match_weight=prior + sum(evidence.values()) - math.log2(odds),
        thresholds={"merge": weight_of(thresholds.merge), "review": weight_of(thresholds.review)},
        shield=_shield(warehouse, entity, left, right, sum(one.total for one in comparisons if one.strong)),
        conflicts=_conflicts(warehouse, entity, left, right),
        rules=_rules(warehouse, entity, left, right),
        **_decided(warehouse, entity, left, right),
    )


def _partial(share: float, evidence: float) -> float:
    """What a comparison says against related pairs of whom `share` agree in it as matches do."""
    return math.log2(share * 2.0**evidence + 1 - share) if share else 0.0


def _weights(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], low: int, high: int
) -> tuple[float, dict[str, tuple[float, float]]]:
    """The prior of the pair, and of each comparison that has data the weight of its level and of the value's rarity."""
    if not comparable(warehouse, entity):
        return weight_of(model["prior"]["match"]), {}
    levels = f"linked.{entity.name}_levels"
    with comparer(warehouse, entity) as splink:
        splink.compare(f"select {low} as l, {high} as r, 0 as rule", levels)
    build_frequencies(warehouse, entity, model, splink.comparisons)
    weighed = weighed_select(entity, model, splink.comparisons, splink.systems, levels)
    at = ", ".join(f"levels.level_{one.name}" for one in splink.comparisons)
    row = warehouse.records(f"select {at}, weighed.* from ({weighed}) as weighed cross join {levels} as levels")[0]
    for table in (levels, frequencies_table(entity)):
        warehouse.execute(f"drop table {table}")
    found = {}
    for entry in model["comparisons"]:
        level, evidence = row.get(f"level_{entry['name']}", -1), row.get(f"e_{entry['name']}") or 0.0
        if level >= 0:
            at_level = entry["levels"][-1 - level]
            weight = math.log2(at_level["m"] / at_level["u"])
            found[entry["name"]] = (weight, evidence - weight)
    return float(row["prior"]), found


def _pair_select(warehouse: Warehouse, entity: Entity, left: str, right: str) -> str:
    """A SELECT of one row: both records' columns as x_l and x_r."""
    both = ", ".join(
        f"{side}.{quoted(column)} as {quoted(f'{column}_{side}')}"
        for column in warehouse.columns(input_table(entity))
        for side in ("l", "r")
    )
    return f"""select {both} from {input_table(entity)} as l cross join {input_table(entity)} as r
    where l.record_id = {literal(left)} and r.record_id = {literal(right)}"""


def _seen(
    warehouse: Warehouse, entity: Entity, left: str, right: str
) -> tuple[dict[str, tuple[Any, Any]], dict[str, str]]:
    """The values of the compared columns on both sides, and each comparison's level."""
    pair = _pair_select(warehouse, entity, left, right)
    row = warehouse.records(f"select * from ({pair}) as pair")[0]
    levels = ", ".join(f"{level_sql(one)} as {one.name}" for one in entity.linkage.comparisons)
    found = warehouse.records(f"select {levels} from ({pair}) as pair")[0]
    columns = dict.fromkeys(column for one in entity.linkage.comparisons for column in one.columns)
    return {column: (row[f"{column}_l"], row[f"{column}_r"]) for column in columns}, found


def _conflicts(warehouse: Warehouse, entity: Entity, left: str, right: str) -> list[str]:
    """The declared conflicts that hold between the two records."""
    if not entity.linkage.conflicts:
        return []
    tests = ", ".join(f"coalesce(({one.sql}), false) as {one.name}" for one in entity.linkage.conflicts)
    row = warehouse.records(f"select {tests} from ({_pair_select(warehouse, entity, left, right)}) as pair")[0]
    return [name for name, holds in row.items() if holds]


def _rules(warehouse: Warehouse, entity: Entity, left: str, right: str) -> list[str]:
    """The deterministic rules that hold between the two records."""
    found = []
    for rule in entity.linkage.deterministic:
        condition = rule.sql or " and ".join(f"l_key_{place} = r_key_{place}" for place, _ in enumerate(rule.key))
        keys = "".join(f", ({expression}) as {{side}}_key_{place}" for place, expression in enumerate(rule.key))
        sides = {
            side: f"(select *{keys.format(side=side)} from {input_table(entity)} where record_id in (?, ?))"
            for side in "lr"
        }
        query = (
            f"select 1 from {sides['l']} as l join {sides['r']} as r on ({condition}) and l.record_id <> r.record_id"
        )
        if warehouse.rows(query, [left, right, left, right]):
            found.append(rule.name)
    return found


def _found_by(warehouse: Warehouse, entity: Entity, low: int, high: int) -> str | None:
    """Why the pair was compared: the first blocking key it shares; None where it was not."""
    found = warehouse.rows(f"select rule from linked.{entity.name}_scored where l = ? and r = ?", [low, high])
    if not found:
        return None
    rule = int(found[0][0])
    keys = entity.linkage.blocking
    if 0 <= rule < len(keys):
        return ", ".join(keys[rule])
    return "what else their clusters share" if rule == COMPLETION else "all pairs being compared"


def _decided(warehouse: Warehouse, entity: Entity, left: str, right: str) -> Row:
    """What the run made of the pair: clusters, edge, merge, review, confusable, judgements."""
    name = entity.name
    clusters = dict(
        warehouse.rows(
            f"select record_id, cluster_id from linked.{name}_clusters where record_id in (?, ?)", [left, right]
        )
    )
    pair = [clusters[left], clusters[right]]
    edges = warehouse.records(
        f"select * from linked.{name}_edges where record_id_l = ? and record_id_r = ?", [left, right]
    )
    found: Row = {"cluster_l": pair[0], "cluster_r": pair[1], "edge": edges[0] if edges else None, "merge": None}
    for table, column in (("review", "reason"), ("confusable", "kind")):
        rows = warehouse.rows(_between(name, table, f"pairs.{column}"), pair * 2)
        found[table] = sorted({str(row[0]) for row in rows})
    columns = "pairs.record_id_l, pairs.record_id_r, pairs.judgement, pairs.decided_by, pairs.decided_at, pairs.status"
    found["judgements"] = warehouse.records(_between(name, "judgements", columns), pair * 2)
    if pair[0] == pair[1]:
        found["merge"] = joining_step(warehouse, entity, left, right)
    return found


def _between(name: str, table: str, columns: str) -> str:
    """A query of a table of pairs of records, for those between two clusters (parameters: both, twice)."""
    return f"""select {columns} from linked.{name}_{table} as pairs
        join linked.{name}_clusters as l on l.record_id = pairs.record_id_l
        join linked.{name}_clusters as r on r.record_id = pairs.record_id_r
        where (l.cluster_id = ?1 and r.cluster_id = ?2) or (l.cluster_id = ?4 and r.cluster_id = ?3)
        order by all""".replace("?", "$")


def _shield(warehouse: Warehouse, entity: Entity, left: str, right: str, reached: float) -> Row | None:
    """The namesake shield over the pair; None where the entity has none."""
    shield = entity.linkage.shield
    if shield is None:
        return None
    found: Row = {"reached": reached, "needed": math.log2(shield.odds), "is_rare": False, "rare_needed": None}
    if shield.rare:
        pair = _pair_select(warehouse, entity, left, right)
        found["is_rare"] = bool(warehouse.value(f"select coalesce(({shield.rare}), false) from ({pair}) as pair"))
        found["rare_needed"] = weight_of(shield.rare_probability)
    return found


def _passes(shield: Row, match_weight: float) -> bool:
    if shield["reached"] >= shield["needed"]:
        return True
    return bool(shield["is_rare"]) and match_weight >= float(shield["rare_needed"])


def _joined(pair: PairExplanation) -> str:
    """Why two records are one."""
    if pair.alike and pair.merge is None:
        return "they are alike in everything that is compared"
    step = pair.merge
    if step is None:
        return "their clusters hold them together"
    if step["reason"] == "judgement":
        return f"a steward judged that their clusters are one (round {step['round']})"
    if step["reason"] == RULE:
        return f"a rule on members of their clusters joined them in round {step['round']}"
    if step["reason"]:
        return f"the rule {step['reason']} joined their clusters in round {step['round']}"
    return f"the evidence of their clusters, {step['match_weight']:.1f} bits, joined them in round {step['round']}"


def _apart(pair: PairExplanation) -> str:
    """Why two records are two."""
    if any(row["judgement"] == "different" for row in pair.judgements):
        return "a steward judged that they are two"
    held = [reason for reason in pair.review if reason != "unsure"]
    if held:
        return f"held back for a steward: {', '.join(held)}"
    if pair.alike:
        return "they are alike in everything that is compared, and that is too little"
    if pair.found_by is None:
        return "they share no blocking key, so they were never compared"
    if pair.conflicts:
        if pair.match_weight >= pair.thresholds["review"]:
            return f"the conflict {pair.conflicts[0]} forbids it"
        return f"the evidence is too weak, and the conflict {pair.conflicts[0]} would forbid it"
    if pair.match_weight >= pair.thresholds["merge"] and pair.shield and not _passes(pair.shield, pair.match_weight):
        return "nothing but names speaks for it: the namesake shield"
    if pair.review or pair.match_weight >= pair.thresholds["review"]:
        if pair.match_weight >= pair.thresholds["merge"]:
            return "the pair alone would be enough, all pairs of their clusters together are not"
        return "unsure: a steward is asked"
    return "the evidence is too weak"
