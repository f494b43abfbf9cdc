"""Seeded random draws and array helpers that every other module uses."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Rng = np.random.Generator


def stream(seed: int, name: str) -> Rng:
    """One generator a part, so that a change in one part leaves the others' draws alone."""
    return np.random.default_rng([seed, crc32(name.encode())])


def texts(values: Sequence[str]) -> Texts:
    """Strings as an object array of one dimension."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def chance(rng: Rng, size: int, share: float | Floats) -> Flags:
    """True with probability `share`."""
    return np.asarray(rng.random(size) < share)


def between(rng: Rng, low: int, high: int, size: int) -> Ints:
    """Whole numbers from low to high, both included."""
    return rng.integers(low, high + 1, size, dtype=np.int64)


def choose(rng: Rng, size: int, shares: Sequence[float]) -> Ints:
    """Positions in `shares`, each drawn with its share (shares need not add up to 1)."""
    edges = np.cumsum(np.asarray(shares, dtype=float))
    return np.asarray(np.searchsorted(edges, rng.random(size) * edges[-1], side="right"), dtype=np.int64)


def pick(rng: Rng, size: int, values: Sequence[str], shares: Sequence[float] | None = None) -> Texts:
    """Strings drawn from `values`, evenly or by share."""
    codes = choose(rng, size, shares) if shares else between(rng, 0, len(values) - 1, size)
    return np.asarray(texts(values)[codes])


def places_where(mask: Flags) -> Ints:
    """Row numbers where the mask holds."""
    return np.flatnonzero(mask).astype(np.int64)


def running_count(groups: Ints) -> Ints:
    """For each element, how many earlier elements belong to the same group."""
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if len(ranked) else np.zeros(0, dtype=int)
    lengths = np.diff(np.r_[starts, len(ranked)])
    out = np.empty(len(groups), dtype=np.int64)
    out[order] = np.arange(len(groups)) - np.repeat(starts, lengths)
    return out


def ids(prefix: str, numbers: Ints, width: int) -> Texts:
    """Keys such as C000123."""
    return texts([f"{prefix}{n:0{width}d}" for n in numbers.tolist()])


def scaled(rate: float, size: int, least: int = 3) -> int:
    """A count in proportion to the size, never under `least`."""
    return max(least, round(rate * size))
