"""The labelled sets, each made a project by `dq init --source`: published, and no less accurate than its floor.

Shipped defaults, no labels, one configuration; judged are clusters over all pairs.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import call, check_published
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
def test_a_set_keeps_its_floor_and_is_published_without_an_edited_file(labelled: LabelledSet, tmp_path: Path) -> None:
    judged = run_set(labelled, tmp_path / "set", with_plain=False).judged
    pairs = judged["pairwise"]
    said = f"{pairs}; {judged['losses']}; false {judged['false_pairs']}"
    assert pairs["f1"] >= labelled.f1, said
    assert pairs["precision"] >= (labelled.precision or 0), said
    if not labelled.kept:
        project = tmp_path / "set/project"
        answer = call("run", "--from", "master", "--project", project)
        assert answer.code == 0, answer.text
        with (SHARED / "er" / str(labelled.folder) / "customers.csv").open(encoding="utf-8", newline="") as stream:
            check_published(project, sum(1 for _ in csv.DictReader(stream)))
