"""What the company owes its customers: the promised window, metrics of service, tiers, stages, the minimum standard."""

from typing import Literal

from pydantic import Field, model_validator

from dq_pipeline.config.base import Frozen, Identifier, Share


class Window(Frozen):
    """How many days before and after the committed date count as on time; `early_days` left out: any day before."""

    early_days: int | None = Field(default=None, ge=0)
    late_days: int = Field(default=0, ge=0)


class Metric(Frozen):
    """One metric of service: the file `sql/service/<name>.sql` returns what is measured, with its cuts.

    `rate_of` says whether the rate is the share of the good or of the bad in what is known. `target` is what the rate
    should reach, or for a rate of the bad, what it should not exceed.
    """

    name: Identifier
    title: str
    unit: Identifier
    rate_of: Literal["good", "bad"] = "good"
    target: Share | None = None


class Service(Frozen):
    """The window of a promise, the metrics of service, and the columns by which each metric is cut."""

    window: Window = Window()
    cuts: tuple[Identifier, ...] = ()
    metrics: tuple[Metric, ...] = ()


class Tier(Frozen):
    """A tier of customers: who keeps every limit that is named belongs to it, if to none of the tiers before it."""

    name: Identifier
    max_recency_days: int | None = Field(default=None, ge=0)
    min_orders: int | None = Field(default=None, ge=0)
    min_value: float | None = Field(default=None, ge=0)


class Lifecycle(Frozen):
    """Days since the first order while a customer is new, and since the last while active and while lapsing."""

    new_days: int = Field(default=90, ge=0)
    active_days: int = Field(default=365, ge=0)
    lapsing_days: int = Field(default=730, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> "Lifecycle":
        if self.lapsing_days < self.active_days:
            raise ValueError("lapsing_days must not be less than active_days")
        return self


class Condition(Frozen):
    """One condition of the minimum standard: `sql/standard/<name>.sql` returns customer_id and met for every customer.

    `met` is true, false, or null where it cannot be known.
    """

    name: Identifier
    title: str
    owner: Identifier
    remedy: str = ""


class Standard(Frozen):
    """What every member of an entity must be given whatever the tier; `id` is the column that names the member."""

    id: Identifier
    conditions: tuple[Condition, ...] = Field(min_length=1)
