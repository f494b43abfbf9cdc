"""Files of another machine as snapshots: found, downloaded, resumed, verified."""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from urllib.parse import unquote

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach
from dq_pipeline.extracts.inputs import InputFile
from dq_pipeline.extracts.plain import CHUNK_BYTES
from dq_pipeline.extracts.remote.connection import Connection, Patience
from dq_pipeline.extracts.remote.errors import (
    AbsentError,
    BrokenError,
    FetchError,
    QueryError,
    RefusedError,
    ReplacedError,
)
from dq_pipeline.extracts.snapshot_writer import SnapshotWriter

Value = TypeVar("Value")
# Beside an extract, these hold its checksum.
SIDE_FILE = ".sha256"
_SHA256 = re.compile(r"\s*([0-9a-fA-F]{64})(\s|$)")


@dataclass(frozen=True)
class Facts:
    """What a server tells of a file. `checksums` are algorithm -> hexadecimal, of the whole content."""

    size: int | None = None
    etag: str | None = None
    modified_at: str | None = None
    checksums: dict[str, str] = field(default_factory=dict)

    def is_same(self, other: "Facts") -> bool:
        """Whether both are of one and the same content, as far as the server tells."""
        pairs = ((self.size, other.size), (self.etag, other.etag), (self.modified_at, other.modified_at))
        return all(ours == theirs for ours, theirs in pairs if ours is not None and theirs is not None)


@dataclass
class Download:
    """A file on its way: `start` is the first byte that comes, 0 where a server does not go on in the middle."""

    facts: Facts
    start: int
    chunks: Iterator[bytes]


class Remote(Protocol):
    """A connected server of files. Every method raises FetchError alone."""

    def find(self, pattern: str) -> list[str]:
        """The paths that match, without folders."""

    def open(self, path: str, start: int, known: Facts | None) -> Download:
        """The file from byte `start` on; from 0 where it is no longer the `known` one."""

    def facts(self, path: str) -> Facts | None:
        """What is told of the file now; None where nothing is."""

    def small_text(self, path: str) -> str | None:
        """The first bytes of a small text file; None where there is none."""

    def close(self) -> None:
        """Hang up."""


Connect = Callable[[Connection, Patience], Remote]


class Session:
    """One source's server, with its patience: a connection that breaks is made anew."""

    def __init__(self, connection: Connection, connect: Connect) -> None:
        self.connection, self._connect = connection, connect
        self.patience = Patience(connection.transfer)
        self._remote: Remote | None = None

    def close(self) -> None:
        """Hang up, whatever the server thinks of it."""
        remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()

    def attempt(self, work: Callable[[Remote], Value]) -> Value:
        """Do it, again where the connection breaks. Raises the last FetchError."""
        tries = self.connection.transfer.tries
        for tried in range(1, tries + 1):
            try:
                self.patience.left()
                if self._remote is None:
                    self._remote = self._connect(self.connection, self.patience)
                return work(self._remote)
            except (BrokenError, ReplacedError):
                self.close()
                self.patience.left()
                if tried == tries:
                    raise
                self.patience.pause(tried)
        raise AssertionError("a source is tried once at least")


def fetch_files(
    source: Source, connection: Connection, connect: Connect, new_writer: Callable[[], SnapshotWriter]
) -> tuple[InputFile, ...] | Breach:
    """The snapshots of a source's files on another machine, or the breach that they cannot be had."""
    session = Session(connection, connect)
    where = connection.address.shown()
    try:
        paths = find(session, source.location.pick)
        files = []
        for path in paths:
            where = connection.address.shown(path)
            files.append(_fetch(session, path, new_writer()))
        return tuple(files)
    except FetchError as error:
        return as_breach(source, where, error)
    finally:
        session.close()


def find(session: Session, pick: str) -> list[str]:
    """The paths to fetch, in order of name. Raises FetchError."""
    pattern = session.connection.address.path
    found = sorted(path for path in session.attempt(lambda remote: remote.find(pattern)) if path)
    found = [path for path in found if not path.endswith(SIDE_FILE)] or found
    if not found:
        raise AbsentError("no file there has such a name")
    return found[-1:] if pick == "newest" else found


def as_breach(source: Source, where: str, error: FetchError) -> Breach:
    """What a night says of a source that cannot be had."""
    file = f"sources/{source.name}.yml"
    if isinstance(error, AbsentError):
        return Breach(
            "missing_extract",
            where,
            f"the extract of {source.name} is missing: {error.reason}",
            f"ask {source.owner} for it, or correct `location` in {file}",
        )
    if isinstance(error, RefusedError):
        return Breach(
            "unreadable_extract",
            where,
            f"the extract of {source.name} cannot be had: {error.reason}",
            f"correct `location.access` in {file}, or what its environment variables hold; then run again",
        )
    if isinstance(error, QueryError):
        return Breach(
            "unreadable_extract",
            where,
            f"the extract of {source.name} cannot be had: {error.reason}",
            f"correct `location.database` in {file}",
        )
    return Breach(
        "unreadable_extract",
        where,
        f"the extract of {source.name} could not be fetched whole: {error.reason}",
        f"see whether the server can be reached, or ask {source.owner}; `location.transfer` in {file} sets the limits",
    )


def _fetch(session: Session, path: str, writer: SnapshotWriter) -> InputFile:
    known: list[Facts] = []
    try:
        facts = session.attempt(lambda remote: _download(session, remote, path, writer, known))
        name = posixpath.basename(unquote(path) if session.connection.address.scheme == "https" else path)
        size = writer.size
        kept, digest = writer.keep(name)
    finally:
        writer.discard()
    place = session.connection.address.shown(path)
    return InputFile(kept, name, place, digest, size, facts.etag, facts.modified_at)


def _download(session: Session, remote: Remote, path: str, writer: SnapshotWriter, known: list[Facts]) -> Facts:
    """What is missing of the file, checked. `known` remembers what a broken try was told, for the next to go on."""
    before = known[0] if known else None
    try:
        download = remote.open(path, writer.size if before else 0, before)
        if download.start != writer.size:
            writer.restart()
        elif before and not before.is_same(download.facts):
            raise ReplacedError("the file was replaced while it was fetched")
        known[:] = [download.facts]
        for chunk in download.chunks:
            writer.write(chunk)
            session.patience.left()
            if download.facts.size is not None and writer.size > download.facts.size:
                break
        if download.facts.size is not None and writer.size < download.facts.size:
            raise BrokenError(f"only {writer.size:,} bytes of {download.facts.size:,} came")
    except ReplacedError:
        known.clear()
        writer.restart()
        raise
    try:
        _verify(remote, path, writer, download.facts)
    except FetchError:
        known.clear()
        writer.restart()
        raise
    return download.facts


def _verify(remote: Remote, path: str, writer: SnapshotWriter, facts: Facts) -> None:
    """Raises BrokenError or ReplacedError where what came is not what the server has."""
    if facts.size is not None and writer.size != facts.size:
        raise ReplacedError("the file was replaced while it was fetched")
    after = remote.facts(path)
    if after is not None and not facts.is_same(after):
        raise ReplacedError("the file was replaced while it was fetched")
    checksums = dict(facts.checksums)
    side = _SHA256.match(remote.small_text(path + SIDE_FILE) or "")
    if side:
        checksums["sha256"] = side[1].lower()
    for algorithm, expected in checksums.items():
        if _digest(writer, algorithm) != expected.lower():
            raise BrokenError(f"the {algorithm} of what came is not the one that goes with the file")


def _digest(writer: SnapshotWriter, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with writer.part.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
