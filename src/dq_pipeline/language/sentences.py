"""Sentences that were composed in English, said in another language.

An error, a breach or a finding is written where it happens, in English, as `{rows} rows are in quarantine`; it goes
into logs, manifests and tables like that. Only where a person reads it is it said anew: the catalogue has the sentence
with its {names}, the sentence that is read tells what stands for each, and both go into the translation.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

_NAME = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Pattern:
    """A sentence with {names}, and the same in the other language."""

    english: str
    other: str

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """What is written between the names."""
        return tuple(_NAME.split(self.english)[::2])

    @cached_property
    def weight(self) -> int:
        """How many letters are written: of two patterns that fit, the heavier one says more."""
        return sum(len(part) for part in self.parts)

    @cached_property
    def longest(self) -> str:
        """The longest piece that every sentence of this pattern holds."""
        return max(self.parts, key=len)

    @cached_property
    def shape(self) -> re.Pattern[str]:
        """The pattern as a regular expression, with a group for each name."""
        pieces = _NAME.split(self.english)
        written = [f"(?P<{piece}>.*?)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)]
        return re.compile("".join(written), re.DOTALL)

    def filled(self, values: Mapping[str, str]) -> str:
        """The other language's sentence with these values."""
        return _NAME.sub(lambda found: values[found[1]], self.other)


class Sentences:
    """Patterns of one language, the one that says most first."""

    def __init__(self, translations: Mapping[str, str], convert: Callable[[str], str]) -> None:
        """`translations` are sentences with {names}; `convert` writes a number or a day their way."""
        patterns = [Pattern(english, other) for english, other in translations.items() if _NAME.search(english)]
        # A pattern of hardly a word would fit anything.
        worded = [pattern for pattern in patterns if _WORD.search("".join(pattern.parts))]
        self.patterns = sorted(worded, key=lambda pattern: (-pattern.weight, pattern.english))
        self.whole = {english: other for english, other in translations.items() if not _NAME.search(english)}
        self.convert = convert

    def say(self, sentence: str) -> str | None:
        """The sentence in the other language, or None where no pattern has it."""
        known = self.whole.get(sentence)
        if known is not None:
            return known
        for pattern in self.patterns:
            if pattern.longest not in sentence:
                continue
            found = pattern.shape.fullmatch(sentence)
            if found:
                return pattern.filled({name: self._value(text) for name, text in found.groupdict().items()})
        return None

    def _value(self, text: str) -> str:
        """What stands for a name: a sentence of its own, or a value."""
        said = None if text.isalnum() else self.say(text)
        return self.convert(text) if said is None else said
