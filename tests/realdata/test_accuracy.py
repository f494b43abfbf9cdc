"""Accuracy floors on the labelled sets: shipped defaults, no labels, one configuration, clusters over all pairs."""

from pathlib import Path
from typing import Any

import pytest

from tools.labelled_sets import SETS, SHARED, LabelledSet, is_here, run_set

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SHARED / "er").is_dir(), reason=f"{SHARED} has no er; set DQ_SHARED_DATA to where the labelled sets are"
    ),
]


def cases() -> list[Any]:
    """The sets that are here, each as a case of its own name."""
    return [pytest.param(one, id=one.name.replace(", ", "-")) for one in SETS if one.folder and is_here(one)]


@pytest.mark.parametrize("labelled", cases())
def test_no_set_falls_below_its_floor(labelled: LabelledSet, tmp_path: Path) -> None:
    judged = run_set(labelled, tmp_path / "set", with_plain=False).judged
    pairs = judged["pairwise"]
    said = f"{pairs}; {judged['losses']}; false {judged['false_pairs']}"
    assert pairs["f1"] >= labelled.f1, said
    assert pairs["precision"] >= (labelled.precision or 0), said
