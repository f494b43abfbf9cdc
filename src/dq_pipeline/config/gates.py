"""Limits that a night must meet to be published, all in one place of the project file: `gates:`."""

from typing import Literal

from pydantic import Field

from dq_pipeline.config.base import Dimension, Frozen, Identifier, Share

AnomalyKind = Literal[
    "volume", "null_rate", "distinct_count", "distribution", "freshness", "touchpoint_new", "touchpoint_silent"
]


class SourceLimits(Frozen):
    """Limits of one source where they differ from those of all; what is not given is as for all."""

    quarantine_share: Share | None = None
    quarantine_rows: int | None = Field(default=None, ge=0)
    volume_drop: Share | None = None
    volume_rise: float | None = Field(default=None, gt=0)
    records_lost: Share | None = None


class Gates(Frozen):
    """Limits that a night must meet to be published. Conservation and failed critical checks are always gates.

    Of any one source (`sources` names others for some): `quarantine_share` and `quarantine_rows` are the most that may
    be kept out; `volume_drop` and `volume_rise` how many fewer or more rows than in the last published night there may
    be, as a share of those; `records_lost` the share of that night's records that tonight's extract may lack. A change
    of fewer than `volume_rows` rows is none. Of all sources together: `quarantine_share_in_all`,
    `quarantine_rows_in_all`. A truncated extract must never delete masters, so drops are gates unless they are set
    to 1.

    `scores` are floors by dimension, or `overall`. `issues` is how many rows may have an issue, by its code, or issues
    of a severity. `anomalies` names the kinds of quality.anomalies that stop a night, and from which severity on.
    `id_churn` is the share of yesterday's master ids of an entity that may be merged, split or retired in one night.
    `judged_precision` and `judged_recall`, where they are given, are floors for what judgements say of the model.
    `model_drift`, where it is given, is the largest population stability index of a comparison (ops.model_drift).
    """

    unparsed_lines: int = Field(default=0, ge=0)
    quarantine_share: Share = 0.05
    quarantine_rows: int | None = Field(default=None, ge=0)
    quarantine_share_in_all: Share | None = None
    quarantine_rows_in_all: int | None = Field(default=None, ge=0)
    volume_drop: Share = 0.3
    volume_rise: float | None = Field(default=None, gt=0)
    volume_rows: int = Field(default=20, ge=0)
    records_lost: Share = 0.3
    sources: dict[Identifier, SourceLimits] = Field(default_factory=dict)
    scores: dict[Dimension | Literal["overall"], Share] = Field(default_factory=dict)
    issues: dict[str, int] = Field(default_factory=dict)
    anomalies: dict[AnomalyKind, Literal["critical", "warning"]] = Field(default_factory=dict)
    largest_cluster: int = Field(default=500, ge=2)
    id_churn: Share = 0.5
    judged_precision: Share | None = None
    judged_recall: Share | None = None
    model_drift: float | None = Field(default=None, gt=0)

    def limit(self, name: str, source: str) -> tuple[float | None, str]:
        """The limit `name` of a source, and where it is written: for the source itself, else for all."""
        own = getattr(self.sources.get(source), name, None)
        if own is not None:
            return own, f"gates.sources.{source}.{name}"
        return getattr(self, name), f"gates.{name}"
