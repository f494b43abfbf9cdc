"""One more night of the scenario, in which extracts have changed: warned of, recorded, shown, and carried along."""

import csv
import shutil
from pathlib import Path

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import Answer, call, published
from tests.hostile import edit

DAY = "2026-11-21"


def change(path: Path, renamed: dict[str, str], added: dict[str, str]) -> None:
    """Rename columns of an extract, and add some with one value in each row."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [renamed.get(name, name) for name in rows[0]] + list(added))
        writer.writeheader()
        writer.writerows({renamed.get(name, name): value for name, value in row.items()} | added for row in rows)


@pytest.fixture(scope="module")
def night(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    project = Path(shutil.copytree(scenario, tmp_path_factory.mktemp("drift") / "project", symlinks=True))
    for source, policy in (("orders", "evolve"), ("crm_interactions", "warn")):
        edit(project / f"pipelines/sources/{source}.yml", {"drift": policy})
    change(project / "data/sample/orders.csv", {}, {"gift note": "for you"})
    change(project / "data/sample/crm_interactions.csv", {"outcome": "out_come"}, {})
    return project, call("run", "--project", project, "--date", DAY)


def test_the_night_is_published_with_a_warning_for_each_column(night: tuple[Path, Answer]) -> None:
    _, answer = night
    assert answer.code == 0, answer.text
    said = " ".join(answer.text.split())
    assert "warning orders: column gift note is new (drift: evolve); it is carried to validated.orders" in said
    assert "under `columns` of sources/orders.yml: gift note: text" in said
    assert "warning crm_interactions: column outcome is missing (drift: warn); it is empty tonight" in said
    assert "column outcome may be out_come now (drift: warn; names alike by 100%, contents by 100%)" in said


def test_it_is_recorded_and_shown(night: tuple[Path, Answer]) -> None:
    project, _ = night
    reader = published(project)
    found = reader.rows(
        """select source, change, column_name, found_name, effect, cast(first_seen as varchar) from ops.schema_changes
        order by all"""
    )
    reader.close()
    assert found == [
        ("crm_interactions", "missing", "outcome", None, "empty", DAY),
        ("crm_interactions", "new", "out_come", "out_come", "left_out", DAY),
        ("crm_interactions", "renamed", "outcome", "out_come", "proposed", DAY),
        ("orders", "new", "gift note", "gift note", "carried", DAY),
    ]
    report = (project / "output/published/report.html").read_text(encoding="utf-8")
    assert "Columns that are not as their contract says" in report
    assert "gift note: text" in report
    working = Warehouse(project / "output/working.duckdb", read_only=True)
    assert working.rows('select distinct "gift note" from validated.orders') == [("for you",)]
    working.close()


def test_a_strict_source_holds_the_night(night: tuple[Path, Answer]) -> None:
    project, _ = night
    edit(project / "pipelines/sources/orders.yml", {"drift": "strict"})
    before = (project / "output/published").resolve()
    answer = call("run", "--project", project, "--date", DAY)
    assert answer.code == 3
    said = " ".join(answer.text.split())
    assert "the columns of orders are not those of its contract (new: gift note)" in said
    assert (project / "output/published").resolve() == before
