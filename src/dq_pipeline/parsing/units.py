"""Units of a building (`Apt 4B`, `#12`, `3rd Floor`) in a segment of an address or at the end of a street line."""

import re

from dq_pipeline.parsing.vocabulary import DIRECTIONS, LINE_END_UNIT_WORDS, LONE_UNIT_WORDS, UNIT_WORDS

_UNIT_TOKEN = re.compile(r"#|[^\s#]+")
_IDENTIFIER = re.compile(r"(?i)[a-z]{0,3}[-/.]?\d[\w/.&-]*|[a-z]{1,2}(?:[-/&][a-z]{1,2})?")
_BARE_IDENTIFIER = re.compile(r"(?i)[a-z]?-?\d{1,5}[a-z]?|[a-z]{1,2}(?:-[a-z0-9]{1,3})?")
_ORDINAL = re.compile(r"(?i)\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth")

Pairs = list[tuple[str, str]]


def unit_pairs(segment: str, *, bare: bool = False) -> Pairs:
    """The (type, identifier) pairs that a segment consists of: `#APT 3`, `Bldg 2 Apt 4B`, `3rd Floor`, `R C` if `bare`.

    Empty if the segment is anything else. With `bare`, an identifier may stand without its type. `Rear` is both.
    """
    tokens = _UNIT_TOKEN.findall(segment)
    if not 0 < len(tokens) <= 6:
        return []
    words = [token.rstrip("?.") for token in tokens]
    if bare and len(words) <= 2 and words[0].lower() not in UNIT_WORDS and all(map(_BARE_IDENTIFIER.fullmatch, words)):
        is_direction = len(words[0]) == 2 and words[0].lower() in DIRECTIONS
        return [] if is_direction else [("", " ".join(words))]
    pairs: Pairs = []
    kind = ""
    for place, token in enumerate(tokens):
        word = token.rstrip(".:?").lower()
        following = tokens[place + 1].rstrip(".").lower() if place + 1 < len(tokens) else ""
        if token == "#":
            kind = kind or "#"
        elif _ORDINAL.fullmatch(word) and following in {"floor", "fl", "flr"}:
            pairs.append((tokens[place + 1].rstrip("."), re.sub(r"(?<=\d)\D+$", "", token)))
        elif word in {"floor", "fl", "flr"} and place and _ORDINAL.fullmatch(tokens[place - 1]):
            continue
        elif word in UNIT_WORDS and kind in {"", "#"}:
            kind = token.rstrip(".:")
            if word in LONE_UNIT_WORDS and (not following or following in UNIT_WORDS):
                pairs.append((kind, kind))
                kind = ""
        elif kind and _IDENTIFIER.fullmatch(token.rstrip("?.")):
            pairs.append((kind, token.rstrip("?.")))
            kind = ""
        else:
            return []
    if kind:
        return [(kind, "")] if len(tokens) == 1 else []
    return pairs


def split_units(line: str) -> tuple[str, Pairs]:
    """A street line without the units at its end, and these: `12 Oak St Apt 4` is `12 Oak St` and `Apt 4`."""
    for token in list(_UNIT_TOKEN.finditer(line))[2:]:
        word = token.group().rstrip(".").lower()
        if word == "#" or word in LINE_END_UNIT_WORDS or _ORDINAL.fullmatch(word):
            pairs = unit_pairs(line[token.start() :])
            if pairs and pairs[-1][1]:
                return line[: token.start()].rstrip(" .-"), pairs
    return line, []
