"""Whether the disk has room for a night, asked before it begins: a full disk at 04:00 costs the whole night."""

import shutil
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.errors import StageError
from dq_pipeline.run import PUBLISHED_FILE, Outcome

# Before any night was measured: bytes of tables for a byte of extracts, as little as any source was seen to need.
FIRST_GUESS = 5
# A night may be a little larger than the one before.
MARGIN = 1.2


def sizes(output: Path, outcome: Outcome) -> dict[str, int]:
    """The bytes of what an attempt read and wrote, for its manifest: the next one plans with them."""
    return {
        "inputs": input_bytes(outcome.snapshots),
        "working": _bytes_of(archive.working_file(output)),
        "published": _bytes_of(outcome.directory / PUBLISHED_FILE),
    }


def input_bytes(snapshots: dict[str, list[dict[str, Any]]]) -> int:
    """The bytes of all files that a run reads."""
    return sum(int(file.get("bytes") or 0) for files in snapshots.values() for file in files)


def needed(output: Path, inputs: int) -> int:
    """About how many bytes a night on `inputs` bytes of extracts will write, by the last night that was measured."""
    for manifest in reversed(archive.manifests(output)):
        known = manifest.get("bytes") or {}
        if known.get("inputs") and known.get("published"):
            share = max(inputs / known["inputs"], 0.1)
            return int((known["working"] + known["published"]) * share * MARGIN)
    return inputs * FIRST_GUESS


def check_room(output: Path, inputs: int) -> None:
    """Raise StageError where the disk of the output folder has not the room that the night needs.

    The tables of the last attempt make room: they are replaced.
    """
    wanted = needed(output, inputs)
    free = shutil.disk_usage(output).free + _bytes_of(archive.working_file(output))
    if free < wanted:
        raise StageError(
            f"the disk has room for {_told(free)}, and the night needs about {_told(wanted)}",
            where=output,
            remedy="make room (`dq runs --prune` with a lower `retention.nights`), or move `paths.output`",
        )


def _bytes_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _told(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.1f} {unit}" if unit in {"MB", "GB"} else f"{size:,.0f} {unit}"
