"""A language: what a sentence, a number and a date are in it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from gettext import NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from babel.support import Translations

from dq_pipeline.language.catalogue import read_catalogues, said, translations_of
from dq_pipeline.language.sentences import Sentences

# The first is the one that everything is written in.
LANGUAGES = ("en", "es")

_NUMBER = re.compile(r"(?P<sign>[-+−±]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?(?P<percent>[ \u00a0]?%)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Language:
    """How `name` (as `es`) is written; English is written as it stands."""

    name: str
    _translations: NullTranslations = field(repr=False)
    _say: Callable[[str], str | None] = field(repr=False)

    @property
    def locale(self) -> Locale:
        """What Babel knows of it."""
        return Locale.parse(self.name)

    def gettext(self, message: str) -> str:
        """A message of the engine's own, with what stands for its %(names)s still open."""
        # A catalogue keeps its own header under the empty message.
        return self._translations.gettext(message) if message else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        """A message by number, with what stands for its %(names)s still open."""
        return self._translations.ngettext(one, many, number)

    def say(self, sentence: str) -> str:
        """A sentence that was composed in English, in this language; as it stands where no catalogue has it."""
        said = self._say(sentence)
        if said is not None or "\n" not in sentence:
            return said or sentence
        lines = [(line[: len(line) - len(line.lstrip())], line.strip()) for line in sentence.split("\n")]
        return "\n".join(f"{indent}{self._say(line) or line}" for indent, line in lines)

    def number(self, number: float | Decimal, places: int = 0) -> str:
        """A number with this many decimals and the language's separators."""
        shape = "#,##0" + ("." + "0" * places if places else "")
        return format_decimal(number, shape, locale=self.locale, group_separator=True)

    def day(self, day: date | str | None) -> str:
        """A day, in English as 2026-11-20, else as the language writes it; of a text the day that it begins with."""
        if day is None:
            return ""
        if isinstance(day, str):
            day = date.fromisoformat(day[:10])
        return day.isoformat()[:10] if self.name == LANGUAGES[0] else format_date(day, "medium", locale=self.locale)

    def long_day(self, day: date) -> str:
        """A day with the names of weekday and month."""
        shape = "EEEE, d MMMM y" if self.name == LANGUAGES[0] else "full"
        return format_date(day, shape, locale=self.locale)


def _convert(locale: Locale) -> Callable[[str], str]:
    """A function that writes a value that is a number or a day as the language does, and leaves every other alone."""

    def convert(text: str) -> str:
        if _DAY.fullmatch(text):
            try:
                return format_date(date.fromisoformat(text), "medium", locale=locale)
            except ValueError:
                return text
        found = _NUMBER.fullmatch(text)
        if not found:
            return text
        plain, part = found["whole"].replace(",", ""), found["part"] or ""
        # A number of four digits and more without separators is a name (a year, an order), not a quantity.
        if "," not in found["whole"] and not part and not found["percent"]:
            return text
        shape = "#,##0" + ("." + "0" * (len(part) - 1) if part else "")
        percent = "\u00a0%" if found["percent"] else ""
        return found["sign"] + format_decimal(Decimal(plain + part), shape, locale=locale) + percent

    return convert


def speak(name: str, folders: Iterable[Path] = ()) -> Language:
    """The language `name`, with the catalogues of a project's folders beside the engine's. English needs none."""
    if name == LANGUAGES[0]:
        return Language(name, NullTranslations(), lambda _: None)
    merged = Translations()
    sentences: dict[str, str] = {}
    for catalogue in read_catalogues(name, folders):
        merged.merge(translations_of(catalogue))
        sentences |= said(catalogue)
    return Language(name, merged, Sentences(sentences, _convert(Locale.parse(name))).say)
