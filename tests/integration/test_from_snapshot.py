"""`dq run --from-snapshot`: a past night again, from the extracts as it read them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import call
from tests.scenario import NIGHTS, deliver, scenario_project, scenario_rows


def manifest(project: Path, run_id: str, attempt: int) -> dict[str, Any]:
    path = project / f"output/runs/{run_id}/{attempt}/manifest.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def ingested(project: Path, *arguments: str) -> str:
    answer = call("run", "--project", project, "--until", "ingest", *arguments)
    assert answer.code == 0, answer.text
    return answer.text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return scenario_project(tmp_path)


def test_a_past_night_is_read_again_from_its_snapshots(project: Path) -> None:
    first, second = NIGHTS
    deliver(project, scenario_rows(first))
    ingested(project, "--date", first)
    deliver(project, scenario_rows(second))
    ingested(project, "--date", second)
    for extract in (project / "data/sample").glob("*.csv"):
        extract.unlink()
    ingested(project, "--from-snapshot", f"{first}-1")
    before, again = manifest(project, f"{first}-1", 1), manifest(project, f"{first}-1", 2)
    assert (again["run_date"], again["inputs"]) == (first, before["inputs"])
    assert (again["fingerprint"], again["snapshots"]) == (before["fingerprint"], before["snapshots"])
    assert before["inputs"] != manifest(project, f"{second}-1", 1)["inputs"]
    for snapshot in (project / "output/snapshots").iterdir():
        snapshot.write_bytes(b"rotten")
    said = call("run", "--project", project, "--from-snapshot", f"{first}-1")
    assert (said.code, "is damaged" in said.text) == (2, True)
