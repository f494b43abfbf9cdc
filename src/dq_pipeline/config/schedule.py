"""When a night begins: `schedule:` of the project file, which `dq schedule` makes timers and jobs of."""

import datetime
from zoneinfo import ZoneInfo

from pydantic import field_validator

from dq_pipeline.config.base import Frozen


def is_timezone(name: str) -> bool:
    """Whether this machine knows a time zone of that name: `America/Chicago`, `UTC`."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


class Schedule(Frozen):
    """The hour at which a night begins, `at`, in `timezone`; the machine's own time zone if left out."""

    at: datetime.time = datetime.time(2)
    timezone: str | None = None

    @field_validator("at", mode="before")
    @classmethod
    def _in_minutes(cls, value: object) -> object:
        """YAML takes 12:30 without quotes for a number of base 60."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
            return datetime.time(*divmod(value, 60))
        return value

    @field_validator("at")
    @classmethod
    def _whole_minutes(cls, value: datetime.time) -> datetime.time:
        if value.second or value.microsecond or value.tzinfo:
            raise ValueError("at is hours and minutes, as 02:00")
        return value

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        if value is not None and not is_timezone(value):
            raise ValueError(f"no time zone is named {value!r} here: write one as America/Chicago, or UTC")
        return value
