"""The tool behind `make accuracy`: sets by name, emptied columns, and the page."""

import csv
from pathlib import Path
from typing import Any

import pytest

from bench.measure import Measured
from tools.accuracy_page import page, summary
from tools.labelled_sets import SETS, Result, chosen_sets, write_customers


def result(*, f1: float = 0.99, plain: str | None = None) -> Result:
    lost = dict.fromkeys(("gained", "lost_before", "lost_in_scoring", "lost_in_clustering"), 0)
    judged: dict[str, Any] = {
        "records": 1_000,
        "true_pairs": 2_000,
        "false_merges": 7,
        "pairwise": {"precision": 0.995, "recall": 0.985, "f1": f1},
        "b_cubed": {"f1": 0.98},
        "losses": lost | {"found": 1_500, "lost_in_blocking": 500},
        "false_pairs": {"alike": 0, "scored": 7, "rule": 0, "weak": 0, "unseen": 0},
    }
    ours = Measured(20.0, 30.0, 300_000_000, 0, "")
    other = None if plain is None else Measured(10.0, 15.0, 100_000_000, 0, plain)
    return Result(next(one for one in SETS if one.name == "fake_1000"), judged, ours, other)


def test_the_page_has_figures_losses_and_ratios() -> None:
    text = page([result(plain="noise\nprecision 0.9000, recall 0.8000, F1 0.8471")])
    row = "| fake_1000 | 1,000 | 2,000 | 0.9950 | 0.9850 | **0.9900** | 0.9800 | 0.99 / 0.985 | 0.900 / 0.800 / 0.847 |"
    assert row in text
    assert "| fake_1000 | 1,500 (75.0%) | 0 | 0 | 500 (25.0%) | 0 | 0 |" in text
    assert "| fake_1000 | 7 | 0 | 7 | 0 | 0 | 0 |" in text
    assert "| fake_1000 | 2.0 | 2.0 | 3.0 | 20 s, 300 MB | 10 s, 100 MB |" in text


def test_a_target_that_is_missed_is_said() -> None:
    assert "0.99 / 0.985 (not reached)" in page([result(f1=0.98)])
    assert "NOT REACHED" in summary(result(f1=0.98))
    assert "reached" in summary(result())


def test_a_script_that_failed_or_was_not_run_gives_no_figures() -> None:
    assert "| failed |" in page([result(plain="Traceback")])
    text = page([result()])
    assert "| not run |" in text
    assert "## Time and memory" not in text


def test_sets_are_chosen_by_name() -> None:
    assert chosen_sets("all") == list(SETS)
    assert [one.name for one in chosen_sets("febrl3,fake_1000")] == ["fake_1000", "febrl3"]
    assert len(chosen_sets("febrl*")) == 4
    with pytest.raises(SystemExit, match="no set is named nonsense"):
        chosen_sets("nonsense")


def test_emptied_columns_leave_key_system_and_what_is_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "all.csv", tmp_path / "some.csv"
    source.write_text('source_record_id,source_system,last_name,email\n1,a,"Ash, Jr",x@y.org\n', encoding="utf-8")
    write_customers(source, target, ("last_name",))
    with target.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [{"source_record_id": "1", "source_system": "a", "last_name": "Ash, Jr", "email": ""}]
    write_customers(source, target, ())
    assert target.read_bytes() == source.read_bytes()
