"""A file that gets its name, the hash of its content, only when it is whole and on disk."""

import contextlib
import hashlib
import os
import re
from pathlib import Path
from uuid import uuid4

from dq_pipeline.errors import StageError
from dq_pipeline.extracts.plain import PACKED
from dq_pipeline.private import FILE_MODE, private_folder
from dq_pipeline.regular import flush

PART = ".part"
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,7}")


class SnapshotWriter:
    """A file in the snapshots' folder that gets its name, the hash of its content, when it is whole.

    Raises StageError where the folder cannot be written (no room, no right).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._part = private_folder(folder) / f".{uuid4().hex}{PART}"
            descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        self._stream = os.fdopen(descriptor, "w+b", buffering=0)
        self.size = 0
        self._digest = hashlib.sha256()

    @property
    def part(self) -> Path:
        """The file while it is written."""
        return self._part

    def write(self, chunk: bytes) -> None:
        """Add to the file."""
        try:
            view = memoryview(chunk)
            while view:
                view = view[self._stream.write(view) :]
        except OSError as error:
            raise _cannot_write(self.folder, error) from error
        self._digest.update(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        """Throw away what was written."""
        self._stream.seek(0)
        self._stream.truncate()
        self._digest = hashlib.sha256()
        self.size = 0

    def keep(self, name: str) -> tuple[Path, str]:
        """Give the file its name; its path and SHA-256. `name` is the original's, for its suffixes."""
        digest = self._digest.hexdigest()
        path = self.folder / f"{digest}{suffixes(name)}"
        try:
            os.fsync(self._stream.fileno())
            self._stream.close()
            os.replace(self._part, path)
            flush(self.folder)
        except OSError as error:
            raise _cannot_write(self.folder, error) from error
        return path, digest

    def discard(self) -> None:
        """Close the file and remove what has no name yet; does nothing to a file that was kept."""
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)


def _cannot_write(folder: Path, error: OSError) -> StageError:
    return StageError(
        f"the snapshot of an extract cannot be written: {error.strerror}",
        where=folder,
        remedy="make room there, and give this user the right to write; then run again",
    )


def suffixes(name: str) -> str:
    """The suffixes that say how a file is written: `.csv`, `.csv.gz`, or nothing."""
    path = Path(name.lower())
    packed = path.suffix if path.suffix in PACKED else ""
    kind = path.with_suffix("").suffix if packed else path.suffix
    return (kind if _SUFFIX.fullmatch(kind) else "") + packed
