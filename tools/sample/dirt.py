"""Slips of people and machines on single strings: typing, hearing, scanning."""

from collections.abc import Callable

from tools.sample.draw import Flags, Rng, Texts, between, places_where

NEIGHBORS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
SCANNED = (
    ("rn", "m"), ("m", "rn"), ("O", "0"), ("l", "1"), ("I", "l"), ("S", "5"), ("B", "8"), ("cl", "d"), ("o", "0"),
)  # fmt: skip
HEARD = (
    ("ph", "f"), ("ck", "k"), ("ie", "y"), ("ey", "y"), ("ai", "ay"), ("ss", "s"), ("ll", "l"), ("nn", "n"),
    ("tt", "t"), ("ea", "ee"), ("th", "t"), ("sch", "sh"), ("ae", "e"), ("z", "s"), ("K", "C"), ("C", "K"),
    ("y", "i"), ("v", "w"), ("an", "en"), ("er", "ar"), ("on", "en"),
)  # fmt: skip


def typo(text: str, draw: int) -> str:
    """Insert, delete, substitute or transpose one letter after the first."""
    if len(text) < 3:
        return text
    kind, spot = draw % 4, 1 + (draw // 4) % (len(text) - 1)
    near = NEIGHBORS.get(text[spot].lower(), text[spot])
    letter = near[(draw // 4096) % len(near)]
    if kind == 0:
        return text[:spot] + letter + text[spot:]
    if kind == 1:
        return text[:spot] + text[spot + 1 :]
    if kind == 2 or spot + 1 == len(text):
        return text[:spot] + letter + text[spot + 1 :]
    return text[:spot] + text[spot + 1] + text[spot] + text[spot + 2 :]


def _swap_one(text: str, table: tuple[tuple[str, str], ...], draw: int) -> str:
    fits = [(old, new) for old, new in table if old in text]
    if not fits:
        return typo(text, draw)
    old, new = fits[draw % len(fits)]
    return text.replace(old, new, 1)


def scanned(text: str, draw: int) -> str:
    """One slip of optical character recognition."""
    return _swap_one(text, SCANNED, draw)


def heard(text: str, draw: int) -> str:
    """One phonetic slip."""
    return _swap_one(text, HEARD, draw)


def spoil(rng: Rng, values: Texts, rows: Flags, slip: Callable[[str, int], str]) -> None:
    """Apply a slip in place to the flagged, filled values."""
    where = places_where(rows)
    for row, draw in zip(where.tolist(), between(rng, 0, 2**30, len(where)).tolist(), strict=True):
        if values[row]:
            values[row] = slip(values[row], draw)
