"""`dq doctor`: what a night needs is looked at, what is missing is named with its remedy, and the exit code says it."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from dq_pipeline.doctoring import Finding, examine
from dq_pipeline.machine import bytes_of, cores, free_space, memory, starts_dq, write_speed
from tests.conftest import call, copy_project

NAMES = ["versions", "project", "output", "disk", "write speed", "cores", "memory"]


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {one.name: one for one in found}


def test_a_project_that_runs_is_fit(project: Path) -> None:
    found = by_name(examine(project, date(2026, 12, 1)))
    models = ["model of address", "judgements of address", "model of customer", "judgements of customer"]
    assert list(found) == [*NAMES, *models, "last run", "schedule", "terminal"]
    assert [one.name for one in found.values() if one.status == "fail"] == []
    assert all(one.remedy for one in found.values() if one.status == "warn")
    assert "8 sources, 2 entities" in found["project"].said
    assert "as the last one did" in found["disk"].said
    assert "11 days ago" in found["model of customer"].said
    assert found["last run"].said.startswith("2026-11-20-1: published")
    assert not list((project / "output").glob(".speed-*"))


def test_what_is_broken_is_named_with_its_remedy(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    (project / "pipelines/judgements/customer.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    model = project / "pipelines/models/address.json"
    model.write_text(model.read_text(encoding="utf-8").replace("2026-11-20", "2020-02-01"), encoding="utf-8")
    (project / "pipelines/models/customer.json").write_text("{", encoding="utf-8")
    settings = project / "pipelines/nightly.yml"
    wanted = settings.read_text(encoding="utf-8").replace("memory_limit: 4GB", "memory_limit: 900TB\n  threads: 9999")
    settings.write_text(wanted, encoding="utf-8")
    (project / "output").write_text("no folder", encoding="utf-8")
    found = by_name(examine(project, date(2026, 12, 1)))
    failed = {name for name, one in found.items() if one.status == "fail"}
    assert failed == {"project", "output", "model of customer", "judgements of customer"}
    warned = {name for name, one in found.items() if one.status == "warn"}
    assert warned >= {"cores", "memory", "model of address", "last run"}
    assert all(found[name].remedy for name in failed | warned)
    assert "customer.csv, line 1" in found["judgements of customer"].said
    assert "dq train address" in found["model of address"].remedy


def test_a_lost_published_night_and_an_open_folder_are_told(sample: Path, tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    shutil.copytree(sample / "output", project / "output", symlinks=True, ignore=shutil.ignore_patterns("*.duckdb"))
    (project / "output").chmod(0o755)
    found = by_name(examine(project))
    assert found["last run"].status == "fail"
    assert "ids and history would be lost" in found["last run"].said
    assert (found["output"].status, "chmod o-rwx" in found["output"].remedy) == ("warn", True)


def test_no_project_is_a_failure_of_its_own_and_the_machine_is_told_nevertheless(tmp_path: Path) -> None:
    answer = call("doctor", "--project", tmp_path / "nowhere", "--json")
    told = json.loads(answer.text)
    assert answer.code == 2
    assert told["is_ok"] is False
    assert [one["name"] for one in told["findings"]] == ["versions", "project", "cores", "memory", "terminal"]
    answer = call("doctor", "--project", tmp_path / "nowhere", "--quiet")
    assert answer.code == 2
    assert "What to do:" in answer.text
    assert "versions" not in answer.text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4_000_000_000),
        ("512 MiB", 512 * 1024**2),
        ("1.5gb", 1_500_000_000),
        ("7B", 7),
        ("80%", None),
        ("", None),
    ],
)
def test_sizes_are_read_as_the_database_reads_them(text: str, size: int | None) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("0 2 * * * /opt/venv/bin/dq run --project /srv/night --quiet", True),
        ("ExecStart=/opt/venv/bin/dq --debug run", True),
        ("0 2 * * * python -m dq_pipeline run", True),
        ("# 0 2 * * * dq run", False),
        ("0 2 * * * faq run", False),
        ("0 2 * * * dq lookup somebody", False),
    ],
)
def test_a_schedule_is_known_by_what_it_starts(line: str, starts: bool) -> None:
    assert starts_dq(f"MAILTO=root\n{line}\n") is starts


def test_the_machine_is_measured(tmp_path: Path) -> None:
    assert cores() >= 1
    assert (memory() or 0) > 100_000_000
    assert free_space(tmp_path) > 0
    assert write_speed(tmp_path) > 100_000
    assert list(tmp_path.iterdir()) == []
