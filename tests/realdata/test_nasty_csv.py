"""153 files that broke CSV readers: each gives rows, or lines kept aside with a reason, or one named breach.

They are no part of the project: they lie in `shared/data` beside the checkout, or where DQ_SHARED_DATA says.
"""

import csv
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config.limits import Limits
from tests.conftest import CHECKOUT
from tests.outcomes import DOCUMENT, cell, land_nasty
from tests.unit.landing_case import Landing, contract, landed

PLACE = Path(os.environ.get("DQ_SHARED_DATA") or CHECKOUT.parent / "shared/data").resolve() / "nasty_csv"
GATES = {"empty_extract", "changed_shape", "unreadable_extract"}
SECONDS = 20
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not PLACE.is_dir(), reason=f"{PLACE} is not there; set DQ_SHARED_DATA to the folder above it"),
]


def manifest() -> list[tuple[str, str]]:
    if not PLACE.is_dir():
        return [("none", "")]
    with (PLACE / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return [(row["file"], row["flags"]) for row in csv.DictReader(stream)]


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """A file must never hold the night: an alarm raises where reading takes too long."""

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"not read within {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def guesses(path: Path) -> Iterator[dict[str, Any]]:
    """Contracts that somebody might have written for the file: by its first line, and blindly by position."""
    first = path.read_bytes()[:100_000].decode("utf-8-sig", errors="replace").splitlines()[:1] or [""]
    for delimiter in dict.fromkeys([max(",;|\t", key=first[0].count), ","]):
        try:
            names = [name.strip() for name in next(csv.reader(first, delimiter=delimiter), [])]
        except csv.Error:
            names = []
        columns = {f"c{index}": {"from": name} for index, name in enumerate(names) if name and names.count(name) == 1}
        if columns:
            yield {"columns": columns, "extra_columns": "ignore", "format": {"delimiter": delimiter}}
        blind = {f"c{index}": None for index in range(max(1, len(names)))}
        yield {"columns": blind, "format": {"delimiter": delimiter, "header": False}}
    yield {"columns": blind, "format": {"header": False, "encoding": "latin-1", "escape": "\\"}}
    yield {"columns": blind, "format": {"header": False, "quote": "", "escape": ""}}


def check(found: Landing, path: Path, has_header: bool) -> None:
    if found.breaches:
        assert not found.rows
        [(gate, text)] = found.breaches
        assert gate in GATES
        assert path.name in text
        assert "What to do: " in text
        return
    if not has_header and path.read_bytes().strip(b"\r\n\xef\xbb\xbf"):
        assert found.rows or found.aside
    for line, reason, text in found.aside:
        assert line >= 1
        assert reason
        assert isinstance(text, str)
        assert len(text) <= Limits().line_characters


@pytest.mark.parametrize(("name", "flags"), manifest(), ids=[name for name, _ in manifest()])
def test_a_nasty_file(tmp_path: Path, name: str, flags: str) -> None:
    path = tmp_path / "x.csv"
    shutil.copy(PLACE / name, path)
    for guess in guesses(path):
        found = landed(tmp_path, contract(**guess))
        check(found, path, guess["format"].get("header", True))
        if "empty" in flags.split():
            assert [gate for gate, _ in found.breaches] == ["empty_extract"]
    assert f"\n| {name} | {cell(land_nasty(name, tmp_path))} |\n" in DOCUMENT.read_text(encoding="utf-8")
