"""A night whose every extract is another trap: it ends by itself, names each with its remedy, and publishes nothing."""

import gzip
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import call
from tests.outcomes import time_limited
from tests.scenario import scenario_project

__all__ = ["time_limited"]


def test_a_night_of_traps_is_held_and_each_is_named(tmp_path: Path) -> None:
    project = scenario_project(tmp_path / "project")
    data = project / "data/sample"
    traps = {
        "crm_customers": ("a pipe, not a file", lambda path: os.mkfifo(path)),
        "orders": ("leads out of", lambda path: path.symlink_to("/etc/passwd")),
        "inventory": ("a device, not a file", lambda path: path.symlink_to("/dev/zero")),
        "shipments": ("this is a gzip file", lambda path: path.write_bytes(gzip.compress(b"a,b\n"))),
        "shipment_lines": ("a folder, not a file", lambda path: path.mkdir()),
        "order_lines": ("missing: ", lambda path: path.write_bytes(b"\xff\x1b[2J,\0\n1,2\n")),
    }
    for name, (_, make) in traps.items():
        (data / f"{name}.csv").unlink()
        make(data / f"{name}.csv")
    answer = call("run", "--project", project, "--date", "2026-11-20")
    assert answer.code == 3, answer.text
    assert "Traceback" not in answer.text
    assert "\x1b" not in answer.text
    said = " ".join(answer.text.split())
    for name, (expected, _) in traps.items():
        assert f"{name}.csv" in said
        assert expected in said, name
    assert said.count("What to do:") >= len(traps)
    assert not (project / "output/published").exists()
    assert signal.alarm(0) > 0, "it must have ended by itself"


@pytest.mark.parametrize("command", ["check", "run", "doctor"])
def test_a_pipe_among_the_files_of_the_project_ends_every_command_at_once(tmp_path: Path, command: str) -> None:
    project = scenario_project(tmp_path / "project")
    os.mkfifo(project / "pipelines/lookups/more.csv")
    answer = call(command, "--project", project)
    assert answer.code in {1, 2}, answer.text
    assert "this is a pipe, not a file" in " ".join(answer.text.split())
