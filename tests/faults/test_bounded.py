"""A seeded part of the fault suite on each commit: a few kills, the quickest of the other faults, some readers.

`make faults` does all of it. It runs in a process of its own, because a process with threads must not be forked.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import CHECKOUT
from tests.faults.__main__ import BOUNDED_CASES, BOUNDED_KILLS, BOUNDED_READERS, is_possible
from tests.faults.cases import CASES

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    told = tmp_path_factory.mktemp("faults") / "found.json"
    command = [sys.executable, "-m", "tests.faults", "--bounded", "--json", str(told)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=900, check=False)
    assert told.exists(), f"{done.stdout}\n{done.stderr}"
    answer: dict[str, Rows] = json.loads(told.read_text(encoding="utf-8"))
    return answer


def test_a_killed_night_loses_nothing_and_the_next_run_needs_no_help(found: dict[str, Rows]) -> None:
    assert [row for row in found["kills"] if row["trouble"]] == []
    assert len(found["kills"]) == BOUNDED_KILLS
    # A random moment may come after the end of a night, where it kills nothing.
    assert sum(row["was_killed"] for row in found["kills"]) > BOUNDED_KILLS / 2


def test_every_other_fault_ends_in_a_clear_error_and_the_next_run_is_right(found: dict[str, Rows]) -> None:
    assert [row for row in found["others"] if row["trouble"]] == []
    wanted = [case for case in CASES if case.name in BOUNDED_CASES]
    assert len(wanted) == len(BOUNDED_CASES)
    assert [row["fault"] for row in found["others"]] == [case.name for case in wanted if is_possible(case)]


def test_readers_see_no_error_and_no_mix_of_two_nights(found: dict[str, Rows]) -> None:
    (watched,) = found["readers"]
    assert watched["trouble"] == ""
    assert (watched["errors"], watched["mixed"]) == (0, 0)
    assert watched["readers"] == BOUNDED_READERS["readers"]
    assert watched["nights_seen"] > 1
    assert watched["asked_of_kept"] > 0
