"""The night is cancelled, limited, resumed and rolled back, as its user sees it: codes, words, files, tables."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from dq_pipeline import archive, pipeline
from dq_pipeline.errors import StageError
from dq_pipeline.run import Run, StageReport
from tests.conftest import Answer, call, made_once
from tests.integration.test_same_night import contents, differing
from tests.scenario import NIGHTS, deliver, scenario_project, scenario_rows

FIRST, LAST = NIGHTS


def run(project: Path, *more: str) -> Answer:
    return call("run", "--project", project, *more)


def manifest(project: Path) -> dict[str, Any]:
    return archive.manifests(project / "output")[-1]


def where(project: Path) -> str:
    return os.readlink(project / "output/published")


def declare(project: Path, **more: object) -> None:
    path = project / "pipelines/nightly.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | more, sort_keys=False))


def broken(monkeypatch: pytest.MonkeyPatch, name: str, do: Callable[[Run], object]) -> None:
    """From now on the stage of that name does something else first."""
    real = dict(zip(pipeline.STAGE_NAMES, pipeline.STAGES, strict=True))

    def stage(run: Run) -> StageReport:
        do(run)
        return real[name](run)

    stage.__name__ = name
    monkeypatch.setattr(pipeline, "STAGES", tuple(stage if one == name else real[one] for one in real))


def disk_full(_: Run) -> None:
    raise StageError("the disk is full", remedy="make room")


def _first_night(folder: Path) -> None:
    scenario_project(folder)
    deliver(folder, scenario_rows(FIRST))
    answer = run(folder, "--date", FIRST)
    assert answer.code == 0, answer.text
    deliver(folder, scenario_rows(LAST))


@pytest.fixture(scope="session")
def after_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario after its first night, with the extracts of the second. Tests only read it."""
    return made_once(tmp_path_factory, "after_first", _first_night)


@pytest.fixture
def night(after_first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(after_first, tmp_path / "night", symlinks=True))


@pytest.fixture(scope="session")
def fresh(after_first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a second night that nothing disturbed."""

    def second(folder: Path) -> None:
        shutil.copytree(after_first, folder, symlinks=True, dirs_exist_ok=True)
        answer = run(folder, "--date", LAST)
        assert answer.code == 0, answer.text

    return made_once(tmp_path_factory, "fresh", second)


@pytest.mark.parametrize("stage", ["standardize", "master", "publish"])
def test_a_run_that_broke_off_is_resumed_and_gives_what_a_fresh_one_gives(
    night: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with monkeypatch.context() as patch:
        broken(patch, stage, disk_full)
        assert run(night, "--date", LAST).code == 1
    assert where(night).endswith(f"{FIRST}-1/1")
    answer = run(night, "--resume")
    assert answer.code == 0, answer.text
    assert "ingest" not in answer.text
    assert where(night).endswith(f"{LAST}-1/2")
    assert differing(contents(fresh), contents(night)) == []


def test_what_an_earlier_stage_found_wrong_stays_wrong(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = night / "pipelines/sources/orders.yml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("min: 1\n", "min: 1000\n"), encoding="utf-8")
    with monkeypatch.context() as patch:
        broken(patch, "standardize", disk_full)
        assert run(night, "--date", LAST).code == 1
    answer = run(night, "--resume")
    assert answer.code == 3, answer.text
    assert run(night, "--resume").code == 2
    # What an early stage found is not undone by beginning after it.
    assert run(night, "--from", "score").code == 3
    assert where(night).endswith(f"{FIRST}-1/1")


def test_resume_says_why_it_cannot(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(said: str) -> None:
        before = len(archive.manifests(night / "output"))
        answer = run(night, "--resume")
        assert answer.code == 2
        assert said in answer.text
        assert len(archive.manifests(night / "output")) == before

    refused("was published: nothing is left to do")
    with monkeypatch.context() as patch:
        broken(patch, "standardize", disk_full)
        run(night, "--date", LAST)
    settings = night / "pipelines/nightly.yml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + "# other\n", encoding="utf-8")
    refused("the project changed since 2026-11-20-1: pipelines/nightly.yml")
    settings.write_text(before, encoding="utf-8")
    orders = night / "data/sample/orders.csv"
    rows = orders.read_text(encoding="utf-8")
    orders.write_text(rows.replace("\n", "\n", 1) + "\n", encoding="utf-8")
    refused("the extract of orders is not the one that 2026-11-20-1 read")
    orders.write_text(rows, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("dq_pipeline.recording.code_hash", lambda: "other")
        refused("the program changed since 2026-11-20-1: dq_pipeline")
    for options in (("--from", "score"), ("--from-snapshot", f"{FIRST}-1")):
        assert run(night, "--resume", *options).code == 2
    assert run(night, "--resume", "--date", FIRST).code == 2


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")])
def test_a_cancelled_run_cleans_up_and_can_be_resumed(
    night: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int, word: str
) -> None:
    def cancel(run: Run) -> None:
        (run.directory / "spill").mkdir()
        os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        broken(patch, "standardize", cancel)
        answer = run(night, "--date", LAST)
    assert answer.code == code
    assert f"cancelled by {word} in the stage standardize" in answer.text
    assert "dq run --resume" in answer.text
    assert "what was published before stays as it was" in answer.text
    assert where(night).endswith(f"{FIRST}-1/1")
    left = {path.name for path in Path(manifest(night)["directory"]).iterdir()}
    assert left <= {"manifest.json", "log.jsonl"}
    assert not (night / "output/spill").exists()
    assert "cancelled" in call("runs", "--project", night).text


def test_a_stage_over_its_time_fails_with_a_report(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = {"memory_limit": "4GB", "temp_limit": "20GB", "stage_timeout_minutes": 0.5}
    declare(night, resources=resources)

    def endless(run: Run) -> None:
        run.warehouse.execute("select count(*) from range(100_000_000) a, range(1_000_000) b where a.range % 7 = 3")

    with monkeypatch.context() as patch:
        patch.setattr("dq_pipeline.pipeline.Interruption.stage", _short(pipeline.Interruption.stage, "validate"))
        broken(patch, "validate", endless)
        answer = run(night, "--date", LAST)
    assert answer.code == 1
    assert "the stage validate took longer than" in answer.text
    assert "report.html" in answer.text
    assert manifest(night)["verdict"] == "failed"


def _short(real: Callable[..., Any], name: str) -> Callable[..., Any]:
    """That stage is given a second of its 30: the others need as long as they need."""

    def stage(self: Any, stage: str | None, limit: float | None = None) -> Any:
        assert stage is None or limit == 0.5
        return real(self, stage, 1 / 60 if stage == name else None)

    return stage


def test_a_run_waits_for_another_one(night: Path) -> None:
    with FileLock(night / "output/.lock"):
        (night / "output/.lock.json").write_text('{"pid": 4711, "host": "box", "since": "today"}')
        answer = run(night, "--date", LAST)
        assert (answer.code, "process 4711 on box, since today" in answer.text) == (4, True)
        assert "dq run --wait" in answer.text
        assert run(night, "--date", LAST, "--wait", "0.01").code == 4
    assert run(night, "--date", LAST, "--until", "ingest", "--wait").code == 0


def test_a_night_for_which_there_is_no_room_does_not_begin(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(archive.manifests(night / "output"))
    usage = shutil.disk_usage(night)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    (night / "output/working.duckdb").unlink()
    answer = run(night, "--date", LAST)
    assert answer.code == 1
    assert "the disk has room for 1 kB, and the night needs about" in answer.text
    assert "dq runs --prune" in answer.text
    assert len(archive.manifests(night / "output")) == before


def test_rolled_back_it_is_as_if_the_bad_night_had_never_been(night: Path, fresh: Path) -> None:
    bad = scenario_rows(LAST)
    bad["crm_customers"], bad["orders"] = bad["crm_customers"][2:], bad["orders"][:-1]
    deliver(night, bad)
    settings = night / "pipelines/nightly.yml"
    declare(night, gates={"quarantine_share": 1.0, "id_churn": 1.0})
    answer = run(night, "--date", LAST)
    assert answer.code == 0, answer.text
    assert differing(contents(fresh), contents(night)) != []
    back = call("rollback", "--project", night)
    assert back.code == 0, back.text
    assert f"Published is now {FIRST}-1/1; before it was {LAST}-1/1." in back.text
    assert where(night).endswith(f"{FIRST}-1/1")
    listed = call("runs", "--project", night).text
    assert "published (rolled back)" in listed
    assert "published (current)" in listed
    # The night as it should have been: all but its name is as where the bad one never was.
    shutil.copyfile(fresh / "pipelines/nightly.yml", settings)
    deliver(night, scenario_rows(LAST))
    again = run(night, "--date", LAST, "--json")
    assert again.code == 0, again.text
    assert json.loads(again.text)["run_id"] == f"{LAST}-2"
    assert differing(contents(fresh), _renamed(contents(night), f"{LAST}-2", f"{LAST}-1")) == []
    # And forward again.
    assert call("rollback", f"{LAST}-1", "--project", night).code == 0
    assert where(night).endswith(f"{LAST}-1/1")
    assert call("rollback", f"{LAST}-1", "--project", night).code == 2
    assert call("rollback", "2001-01-01-1", "--project", night).code == 2


def _renamed(tables: dict[str, list[tuple[object, ...]]], run_id: str, to: str) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: [tuple(to if value == run_id else value for value in row) for row in rows]
        for name, rows in tables.items()
    }
