"""The output folder: the pointer through crashes, the count of attempts, the lock, manifests that cannot be read."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from dq_pipeline import archive
from dq_pipeline.errors import LockError, StageError
from dq_pipeline.run import PUBLISHED_FILE

DAY = date(2026, 11, 20)


def attempt(output: Path, run_id: str = "2026-11-20-1", fingerprint: str = "f", **more: object) -> Path:
    """A finished attempt with its file and manifest."""
    directory = archive.new_attempt(output, run_id)
    (directory / PUBLISHED_FILE).write_text(f"{run_id}/{directory.name}", encoding="utf-8")
    manifest = {"run_id": run_id, "run_date": run_id[:10], "fingerprint": fingerprint, "started_at": directory.name}
    archive.write_json(directory / archive.MANIFEST, manifest | more)
    return directory


def shown(output: Path) -> str | None:
    path = archive.published_file(output)
    return path.read_text(encoding="utf-8") if path else None


def test_the_pointer_moves(tmp_path: Path) -> None:
    assert archive.published_file(tmp_path) is None
    for number in (1, 2, 3):
        archive.point_to(tmp_path, attempt(tmp_path))
        assert shown(tmp_path) == f"2026-11-20-1/{number}"
    assert (tmp_path / "published").is_symlink()
    assert not os.path.isabs((tmp_path / "published").readlink())
    assert not (tmp_path / ".published.new").exists()


def test_a_reader_keeps_the_file_it_opened(tmp_path: Path) -> None:
    archive.point_to(tmp_path, attempt(tmp_path))
    with (tmp_path / "published" / PUBLISHED_FILE).open(encoding="utf-8") as reader:
        archive.point_to(tmp_path, attempt(tmp_path))
        assert reader.read() == "2026-11-20-1/1"


@pytest.mark.parametrize("target", ["runs/2026-11-20-1/9", "nowhere", "runs/2026-11-20-1/1"])
def test_what_a_crash_left_half_done_is_no_hindrance(tmp_path: Path, target: str) -> None:
    archive.point_to(tmp_path, attempt(tmp_path))
    (tmp_path / ".published.new").symlink_to(target)
    assert shown(tmp_path) == "2026-11-20-1/1"
    archive.point_to(tmp_path, attempt(tmp_path))
    assert shown(tmp_path) == "2026-11-20-1/2"


def test_the_output_may_be_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "out").symlink_to("deep/er")
    archive.point_to(tmp_path / "out", attempt(tmp_path / "out"))
    assert shown(tmp_path / "out") == shown(tmp_path / "deep/er") == "2026-11-20-1/1"


@pytest.mark.parametrize("blocked", ["published", ".published.new"])
def test_a_folder_where_the_pointer_should_be_is_one_clear_error(tmp_path: Path, blocked: str) -> None:
    (tmp_path / blocked).mkdir()
    (tmp_path / blocked / "precious").write_text("x", encoding="utf-8")
    with pytest.raises(StageError) as caught:
        archive.point_to(tmp_path, attempt(tmp_path))
    assert str(tmp_path / blocked) in str(caught.value)
    assert "What to do: move what has this name away" in str(caught.value)
    assert (tmp_path / blocked / "precious").exists()


@pytest.mark.parametrize("kind", ["dangling", "folder", "file"])
def test_a_lost_night_is_never_taken_for_a_first_one(tmp_path: Path, kind: str) -> None:
    pointer = tmp_path / "published"
    if kind == "dangling":
        pointer.symlink_to("runs/gone/1")
    elif kind == "folder":
        pointer.mkdir()
    else:
        pointer.write_text("x", encoding="utf-8")
    with pytest.raises(StageError, match="ids and history would be lost"):
        archive.published_file(tmp_path)


def test_attempts_are_counted_and_none_is_overwritten(tmp_path: Path) -> None:
    names = [archive.new_attempt(tmp_path, "r-1").name for _ in range(11)]
    assert names == [str(number) for number in range(1, 12)]
    (tmp_path / "runs/r-1/notes").mkdir()
    (tmp_path / "runs/r-1/5").rmdir()
    assert archive.new_attempt(tmp_path, "r-1").name == "12"
    assert archive.new_attempt(tmp_path, "r-2").name == "1"


def test_a_new_attempt_sweeps_what_a_killed_one_unpacked(tmp_path: Path) -> None:
    killed = attempt(tmp_path)
    for name in ("unpacked", "spill"):
        (killed / name).mkdir()
        (killed / name / "personal.csv").write_text("x", encoding="utf-8")
    archive.new_attempt(tmp_path, "2026-11-20-1")
    assert sorted(path.name for path in killed.iterdir()) == [archive.MANIFEST, PUBLISHED_FILE]


def test_a_new_attempt_sweeps_what_was_written_in_part(tmp_path: Path) -> None:
    whole, killed = attempt(tmp_path), attempt(tmp_path)
    (killed / "report").mkdir()
    for name in (".manifest.json.new", "report/.data.html.new", f"{PUBLISHED_FILE}.wal"):
        (killed / name).write_text("x", encoding="utf-8")
    archive.new_attempt(tmp_path, "2026-11-20-1")
    assert sorted(path.name for path in killed.rglob("*")) == [archive.MANIFEST, "report"]
    assert sorted(path.name for path in whole.iterdir()) == [archive.MANIFEST, PUBLISHED_FILE]


RUN_IDS = [
    ("none yet", [], "f", "2026-11-20-1"),
    ("the same again", [("2026-11-20-1", "f")], "f", "2026-11-20-1"),
    ("other inputs", [("2026-11-20-1", "f")], "g", "2026-11-20-2"),
    ("the first again after the second", [("2026-11-20-1", "f"), ("2026-11-20-2", "g")], "f", "2026-11-20-1"),
    ("another day's", [("2026-11-19-7", "f")], "f", "2026-11-20-1"),
    ("the tenth", [(f"2026-11-20-{number}", str(number)) for number in range(1, 11)], "f", "2026-11-20-11"),
    ("an odd name", [("2026-11-20-x", "g")], "f", "2026-11-20-1"),
]


@pytest.mark.parametrize(("name", "before", "fingerprint", "expected"), RUN_IDS, ids=[case[0] for case in RUN_IDS])
def test_run_ids(tmp_path: Path, name: str, before: list[tuple[str, str]], fingerprint: str, expected: str) -> None:
    for run_id, earlier in before:
        attempt(tmp_path, run_id, earlier)
    assert archive.choose_run_id(tmp_path, DAY, fingerprint) == expected, name


def test_a_killed_attempt_takes_no_number(tmp_path: Path) -> None:
    attempt(tmp_path, "2026-11-20-1", "f", verdict="running")
    # The killed one wrote a model, so that the next begins with another fingerprint.
    assert archive.choose_run_id(tmp_path, DAY, "g") == "2026-11-20-1"
    attempt(tmp_path, "2026-11-20-1", "g", verdict="published")
    attempt(tmp_path, "2026-11-20-1", "g", verdict="running")
    assert archive.choose_run_id(tmp_path, DAY, "g") == "2026-11-20-1"
    assert archive.choose_run_id(tmp_path, DAY, "f") == "2026-11-20-2"


def test_all_of_a_night_is_on_disk_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = attempt(tmp_path)
    (directory / "report").mkdir()
    (directory / "report/data.html").write_text("x", encoding="utf-8")
    done: list[str] = []

    def flushed(descriptor: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path)))

    def replaced(source: Path, target: Path) -> None:
        done.append("named")
        Path(source).rename(target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", replaced)
    archive.point_to(tmp_path, directory)
    before, after = done[: done.index("named")], done[done.index("named") + 1 :]
    needed = {str(path.relative_to(tmp_path)) for path in (tmp_path / "runs").rglob("*")} | {"runs"}
    assert needed == set(before)
    assert after == ["."]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', "{}", '{"run_id": "r"}', "\x00", "[" * 50])
def test_a_manifest_that_cannot_be_read_is_passed_over(tmp_path: Path, content: str) -> None:
    attempt(tmp_path)
    broken = archive.new_attempt(tmp_path, "2026-11-20-1")
    (broken / archive.MANIFEST).write_text(content, encoding="utf-8")
    assert [manifest["run_id"] for manifest in archive.manifests(tmp_path)] == ["2026-11-20-1"]
    assert archive.choose_run_id(tmp_path, DAY, "g") == "2026-11-20-2"


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    archive.write_json(path, {"a": "é", "when": DAY})
    with pytest.raises(TypeError):
        archive.write_json(path, {("no", "key"): 1})  # type: ignore[dict-item]
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": "é", "when": "2026-11-20"}


def test_the_lock_is_one_run_s(tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert not archive.is_locked(output)
    with archive.lock(output):
        assert archive.is_locked(output)
        with pytest.raises(LockError, match=f"process {os.getpid()}") as caught, archive.lock(output):
            pass
        assert caught.value.exit_code == 4
    assert not archive.is_locked(output)
    with archive.lock(output):
        pass


@pytest.mark.parametrize("content", ["", "{", "{}", "[]"])
def test_a_lock_whose_holder_is_unknown(tmp_path: Path, content: str) -> None:
    with archive.lock(tmp_path):
        (tmp_path / ".lock.json").write_text(content, encoding="utf-8")
        with pytest.raises(LockError, match="process unknown"), archive.lock(tmp_path):
            pass


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, signal
from dq_pipeline import archive
with archive.lock(pathlib.Path({str(tmp_path)!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert ended.returncode == -9
    assert (tmp_path / ".lock").exists()
    assert not archive.is_locked(tmp_path)
    with archive.lock(tmp_path):
        pass


def test_an_error_of_the_run_stays_its_own(tmp_path: Path) -> None:
    for error in (PermissionError(13, "denied", "extract.csv"), OSError(28, "disk full"), ValueError("x")):
        with pytest.raises(type(error)) as caught, archive.lock(tmp_path):
            raise error
        assert caught.value is error
        assert not archive.is_locked(tmp_path)


def test_an_output_that_cannot_be_a_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    for place in (tmp_path / "out", tmp_path / "out/deeper", Path("/proc/nothing/here")):
        with pytest.raises(StageError, match="the output folder cannot be written"), archive.lock(place):
            pass
