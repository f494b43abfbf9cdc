"""How the report writes values: numbers, days and sentences in its language, harmless wherever they came from."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dq_pipeline.language import Language

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# What a spreadsheet takes for a formula when the page is copied into one; a number is none.
_FORMULA = re.compile(r"\s*[=+\-@](?![\d.,\s]*%?\Z)")


class Exact(Markup):
    """A value that is written as it is, escaped: an id that a program reads, in an attribute that nobody does."""


def environment(language: Language) -> Environment:
    """The templates, with the filters by which they write values."""
    made = Environment(
        loader=PackageLoader("dq_pipeline.scorecard", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= Wording(language).filters()
    made.globals |= {"spark": Wording(language).spark, "scale_floor": _scale_floor, "language": language}
    return made


def _harmless(value: Any) -> Any:
    """A text without characters that hide or turn what follows, and that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Exact):
        return value
    if isinstance(value, Markup):
        # A sentence with values in it, which were escaped and nothing else.
        return Markup(_UNSEEN.sub("\ufffd", value))
    text = _UNSEEN.sub("\ufffd", value)
    return f"'{text}" if _FORMULA.match(text) else text


def _ticks(text: str) -> Markup:
    """A sentence whose `words in backticks` are set as code."""
    parts = [escape(part) for part in _harmless(text).split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _scale_floor(rows: Sequence[Mapping[str, Any]]) -> float:
    """Where the axis of the scores begins: the highest of a few round shares that is below all scores and targets."""
    shares = [share for row in rows for share in (row["score"], row["target"]) if share is not None]
    return max((floor for floor in (0.0, 0.5, 0.8, 0.9, 0.95) if floor < min(shares, default=1)), default=0.0)


class Wording:
    """Values in words and figures of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter of the templates."""
        return {
            "count": self.count,
            "money": lambda amount: self.language.number(amount or 0, 2),
            "percent": self.percent,
            "signed": self.signed,
            "points": lambda change: self.signed(change * 100, 2),
            "duration": self.duration,
            "work": self.work,
            "bytes": self.bytes,
            "day": self.language.day,
            "long_day": self.language.long_day,
            "words": self.words,
            "because": self.because,
            "said": self.said,
            "ticks": _ticks,
            "exact": lambda value: Exact("{}").format(value),
        }

    def words(self, name: Any) -> str:
        """A name that tables use, as people say it: `past_promise` is past promise."""
        return self.language.gettext(str(name).replace("_", " ")) if str(name) else ""

    def because(self, reason: str) -> str:
        """Why a pair is in the review queue: its kind, and after a colon what it comes from."""
        return ": ".join(", ".join(self.words(one.strip()) for one in part.split(",")) for part in reason.split(":"))

    def said(self, sentence: Any) -> Any:
        """A sentence that was composed elsewhere; what is no text stays as it is."""
        return self.language.say(sentence) if isinstance(sentence, str) and sentence else sentence

    def count(self, number: Any) -> str:
        """A whole number."""
        return "–" if number is None else self.language.number(int(number))

    def percent(self, share: Any) -> str:
        """A share in percent, rounded down, so that nothing but all is 100 % and a missed target never looks met."""
        return self.language.number(math.floor(round(float(share) * 10_000, 6)) / 100, 2) + "\u00a0%"

    def signed(self, number: float, places: int = 1) -> str:
        """A number with its sign."""
        sign = "±" if round(number, places) == 0 else "+" if number > 0 else "−"
        return sign + self.language.number(round(abs(number), places), places)

    def duration(self, seconds: float) -> str:
        """So many seconds, minutes or hours."""
        if seconds < 60:
            return f"{self.language.number(seconds, 1)} s"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"

    def work(self, minutes: float) -> str:
        """So many hours and minutes of somebody's time."""
        hours, rest = divmod(math.ceil(minutes), 60)
        told = [f"{self.count(hours)} h" if hours else "", f"{rest} min" if rest or not hours else ""]
        return " ".join(part for part in told if part)

    def bytes(self, size: Any) -> str:
        """The size of a file."""
        amount = float(size or 0)
        for unit in ("B", "kB", "MB", "GB"):
            if amount < 1000 or unit == "GB":
                return f"{self.language.number(amount, 0 if unit == 'B' else 1)} {unit}"
            amount /= 1000
        return ""

    def spark(self, trend: Sequence[Mapping[str, Any]], width: int = 120, height: int = 28) -> dict[str, Any]:
        """The points of a line through a trend's scores in a box of `width` x `height`, and what it says in words."""
        shares = [float(run["score"]) for run in trend]
        low, high = min(shares), max(shares)
        # Half a point at least, or the noise of one row would fill the box.
        span = max(high - low, 0.005)
        bottom = (high + low - span) / 2
        step = (width - 8) / max(len(shares) - 1, 1)
        points = [
            (4 + index * step, height - 4 - (share - bottom) / span * (height - 8))
            for index, share in enumerate(shares)
        ]
        told = self.language.gettext(
            "%(runs)s runs: %(first)s on %(first_day)s, %(last)s on %(last_day)s; lowest %(low)s, highest %(high)s"
        )
        return {
            "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
            "last": points[-1],
            "said": told
            % {
                "runs": len(shares),
                "first": self.percent(shares[0]),
                "first_day": self._day(trend[0]["run_date"]),
                "last": self.percent(shares[-1]),
                "last_day": self._day(trend[-1]["run_date"]),
                "low": self.percent(low),
                "high": self.percent(high),
            },
        }

    def _day(self, day: date | str) -> str:
        return self.language.day(day)
