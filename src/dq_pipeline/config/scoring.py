"""How a night is judged: weights and targets of scores, what is unlike a source's history, failures, and the plan."""

from typing import Any

from pydantic import Field, model_validator

from dq_pipeline.config.base import Dimension, Frozen, Identifier, Severity, Share

ROW_WEIGHTS: dict[Severity, float] = {"critical": 0.3, "warning": 0.1, "info": 0.02}


class Target(Frozen):
    """What a part of the scores must reach: every field that is given must fit, and the most fields win.

    Of two with as many fields the one that is written first counts.
    """

    target: Share
    dimension: Dimension | None = None
    source: str | None = None
    entity: str | None = None
    touchpoint: str | None = None
    owner: Identifier | None = None

    @model_validator(mode="after")
    def _says_where(self) -> "Target":
        if not self.fields():
            raise ValueError("name a dimension, source, entity, touchpoint or owner that the target is for")
        return self

    def fields(self) -> dict[str, Any]:
        """The fields that are given, but the target itself."""
        return {name: value for name, value in self.model_dump().items() if name != "target" and value is not None}


class Recent(Frozen):
    """Against which nights a score is held: the median of the last `nights`, once there are `least_nights`.

    A score moved where it is further off than `deviations` robust deviations, than what chance makes of so few
    checks, and than `least_change`.
    """

    nights: int = Field(default=14, ge=1)
    least_nights: int = Field(default=3, ge=1)
    deviations: float = Field(default=3, gt=0)
    least_change: Share = 0.002


class Scores(Frozen):
    """Weights of dimensions and sources (1 where none is given), targets of parts, and what counts as a change."""

    weights: dict[Dimension, float] = Field(default_factory=dict)
    source_weights: dict[str, float] = Field(default_factory=dict)
    overall_target: Share | None = None
    targets: tuple[Target, ...] = ()
    recent: Recent = Recent()

    @model_validator(mode="after")
    def _weights_are_positive(self) -> "Scores":
        weights: dict[str, float] = {str(name): weight for name, weight in self.weights.items()} | self.source_weights
        for name, weight in weights.items():
            if weight <= 0:
                raise ValueError(f"weights: {name} must weigh more than 0")
        return self


class Anomalies(Frozen):
    """When a figure of a source is unlike that source's own history (docs/anomalies.md).

    The last `nights` are looked at, of the same weekday only where there are `weekday_nights` of them; fewer than
    `least_nights` say nothing. A change counts when it is more than `deviations` robust deviations, more than chance,
    more than `least_rows` rows, and more than the change that is given for its kind. `ignore` names columns as
    `<source>.<column>`, or whole sources.
    """

    nights: int = Field(default=56, ge=3)
    least_nights: int = Field(default=3, ge=2)
    weekday_nights: int = Field(default=4, ge=2)
    deviations: float = Field(default=4, gt=0)
    least_rows: int = Field(default=20, ge=1)
    volume_change: Share = 0.2
    null_rate_change: Share = 0.02
    distinct_change: Share = 0.3
    distribution_index: float = Field(default=0.2, gt=0)
    freshness_days: int = Field(default=3, ge=1)
    silent_days: int = Field(default=7, ge=1)
    new_touchpoint_rows: int = Field(default=5, ge=1)
    ignore: tuple[str, ...] = ()


class Failure(Frozen):
    """One way in which an order fails, and what such a failure costs the company."""

    title: str
    cost: float = Field(default=0, ge=0)


class Failures(Frozen):
    """What a failed order is, and what it hangs on.

    `orders` and `links` name SELECTs of `sql/mastered/`: one row for each order and failure, or for an order that did
    not fail (order_id, failure, is_perfect, customer_id, touchpoint, value), and one row for each thing that a failed
    order hangs on (order_id, through, record_id, entity, master_id). `kinds` declares the failures. `causes` says
    which failures a failed expectation can cause, `<source>.<code>` -> failures; an issue check says so itself.
    Without SELECTs no order is looked at.
    """

    orders: Identifier | None = None
    links: Identifier | None = None
    kinds: dict[Identifier, Failure] = Field(min_length=1)
    causes: dict[str, tuple[Identifier, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_kinds(self) -> "Failures":
        for code, causes in self.causes.items():
            for failure in causes:
                if failure not in self.kinds:
                    raise ValueError(
                        f"causes.{code}: {failure!r} is no failure; known: {', '.join(sorted(self.kinds))}"
                    )
        return self


class Plan(Frozen):
    """Weights of the action plan (docs/action-plan.md).

    `tier_table` names the table of `mastered` that gives customer_id and tier; `tiers` what each tier weighs.
    `money_unit` is the sum that doubles an action's weight; `start_minutes` is the work before the first row.
    """

    tier_table: Identifier | None = None
    tiers: dict[str, float] = Field(default_factory=dict)
    customer_weight: float = Field(default=1, ge=0)
    order_weight: float = Field(default=1, ge=0)
    row_weights: dict[Severity, float] = ROW_WEIGHTS
    money_unit: float = Field(default=1000, gt=0)
    start_minutes: float = Field(default=30, gt=0)


class Touchpoints(Frozen):
    """From which share of agreement with the golden values a touchpoint's attribute is good.

    `targets` gives another share for some, `<entity>.<field>`; `ignore` names fields that no touchpoint could have
    right or wrong. What dates a record is never compared.
    """

    agreement: Share = 0.95
    targets: dict[str, Share] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
