"""Whatever a run or an export writes is for its user alone: files 0600, folders 0700, even under umask 000."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dq_pipeline.archive import lock
from dq_pipeline.private import protect
from tests.conftest import call
from tests.scenario import NIGHTS, scenario_project


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    assert os.umask(before) == 0


def too_open(output: Path) -> list[str]:
    """What anybody else may read, write or enter below a folder, the folder itself too."""
    paths = [output, *output.rglob("*")]
    return [f"{path} {path.stat().st_mode & 0o777:o}" for path in paths if not path.is_symlink() and others_may(path)]


def others_may(path: Path) -> bool:
    return path.stat().st_mode & 0o777 != (0o700 if path.is_dir() else 0o600)


def test_everything_that_a_whole_night_leaves_is_its_users_own(sample: Path) -> None:
    assert len(list((sample / "output").rglob("*"))) > 20
    assert too_open(sample / "output") == []


@pytest.mark.usefixtures("open_umask")
def test_a_run_and_an_export_under_umask_000_open_nothing(tmp_path: Path, project: Path) -> None:
    fresh = scenario_project(tmp_path / "fresh")
    answer = call("run", "--project", fresh, "--date", NIGHTS[0], "--until", "validate")
    assert answer.code == 0, answer.text
    assert (fresh / "output/working.duckdb").exists()
    assert too_open(fresh / "output") == []
    for form in ("csv", "parquet"):
        answer = call("export", "--project", project, "--to", project / f"output/exports/{form}", "--format", form)
        assert answer.code == 0, answer.text
    call("review", "export", "customer", "--project", project, "--out", project / "output/exports/pairs.csv")
    assert (project / "output/exports/pairs.csv").exists()
    assert too_open(project / "output") == []


def test_what_an_older_version_left_open_is_closed_by_the_next_run(tmp_path: Path) -> None:
    fresh = scenario_project(tmp_path / "fresh")
    left = fresh / "output/runs/2026-11-01-1/1/truth.duckdb"
    left.parent.mkdir(parents=True)
    left.touch(mode=0o644)
    left.chmod(0o644)
    assert too_open(fresh / "output")
    call("run", "--project", fresh, "--date", NIGHTS[0], "--until", "ingest")
    assert too_open(fresh / "output") == []


def test_a_project_may_let_its_group_read_what_is_published_and_nothing_else(tmp_path: Path) -> None:
    fresh = scenario_project(tmp_path / "fresh")
    path = fresh / "pipelines/nightly.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["permissions"] = {"published": "group"}
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    call("run", "--project", fresh, "--date", NIGHTS[0], "--until", "ingest")
    modes = {
        str(path.relative_to(fresh / "output")): path.stat().st_mode & 0o777 for path in (fresh / "output").rglob("*")
    }
    assert modes["runs"] == modes["runs/2026-11-19-1"] == modes["runs/2026-11-19-1/1"] == 0o750
    assert modes["runs/2026-11-19-1/1/report.html"] == 0o640
    assert (modes["snapshots"], modes["working.duckdb"]) == (0o700, 0o600)
    assert {mode & 0o007 for mode in modes.values()} == {0}
    assert (fresh / "output").stat().st_mode & 0o777 == 0o750


@pytest.mark.usefixtures("open_umask")
def test_the_lock_of_a_program_of_its_own_opens_nothing(tmp_path: Path) -> None:
    with lock(tmp_path / "output"):
        assert {path.name for path in (tmp_path / "output").iterdir()} == {".lock", ".lock.json"}
        assert too_open(tmp_path / "output") == []


def test_a_folder_keeps_handing_its_group_on(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output").chmod(0o2755)
    protect(tmp_path / "output", published_for_group=True)
    assert (tmp_path / "output").stat().st_mode & 0o7777 == 0o2750


def test_a_link_out_of_the_output_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch()
    outside.chmod(0o644)
    (tmp_path / "output").mkdir()
    (tmp_path / "output/link").symlink_to(outside)
    protect(tmp_path / "output")
    assert outside.stat().st_mode & 0o777 == 0o644
