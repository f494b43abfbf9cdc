"""Judged pairs as evidence for training: pairs of profiles whose class is known, not estimated.

They take part in the fit with their comparison levels: a pair judged the same is a match for certain, one judged
different is none. Stewards see the doubtful pairs, so each stands for `training.judgement_weight` pairs like it. A
judged pair is no candidate besides: it would count twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage.comparing import Comparer
from dq_pipeline.linkage.judgements import Judgement, settle
from dq_pipeline.linkage.mixture import Counts
from dq_pipeline.warehouse import Warehouse


@dataclass(frozen=True)
class Learned:
    """How many pairs of profiles a model learned from, judged the same and different, and what each was worth."""

    same: int
    different: int
    weight: float

    def as_entry(self) -> dict[str, float]:
        """As the model file holds it."""
        return {"same": self.same, "different": self.different, "weight": self.weight}


def in_force(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The judgements that say what a pair is: the latest on each, neither unsure nor in contradiction."""
    return [one for one, status in settle(list(judgements)).statuses.items() if status == "applied"]


def take_judged_pairs(warehouse: Warehouse, entity: Entity, judgements: Sequence[Judgement]) -> Learned:
    """Build linked.<entity>_judged_pairs (l, r, is_match) of profiles.

    Left out: records that are not there tonight, records alike in all that is compared (no pair of profiles), and
    profiles of which some records were judged the same and others different.
    """
    name = entity.name
    warehouse.execute(f"create or replace table linked.{name}_judged_pairs (l bigint, r bigint, is_match boolean)")
    judged = in_force(judgements)
    if judged:
        left, right = ([one.pair[side] for one in judged] for side in (0, 1))
        warehouse.execute(
            f"""insert into linked.{name}_judged_pairs
            with judged as (
            select unnest(?) as record_l, unnest(?) as record_r, unnest(?) as is_match
            )
            select
                least(l.profile_no, r.profile_no) as l,
                greatest(l.profile_no, r.profile_no) as r,
                bool_and(judged.is_match) as is_match
            from judged
            inner join linked.{name}_profiles as l
                on judged.record_l = l.record_id
            inner join linked.{name}_profiles as r
                on judged.record_r = r.record_id
                and l.profile_no <> r.profile_no
            group by least(l.profile_no, r.profile_no), greatest(l.profile_no, r.profile_no)
            having bool_and(judged.is_match) = bool_or(judged.is_match)
            order by 1, 2""",
            [left, right, [one.judgement == "same" for one in judged]],
        )
    same, different = warehouse.rows(
        f"select count(*) filter (where is_match), count(*) filter (where not is_match) from linked.{name}_judged_pairs"
    )[0]
    return Learned(int(same), int(different), entity.linkage.training.judgement_weight)


def with_judged_pairs(splink: Comparer, entity: Entity, candidates: Counts, learned: Learned, scale: float) -> Counts:
    """The candidates' counts and behind them those of the judged pairs, whose class is known.

    `scale` = candidates in all for one that was counted: a judged pair is worth its weight of all, not of the counted.
    """
    parts = [candidates]
    for is_match, found in ((True, learned.same), (False, learned.different)):
        if found:
            test = "is_match" if is_match else "not is_match"
            levels = f"linked.{entity.name}_judged_levels"
            splink.compare(f"select l, r, 0 as rule from linked.{entity.name}_judged_pairs where {test}", levels)
            rows = splink.patterns(f"select * from {levels}")
            splink.warehouse.execute(f"drop table {levels}")
            counts = Counts.of(rows, candidates.levels.shape[1])
            known = np.full(len(rows), float(is_match))
            parts.append(Counts(counts.levels, counts.groups, counts.pairs * learned.weight / scale, known))
    return Counts.joined(parts)
