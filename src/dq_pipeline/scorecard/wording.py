"""How the report writes values: numbers, days and sentences in its language, harmless wherever they came from."""

import math
import re
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dq_pipeline.language import Language
from dq_pipeline.scorecard.charting import Charts

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
    made.globals |= {"charts": Charts(Wording(language), _harmless), "language": language}
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


class Wording:
    """Values in words and figures of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter of the templates."""
        return {
            "count": self.count,
            "money": lambda amount: self.language.number(amount or 0, 2),
            "decimal": lambda number: self.language.number(number, 2),
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
