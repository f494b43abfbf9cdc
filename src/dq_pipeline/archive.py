"""The output folder: one folder for each attempt of a run, one pointer to what is published, and the lock.

    <output>/published            a link to the attempt that readers see; moved by one atomic rename
    <output>/runs/<run_id>/<n>/   truth.duckdb, report.html, scorecard.json, manifest.json
    <output>/snapshots/           what the runs read, copied whole; each manifest names its own
    <output>/working.duckdb       the tables of the last attempt; it can be lost without harm
    <output>/*_parsed.parquet     addresses parsed before; likewise

A reader opens `<output>/published/truth.duckdb`; while it holds the file open, a new night changes nothing for it.
"""

import contextlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dq_pipeline.errors import ConfigError, LockError, StageError
from dq_pipeline.private import private_files
from dq_pipeline.regular import flush
from dq_pipeline.run import PUBLISHED_FILE, WORKING_FILE

PUBLISHED = "published"
MANIFEST = "manifest.json"
SNAPSHOTS = "snapshots"


@contextlib.contextmanager
def lock(output: Path, wait: float = 0) -> Iterator[None]:
    """Hold the output folder: one run at a time. The operating system lets go of it when a process dies.

    `wait` is how many seconds to wait for another run to end; less than 0: as long as it takes. Raises LockError.
    """
    held = FileLock(output / ".lock", timeout=wait, poll_interval=0.5)
    try:
        with private_files():
            output.mkdir(parents=True, exist_ok=True)
            held.acquire()
            since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
            write_json(output / ".lock.json", {"pid": os.getpid(), "host": platform.node(), "since": since})
    except Timeout as error:
        raise LockError(
            f"another run is going on here ({_holder(output)})",
            where=output,
            remedy="wait until it ends (`dq run --wait`); `dq runs` shows it",
        ) from error
    except OSError as error:
        held.release()
        raise StageError(
            f"the output folder cannot be written: {error.strerror}",
            where=error.filename or output,
            remedy="give this user the right to write there, or change `paths.output` in the project file",
        ) from error
    try:
        yield
    finally:
        held.release()


def is_locked(output: Path) -> bool:
    """Whether a run is going on in this output folder."""
    if not (output / ".lock").exists():
        return False
    try:
        with FileLock(output / ".lock", timeout=0):
            return False
    except Timeout:
        return True


def _holder(output: Path) -> str:
    try:
        holder = json.loads((output / ".lock.json").read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "process unknown"


def published_file(output: Path) -> Path | None:
    """The published DuckDB file of the last good night, its real place; None before the first.

    Raises StageError where something was published and its file is gone: without it, every id would be a new one.
    """
    pointer = output / PUBLISHED
    path = pointer / PUBLISHED_FILE
    if path.is_file():
        return path.resolve()
    if pointer.is_symlink() or pointer.exists():
        raise StageError(
            f"there is no {PUBLISHED_FILE} where this points to, so ids and history would be lost",
            where=pointer,
            remedy="restore the run's folder, or remove this name to begin without history",
        )
    return None


def published_directory(output: Path) -> Path | None:
    """The folder of the attempt that `published` points to, its real place; None where it points to none."""
    pointer = output / PUBLISHED
    return pointer.resolve() if pointer.is_dir() else None


def point_to(output: Path, directory: Path) -> None:
    """Show `directory` as the published one: after everything in it is on disk, one name changes."""
    # The names on the way to it must outlive a loss of power as well.
    for path in [*sorted(directory.rglob("*")), directory, directory.parent, directory.parent.parent]:
        flush(path)
    pointer, staged = output / PUBLISHED, output / f".{PUBLISHED}.new"
    try:
        staged.unlink(missing_ok=True)
        staged.symlink_to(os.path.relpath(directory.resolve(), output.resolve()), target_is_directory=True)
        os.replace(staged, pointer)
    except OSError as error:
        raise StageError(
            f"the published night cannot be named: {error.strerror}",
            where=pointer if pointer.is_dir() and not pointer.is_symlink() else staged,
            remedy="move what has this name away; `published` is a link that only a run makes",
        ) from error
    flush(output)


def manifests(output: Path) -> list[dict[str, Any]]:
    """The manifests of all attempts in the order in which they began; one that cannot be read is left out."""
    found = []
    for path in (output / "runs").glob(f"*/*/{MANIFEST}"):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict) and {"run_id", "run_date", "started_at"} <= manifest.keys():
            found.append({**manifest, "directory": str(path.parent)})
    return sorted(found, key=_place)


def _place(manifest: Mapping[str, Any]) -> tuple[int, str, str]:
    """Attempts are numbered, because a clock can be set back."""
    number = manifest.get("sequence")
    return number if isinstance(number, int) else 0, str(manifest["started_at"]), manifest["directory"]


def next_sequence(output: Path) -> int:
    """The number of a new attempt: one more than any before it."""
    return max((_place(manifest)[0] for manifest in manifests(output)), default=0) + 1


def attempt_name(manifest: Mapping[str, Any]) -> str:
    """What an attempt is called: `<run_id>/<n>`."""
    return f"{manifest['run_id']}/{Path(manifest['directory']).name}"


def snapshots_of(output: Path, manifest: Mapping[str, Any]) -> frozenset[Path]:
    """The snapshot files that a manifest names: what `dq run --from-snapshot` needs to repeat its run."""
    listed = manifest.get("snapshots")
    files = [file for files in listed.values() for file in files] if isinstance(listed, dict) else []
    return frozenset(output / SNAPSHOTS / Path(str(file["snapshot"])).name for file in files)


def manifest_of(output: Path, run_id: str) -> dict[str, Any]:
    """The manifest of the last attempt of a run that tells its snapshots. Raises ConfigError where there is none."""
    found = [one for one in manifests(output) if one["run_id"] == run_id]
    if not found:
        known = sorted({str(one["run_id"]) for one in manifests(output)})
        raise ConfigError(
            f"there is no run {run_id}",
            where=output / "runs",
            remedy=f"name one of these: {', '.join(known[-10:]) or 'none yet'}",
        )
    return next((one for one in reversed(found) if one.get("snapshots")), found[-1])


def choose_run_id(output: Path, run_date: date, fingerprint: str) -> str:
    """The id of a run on that date: `<date>-<n>`; an attempt on unchanged inputs and project is the same run again.

    An attempt that was killed came to nothing, and takes no number from another.
    """
    highest = 0
    for manifest in manifests(output):
        if manifest.get("run_date") == str(run_date) and manifest.get("verdict") != "running":
            if manifest.get("fingerprint") == fingerprint:
                return str(manifest["run_id"])
            number = str(manifest["run_id"]).rpartition("-")[2]
            highest = max(highest, int(number) if number.isdigit() else 0)
    return f"{run_date}-{highest + 1}"


def new_attempt(output: Path, run_id: str) -> Path:
    """A new folder for an attempt of the run."""
    for directory in (output / "runs").glob("*/*"):
        clear_leftovers(output, directory)
    _sweep_half_written(output / "runs")
    folder = output / "runs" / run_id
    taken = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    directory = folder / str(max(taken, default=0) + 1)
    directory.mkdir(parents=True)
    return directory


def clear_leftovers(output: Path, directory: Path) -> None:
    """Remove what an attempt unpacked and spilled: it holds personal data and fills the disk."""
    for leftover in (directory / "unpacked", directory / "spill", output / "spill"):
        shutil.rmtree(leftover, ignore_errors=True)


def _sweep_half_written(runs: Path) -> None:
    """Remove what killed and failed runs wrote in part; the caller holds the lock."""
    for half in (*runs.glob("*/*/.*.new"), *runs.glob("*/*/report/.*.new")):
        half.unlink(missing_ok=True)
    for log in runs.glob(f"*/*/{PUBLISHED_FILE}.wal"):
        # A database with a log beside it was not written to its end, so it was never published.
        log.with_suffix("").unlink(missing_ok=True)
        log.unlink(missing_ok=True)


def working_file(output: Path) -> Path:
    """Where the tables of the last attempt are, or will be."""
    return output / WORKING_FILE


def last_attempt(output: Path) -> dict[str, Any]:
    """The manifest of the last attempt, whose tables the working file holds. Raises ConfigError where there is none."""
    found = manifests(output)
    if not found or not working_file(output).exists():
        raise ConfigError("there is no run to look at", where=output, remedy="run `dq run` first")
    return found[-1]


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    write_text(path, json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    staged = path.with_name(f".{path.name}.new")
    # A file's name may be no UTF-8; in JSON its odd bytes are escapes that are read back as they were.
    staged.write_text(text, encoding="utf-8", errors="backslashreplace")
    os.replace(staged, path)
