"""Which files are tonight's extract: forms of the path, globs, dates, links, and what is no file at all."""

from datetime import date
from pathlib import Path

import pytest

from dq_pipeline.errors import Breach
from dq_pipeline.extracts.locate import locate
from tests.unit.landing_case import contract

DAY = date(2026, 11, 5)
FILES = (
    "orders.csv", "orders_2026-11-04.csv", "orders_2026-11-05.csv", "orders_20261105.csv", "nov/5.csv", "nov/6.csv",
    "deep/er/x.csv", "odd[1].csv", "odd1.csv", "folder.csv/inner.txt", "q?.csv",
)  # fmt: skip

CASES = [
    ("orders.csv", "newest", ["orders.csv"]),
    ("orders_*.csv", "newest", ["orders_20261105.csv"]),
    ("orders_????-??-??.csv", "newest", ["orders_2026-11-05.csv"]),
    ("orders_????-??-??.csv", "all", ["orders_2026-11-04.csv", "orders_2026-11-05.csv"]),
    ("orders_{run_date}.csv", "newest", ["orders_2026-11-05.csv"]),
    ("orders_{run_date:}.csv", "newest", ["orders_2026-11-05.csv"]),
    ("orders_{run_date:%Y%m%d}.csv", "newest", ["orders_20261105.csv"]),
    ("{run_date:nov/5}.csv", "newest", ["nov/5.csv"]),
    ("nov/*.csv", "all", ["nov/5.csv", "nov/6.csv"]),
    ("**/x.csv", "newest", ["deep/er/x.csv"]),
    ("deep/../orders.csv", "newest", ["deep/../orders.csv"]),
    ("odd[1].csv", "newest", ["odd[1].csv"]),
    ("q?.csv", "newest", ["q?.csv"]),
    ("odd[0-9].csv", "newest", ["odd1.csv"]),
    ("linked.csv", "newest", ["linked.csv"]),
]
MISSING = [
    "nothing.csv", "folder.csv", "*.parquet", "orders_{run_date:%d}.csv", "orders_{rundate}.csv", "broken.csv",
    "loop.csv", "a\0b.csv", "**x**", "orders.csv/x.csv",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    (tmp_path / "linked.csv").symlink_to("orders.csv")
    (tmp_path / "broken.csv").symlink_to("gone.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    return tmp_path


@pytest.mark.parametrize(("path", "pick", "expected"), CASES, ids=[f"{path} {pick}" for path, pick, _ in CASES])
def test_the_files_of_a_location(folder: Path, path: str, pick: str, expected: list[str]) -> None:
    found = locate(contract(location={"path": path, "pick": pick}), folder, DAY)
    assert not isinstance(found, Breach)
    assert [str(path.relative_to(folder)) for path in found] == expected


@pytest.mark.parametrize("path", MISSING)
def test_nothing_there_is_a_breach_that_names_the_place(folder: Path, path: str) -> None:
    found = locate(contract(location={"path": path}), folder, DAY)
    assert isinstance(found, Breach)
    assert found.gate == "missing_extract"
    assert str(folder) in found.where
    assert found.remedy


def test_an_absolute_path_is_taken_as_it_is(folder: Path) -> None:
    found = locate(contract(location={"path": f"{folder}/nov/*.csv"}), Path("/nowhere"), DAY)
    assert found == [folder / "nov/6.csv"]
