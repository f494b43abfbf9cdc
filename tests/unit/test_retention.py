"""What `retention` keeps and what goes: nights, failed attempts, snapshots; never what is published or being read."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from dq_pipeline import archive
from dq_pipeline.config.project import Retention
from dq_pipeline.operating import prune
from dq_pipeline.run import PUBLISHED_FILE


@dataclass
class Output:
    """An output folder with attempts as runs leave them; each reads a snapshot of its own and one that all share."""

    folder: Path
    count: int = 0

    def attempt(self, verdict: str = "published") -> Path:
        self.count += 1
        directory = archive.new_attempt(self.folder, f"2026-11-{self.count:02}-1")
        if verdict == "published":
            duckdb.connect(str(directory / PUBLISHED_FILE)).execute("create table t as select 1").close()
        (directory / "report").mkdir()
        (directory / "report/sales.html").write_text("a page", encoding="utf-8")
        snapshots = [self.snapshot(f"{self.count:064x}"), self.snapshot("f" * 64)]
        archive.write_json(
            directory / archive.MANIFEST,
            {
                "run_id": directory.parent.name,
                "run_date": directory.parent.name[:10],
                "started_at": f"{100 - self.count}",
                "sequence": self.count,
                "verdict": verdict,
                "snapshots": {"orders": [{"snapshot": name} for name in snapshots]},
            },
        )
        if verdict == "published":
            archive.point_to(self.folder, directory)
        return directory

    def snapshot(self, digest: str) -> str:
        folder = self.folder / archive.SNAPSHOTS
        folder.mkdir(exist_ok=True)
        (folder / f"{digest}.csv").write_text("rows", encoding="utf-8")
        return f"{digest}.csv"

    def prune(self, nights: int, snapshots: int = 14, *, is_dry: bool = False) -> Any:
        retention = Retention(nights=nights, snapshots=snapshots)
        project: Any = SimpleNamespace(output=self.folder, settings=SimpleNamespace(retention=retention))
        return prune(project, is_dry=is_dry)

    def files(self) -> list[str]:
        found = (self.folder / "runs").glob(f"*/*/{PUBLISHED_FILE}")
        return sorted(path.parent.parent.name[8:10] for path in found)

    def kept_snapshots(self) -> list[int]:
        found = [path.name.split(".")[0] for path in (self.folder / archive.SNAPSHOTS).iterdir()]
        return sorted(int(name, 16) for name in found if name != "f" * 64)


@pytest.fixture
def output(tmp_path: Path) -> Output:
    return Output(tmp_path)


def test_the_last_nights_stay_and_every_manifest_does(output: Output) -> None:
    for _ in range(5):
        output.attempt()
    dry = output.prune(nights=2, is_dry=True)
    assert output.files() == ["01", "02", "03", "04", "05"]
    pruned = output.prune(nights=2)
    assert pruned == dry
    assert pruned.attempts == ("2026-11-01-1/1", "2026-11-02-1/1", "2026-11-03-1/1")
    assert pruned.bytes > 0
    assert output.files() == ["04", "05"]
    assert len(archive.manifests(output.folder)) == 5
    first = output.folder / "runs/2026-11-01-1/1"
    assert [path.name for path in first.iterdir()] == [archive.MANIFEST]
    assert output.prune(nights=2).attempts == ()


def test_what_is_published_stays_however_old_it_is(output: Output) -> None:
    directories = [output.attempt() for _ in range(4)]
    archive.point_to(output.folder, directories[0])
    output.prune(nights=1)
    assert output.files() == ["01", "04"]


def test_failed_attempts_go_with_the_nights_around_them(output: Output) -> None:
    for verdict in ("published", "failed", "published", "held", "published", "cancelled", "running"):
        output.attempt(verdict)
    output.prune(nights=2)
    reports = (output.folder / "runs").glob("*/*/report")
    assert sorted(path.parent.parent.name[8:10] for path in reports) == ["03", "04", "05", "06", "07"]


def test_before_the_first_night_nothing_goes(output: Output) -> None:
    for _ in range(3):
        output.attempt("failed")
    assert output.prune(nights=1).attempts == ()
    assert output.kept_snapshots() == [1, 2, 3]


def test_a_rolled_back_night_is_none_of_those_kept(output: Output) -> None:
    directories = [output.attempt() for _ in range(4)]
    for directory in directories[2:]:
        manifest = next(one for one in archive.manifests(output.folder) if one["directory"] == str(directory))
        archive.write_json(directory / archive.MANIFEST, manifest | {"rolled_back_at": "now"})
    archive.point_to(output.folder, directories[1])
    output.prune(nights=1)
    assert output.files() == ["02", "03", "04"]


@pytest.mark.parametrize(("snapshots", "kept"), [(1, [5, 6]), (2, [3, 4, 5, 6]), (0, [6]), (14, [2, 3, 4, 5, 6])])
def test_snapshots_stay_as_long_as_one_of_the_last_attempts_read_them(
    output: Output, snapshots: int, kept: list[int]
) -> None:
    for verdict in ("published", "published", "published", "failed", "published", "failed"):
        output.attempt(verdict)
    output.prune(nights=3, snapshots=snapshots)
    assert output.kept_snapshots() == kept
    assert (output.folder / archive.SNAPSHOTS / f"{'f' * 64}.csv").exists()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Another process that has the file open."""
    program = f"import duckdb; c = duckdb.connect({str(path)!r}, read_only=True); print('open', flush=True); input()"
    reader = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"open\n"
        yield
    finally:
        reader.communicate(b"\n", timeout=60)


def test_what_somebody_reads_stays_until_he_is_done(output: Output) -> None:
    directories = [output.attempt() for _ in range(3)]
    with reading(directories[0] / PUBLISHED_FILE):
        pruned = output.prune(nights=1)
        assert pruned.in_use == ("2026-11-01-1/1",)
        assert output.files() == ["01", "03"]
    assert output.prune(nights=1).attempts == ("2026-11-01-1/1",)
    assert output.files() == ["03"]


def test_a_clock_set_back_changes_no_order(output: Output) -> None:
    # Each attempt above began before the one that it follows, if one believes the clock.
    for _ in range(3):
        output.attempt()
    assert [one["run_id"][8:10] for one in archive.manifests(output.folder)] == ["01", "02", "03"]
    assert archive.next_sequence(output.folder) == 4


def test_an_attempt_killed_before_it_wrote_a_word_is_swept(output: Output) -> None:
    empty = archive.new_attempt(output.folder, "2026-11-30-1")
    output.attempt()
    output.prune(nights=1)
    assert not empty.exists()
