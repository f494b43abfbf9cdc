"""Snapshots of local extracts: copied whole, once for each content, private; what changes meanwhile is copied again."""

import hashlib
import json
import stat
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline import archive
from dq_pipeline.errors import Breach, ConfigError, StageError
from dq_pipeline.extracts import snapshots, suppressing
from dq_pipeline.extracts.inputs import InputFile
from dq_pipeline.extracts.snapshot_writer import suffixes
from dq_pipeline.pipeline import _deliveries
from tests.unit.landing_case import DAY, contract

CONTENT = b"id,v\n1,a\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.csv").write_bytes(CONTENT)
    return tmp_path / "data"


def take(data: Path, **location: str) -> tuple[InputFile, ...] | Breach:
    source = contract(location={"path": "x.csv"} | location)
    return snapshots.fetch_local(source, data, DAY, data.parent / "output/snapshots")


def files(data: Path) -> list[Path]:
    return sorted((data.parent / "output/snapshots").iterdir())


def test_a_snapshot_is_named_by_its_content_and_private(data: Path) -> None:
    found = take(data)
    assert isinstance(found, tuple)
    (snapshot,) = found
    assert (snapshot.name, snapshot.sha256, snapshot.size) == ("x.csv", DIGEST, len(CONTENT))
    assert snapshot.path.name == f"{DIGEST}.csv"
    assert snapshot.path.read_bytes() == CONTENT
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(snapshot.path.parent.stat().st_mode) == 0o700


def test_what_is_unchanged_is_there_once_and_a_damaged_copy_is_mended(data: Path) -> None:
    take(data)
    files(data)[0].write_bytes(b"rotten")
    (data / "y.csv").write_bytes(CONTENT)
    take(data, path="*.csv", pick="all")
    assert [path.name for path in files(data)] == [f"{DIGEST}.csv"]
    assert files(data)[0].read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders.csv", ".csv"),
        ("orders.CSV.GZ", ".csv.gz"),
        ("orders.2026.11.20.csv.zst", ".csv.zst"),
        ("orders.gz", ".gz"),
        ("orders", ""),
        ("orders_2026.11.20", ""),
        ("x.a;rm -rf", ""),
        ("a.csv/../b", ""),
    ],
)
def test_suffixes_say_how_a_file_is_written(name: str, expected: str) -> None:
    assert suffixes(name) == expected


def _changing(monkeypatch: pytest.MonkeyPatch, path: Path, times: int) -> None:
    """The file grows while it is copied, that many times."""
    write = snapshots.SnapshotWriter.write
    left = [times]

    def write_and_change(self: snapshots.SnapshotWriter, chunk: bytes) -> None:
        write(self, chunk)
        if left[0]:
            left[0] -= 1
            with path.open("ab") as stream:
                stream.write(b"9,z\n")

    monkeypatch.setattr(snapshots.SnapshotWriter, "write", write_and_change)
    monkeypatch.setattr(snapshots, "PAUSE", 0)


def test_an_extract_that_changes_while_it_is_copied_is_copied_again(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _changing(monkeypatch, data / "x.csv", 1)
    found = take(data)
    assert isinstance(found, tuple)
    assert found[0].path.read_bytes() == (data / "x.csv").read_bytes() != CONTENT
    assert len(files(data)) == 1, "no half copy stays"


def test_an_extract_that_never_holds_still_is_a_breach(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _changing(monkeypatch, data / "x.csv", 1_000_000)
    found = take(data)
    assert isinstance(found, Breach)
    assert (found.gate, "changed each time" in found.message) == ("unreadable_extract", True)
    assert files(data) == []


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(data: Path) -> None:
    (data.parent / "output").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(StageError, match=r"snapshot(.|\n)*What to do: make room"):
        take(data)


def test_what_a_killed_run_left_half_is_removed_by_the_next(data: Path) -> None:
    writer = snapshots.SnapshotWriter(data.parent / "output/snapshots")
    writer.write(b"half")
    nobody = data.parent / "suppressions.csv"
    project: Any = SimpleNamespace(data=data, sources=(contract(),), suppressions_path=nobody)
    deliveries = suppressing.fetch_all(project, DAY, data.parent / "output/snapshots")
    assert [path.name for path in files(data)] == [f"{DIGEST}.csv"]
    assert snapshots.input_hashes(deliveries) == (f"s x.csv {DIGEST}",)


def _manifest(data: Path) -> dict[str, Any]:
    found = take(data)
    document: dict[str, Any] = json.loads(
        json.dumps({"run_id": "2026-11-20-1", "snapshots": snapshots.as_document({"s": found})})
    )
    return document


def test_the_snapshots_of_a_past_run_are_found_again_and_verified(data: Path) -> None:
    project: Any = SimpleNamespace(sources=(contract(),), file=Path("nightly.yml"))
    manifest, folder = _manifest(data), data.parent / "output/snapshots"
    again = snapshots.from_manifest(project, manifest, folder)
    assert snapshots.as_document(again) == manifest["snapshots"]
    assert archive.snapshots_of(data.parent / "output", manifest) == {folder / f"{DIGEST}.csv"}
    files(data)[0].write_bytes(b"rotten")
    with pytest.raises(ConfigError, match="is damaged"):
        snapshots.from_manifest(project, manifest, folder)
    files(data)[0].unlink()
    with pytest.raises(ConfigError, match="is gone"):
        snapshots.from_manifest(project, manifest, folder)
    with pytest.raises(ConfigError, match="no snapshots are known"):
        snapshots.from_manifest(project, {"run_id": "old"}, folder)
    with pytest.raises(ConfigError, match="read no source s"):
        snapshots.from_manifest(project, {"run_id": "old", "snapshots": {"t": []}}, folder)


def test_a_source_that_was_missing_that_night_is_missing_again(data: Path) -> None:
    project: Any = SimpleNamespace(sources=(contract(),), file=Path("nightly.yml"))
    listed = snapshots.as_document({"s": take(data, path="nothing.csv")})
    found = snapshots.from_manifest(project, {"run_id": "r", "snapshots": listed}, data)["s"]
    assert isinstance(found, Breach)
    assert found.gate == "missing_extract"


def test_a_manifest_cannot_lead_out_of_the_folder(data: Path) -> None:
    listed = {"s": [{"name": "x", "snapshot": "../../etc/passwd"}]}
    assert archive.snapshots_of(data, {"snapshots": listed}) == {data / "snapshots/passwd"}


def test_a_run_is_repeated_on_its_own_date_and_named_rightly(tmp_path: Path) -> None:
    folder = tmp_path / "runs/2026-11-19-1/1"
    folder.mkdir(parents=True)
    manifest = {"run_id": "2026-11-19-1", "run_date": "2026-11-19", "started_at": "2026-11-20", "snapshots": {"s": []}}
    archive.write_json(folder / "manifest.json", manifest)
    project: Any = SimpleNamespace(output=tmp_path, sources=())
    assert _deliveries(project, None, "2026-11-19-1") == (date(2026, 11, 19), {})
    with pytest.raises(ConfigError, match="was for 2026-11-19, not 2026-11-20"):
        _deliveries(project, DAY, "2026-11-19-1")
    with pytest.raises(ConfigError, match=r"no run 2020(.|\n)*2026-11-19-1"):
        _deliveries(project, None, "2020-01-01-1")
