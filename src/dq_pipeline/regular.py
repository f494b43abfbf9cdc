"""Regular files alone: what is a pipe or a device is never waited for. Files on the disk, and names people can read."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def kind_of(path: Path) -> str:
    """What is at `path` if it is no regular file (a folder, a pipe, a device, a socket); empty if it is, or nothing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError, RuntimeError):
        return ""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "")


def open_file(path: Path) -> BinaryIO:
    """A regular file, opened to be read. Raises OSError for anything else, and never waits for a pipe's writer."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"it is {kind_of(path) or 'no longer a file'}, not a file")
    return os.fdopen(descriptor, "rb")


def flush(path: Path) -> None:
    """Wait until a file or a folder's list of names is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def printable(text: str, most: int = 300) -> str:
    """`text` for a message: bytes of a name that are no UTF-8, and control characters, as \\xNN; cut at `most`."""
    raw = text[:most].encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
    plain = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in raw)
    return plain + ("…" if len(text) > most else "")
