"""Snapshots: everything that a run reads is first copied whole, so that it holds still and can be read again later.

    <output>/snapshots/<sha256><suffixes>     suffixes as `.csv` or `.csv.gz`, which say how the file is packed

A snapshot is named by its content, so an extract that did not change since yesterday is there once. It is on disk
before it has its name, and only the user who runs the night may read it.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dq_pipeline.config import Project, Source
from dq_pipeline.errors import Breach, ConfigError
from dq_pipeline.extracts.inputs import Delivery, InputFile
from dq_pipeline.extracts.locate import locate
from dq_pipeline.extracts.plain import CHUNK_BYTES, file_hash
from dq_pipeline.extracts.remote.fetching import fetch_remote
from dq_pipeline.extracts.snapshot_writer import PART, SnapshotWriter
from dq_pipeline.regular import open_file, printable

TRIES = 3
# How long to wait, in seconds, before a file is copied again that changed meanwhile.
PAUSE = 1.0


def remove_leftovers(folder: Path) -> None:
    """Remove what an earlier run left half-written in `folder`: the caller holds the lock."""
    for leftover in folder.glob(f".*{PART}*"):
        leftover.unlink(missing_ok=True)


def fetch(project: Project, source: Source, run_date: date, folder: Path) -> Delivery:
    """The snapshots of one source's files for that date, or the breach that they cannot be had."""
    if source.location.path:
        return fetch_local(source, project.data, run_date, folder)
    return fetch_remote(project, source, run_date, folder)


def fetch_local(source: Source, data: Path, run_date: date, folder: Path) -> Delivery:
    """The snapshots of local files."""
    found = locate(source, data, run_date)
    if isinstance(found, Breach):
        return found
    taken = []
    for path in found:
        snapshot = _copy(source, path, folder)
        if isinstance(snapshot, Breach):
            return snapshot
        taken.append(snapshot)
    return tuple(taken)


def _copy(source: Source, path: Path, folder: Path) -> InputFile | Breach:
    """One local file as a snapshot; a file that changes while it is copied is copied again."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        writer = SnapshotWriter(folder)
        try:
            with open_file(path) as stream:
                before = os.fstat(stream.fileno())
                # A file that grows as fast as it is read has no end.
                while writer.size <= before.st_size and (chunk := stream.read(CHUNK_BYTES)):
                    writer.write(chunk)
            after = path.stat()
            if _identity(before) != _identity(after) or writer.size != after.st_size:
                continue
            kept, digest = writer.keep(path.name)
        except OSError as error:
            message = f"the extract cannot be read: {error.strerror or error}"
            return Breach("unreadable_extract", printable(str(path)), message, _again(source))
        finally:
            writer.discard()
        modified_at = datetime.fromtimestamp(after.st_mtime, UTC).isoformat(timespec="seconds")
        name, place = printable(path.name), printable(str(path))
        return InputFile(kept, name, place, digest, writer.size, modified_at=modified_at)
    message = f"the extract of {source.name} changed each time while it was read"
    return Breach("unreadable_extract", str(path), message, f"run again when {source.owner} has finished writing it")


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _again(source: Source) -> str:
    return f"ask {source.owner} to deliver {source.name} again, then run again"


def as_document(deliveries: Mapping[str, Delivery]) -> dict[str, list[dict[str, Any]]]:
    """Source -> its files, as the manifest lists them; no files where they could not be had."""
    return {
        name: [] if isinstance(delivery, Breach) else [file.as_document() for file in delivery]
        for name, delivery in deliveries.items()
    }


def input_hashes(deliveries: Mapping[str, Delivery]) -> tuple[str, ...]:
    """Source, name and SHA-256 of every file that a run reads: what its fingerprint knows of the extracts."""
    return tuple(
        f"{name} {file['name']} {file['sha256']}" for name, files in as_document(deliveries).items() for file in files
    )


def from_manifest(project: Project, manifest: Mapping[str, Any], folder: Path) -> dict[str, Delivery]:
    """The snapshots that a past run read, verified by their hashes. Raises ConfigError for one gone or damaged."""
    listed = manifest.get("snapshots")
    if not isinstance(listed, dict) or not listed:
        raise ConfigError(
            f"no snapshots are known of {manifest['run_id']}",
            where=folder,
            remedy="name a run that ingested its extracts; `dq runs` lists them",
        )
    deliveries: dict[str, Delivery] = {}
    for source in project.sources:
        if source.name not in listed:
            raise ConfigError(
                f"{manifest['run_id']} read no source {source.name}",
                where=project.file,
                remedy="repeat that night with the project as it was then",
            )
        files = tuple(_verified(entry, folder, manifest["run_id"]) for entry in listed[source.name])
        deliveries[source.name] = files or Breach(
            "missing_extract",
            source.name,
            f"the extract of {source.name} could not be had in {manifest['run_id']}",
            f"ask {source.owner} for the extract of that night, and run with --date",
        )
    return deliveries


def _verified(entry: Mapping[str, Any], folder: Path, run_id: str) -> InputFile:
    path = folder / Path(str(entry["snapshot"])).name
    again = "repeat another night, or put the file back from a backup"
    if not path.is_file():
        message = f"the snapshot of {entry['name']} that {run_id} read is gone"
        raise ConfigError(message, where=path, remedy=again)
    try:
        digest = file_hash(path)
    except OSError as error:
        message = f"the snapshot of {entry['name']} cannot be read: {error.strerror}"
        raise ConfigError(message, where=path, remedy=again) from error
    if digest != entry["sha256"]:
        raise ConfigError(f"the snapshot of {entry['name']} is damaged", where=path, remedy=again)
    known = InputFile(path, entry["name"], entry["place"], digest, entry["bytes"])
    left_out = int(entry.get("suppressed", 0))
    return replace(known, etag=entry.get("etag"), modified_at=entry.get("modified_at"), suppressed=left_out)
