"""A street line of the plainest form -> its parts, without the model: `589 East 38th Street`.

Most lines are of this form, and the model, which takes twenty times as long, says the same of them.
"""

import re

from dq_pipeline.parsing.vocabulary import DIRECTIONS, PLAIN_TYPES, UNIT_WORDS

_NUMBER = re.compile(r"[0-9]{1,6}")
_NUMBER_ALONE = re.compile(r"(?i)[0-9]{1,6}(?:-[0-9]{1,6})?[a-z]?")
_NAME = re.compile(r"(?i)[^\W\d_][^\W\d_'’-]+(?:['’-][^\W\d_]+)?|[0-9]+(?:st|nd|rd|th)")
_NOT_IN_NAME = DIRECTIONS | PLAIN_TYPES | UNIT_WORDS


def plain_line(line: str) -> dict[str, str] | None:
    """The parts of `number [direction] name... type [direction]` or of a number alone; None for any other form."""
    if _NUMBER_ALONE.fullmatch(line):
        return {"number": line}
    words = line.split(" ")
    small = [word.lower().rstrip(".") for word in words]
    if len(words) < 3 or not _NUMBER.fullmatch(words[0]):
        return None
    start = 2 if small[1] in DIRECTIONS else 1
    end = len(words) - (2 if small[-1] in DIRECTIONS else 1)
    if end <= start or small[end] not in PLAIN_TYPES:
        return None
    if any(word in _NOT_IN_NAME for word in small[start:end]) or not all(map(_NAME.fullmatch, words[start:end])):
        return None
    parts = {"number": words[0], "street": " ".join(words[start:end]), "street_type": words[end].rstrip(".")}
    if start == 2:
        parts["predirection"] = words[1].rstrip(".")
    if end == len(words) - 2:
        parts["postdirection"] = words[-1].rstrip(".")
    return parts
