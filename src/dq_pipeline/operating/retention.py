"""How much of the past stays: published nights, the reports of those that failed, and the snapshots they read."""

import contextlib
import fcntl
import os
import shutil
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.run import PUBLISHED_FILE

# `struct flock` of Linux: kind, whence, start, length, process.
_LOCK = "hhqqi4x"


@dataclass(frozen=True)
class Pruned:
    """What was removed: attempts (`<run_id>/<n>`), snapshots, and the bytes of both. `in_use` had to stay."""

    attempts: tuple[str, ...] = ()
    snapshots: int = 0
    bytes: int = 0
    in_use: tuple[str, ...] = ()


def prune(project: Project, *, is_dry: bool = False) -> Pruned:
    """Remove what `retention` does not keep; the caller holds the lock. `is_dry` removes nothing, and only tells.

    A pruned attempt keeps its manifest: `dq runs` lists it for ever, and no run id is given twice. What is published
    stays, and so does a file that somebody reads at the moment, until the next time. Raises OSError.
    """
    output, keep = project.output, project.settings.retention
    found = [one for one in archive.manifests(output) if not one.get("pruned_at")]
    kept = _kept(output, found, keep.nights)
    removed, in_use, freed = [], [], 0
    for manifest in found:
        directory = Path(manifest["directory"])
        if manifest["directory"] in kept:
            continue
        name = archive.attempt_name(manifest)
        if is_read(directory / PUBLISHED_FILE):
            in_use.append(name)
            continue
        freed += _bytes_below(directory)
        removed.append(name)
        if not is_dry:
            _empty(directory, manifest)
    if not is_dry:
        # What a run that was killed at its very beginning left.
        for empty in (output / "runs").glob("*/*"):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
    snapshots = _snapshots_to_go(output, [one for one in found if one["directory"] in kept], keep.snapshots)
    freed += sum(path.stat().st_size for path in snapshots)
    if not is_dry:
        for path in snapshots:
            path.unlink(missing_ok=True)
    return Pruned(tuple(removed), len(snapshots), freed, tuple(in_use))


def _kept(output: Path, found: Sequence[Mapping[str, Any]], nights: int) -> set[str]:
    """The folders that stay: the last published nights, all attempts since the first of them, and what is published."""
    current = archive.published_directory(output)
    published = [one["directory"] for one in found if _is_published(one)]
    last = set(published[-nights:])
    begin = next((place for place, one in enumerate(found) if one["directory"] in last), 0)
    stays = {one["directory"] for place, one in enumerate(found) if place >= begin or not published}
    return stays | {one["directory"] for one in found if Path(one["directory"]).resolve() == current}


def _is_published(manifest: Mapping[str, Any]) -> bool:
    return manifest["verdict"] == "published" and not manifest.get("rolled_back_at")


def _snapshots_to_go(output: Path, kept: Sequence[Mapping[str, Any]], nights: int) -> list[Path]:
    """Snapshots that none of the last attempts read, counted by published nights."""
    published = [place for place, one in enumerate(kept) if _is_published(one)]
    begin = len(kept) if nights == 0 else published[-nights] if len(published) >= nights else 0
    # An attempt that is no night yet may be resumed.
    begin = min(begin, (published[-1] + 1) if published else 0)
    needed = {path for manifest in kept[begin:] for path in archive.snapshots_of(output, manifest)}
    return sorted(path for path in (output / archive.SNAPSHOTS).glob("[0-9a-f]*") if path not in needed)


def _empty(directory: Path, manifest: Mapping[str, Any]) -> None:
    """All of an attempt's folder but its manifest, which first says so: what is half removed is never offered again."""
    told = {key: value for key, value in manifest.items() if key != "directory"}
    archive.write_json(
        directory / archive.MANIFEST, {**told, "pruned_at": datetime.now(UTC).isoformat(timespec="seconds")}
    )
    for path in directory.iterdir():
        if path.name == archive.MANIFEST:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _bytes_below(directory: Path) -> int:
    return sum(path.lstat().st_size for path in directory.rglob("*") if not path.is_dir())


def is_read(path: Path) -> bool:
    """Whether another process has this DuckDB file open: each reader holds a shared lock on it.

    It is only asked whether one would be in the way: to take a lock would refuse a reader who comes at that moment.
    """
    if not path.is_file():
        return False
    with contextlib.suppress(OSError), path.open("r+b") as stream:
        asked = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = struct.unpack(_LOCK, fcntl.fcntl(stream, fcntl.F_GETLK, asked))
        return bool(answer[0] != fcntl.F_UNLCK)
    return False
