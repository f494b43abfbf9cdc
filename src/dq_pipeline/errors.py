"""Errors that a user can act on: each says what is wrong, where, and what to do next, and has an exit code."""

import errno
from dataclasses import dataclass
from pathlib import Path

# All but the end of a line and the tabulator.
_CONTROLS = {sign: f"\\x{sign:02x}" for sign in (*range(32), *range(127, 160)) if chr(sign) not in "\n\t"}


def writable(text: str) -> str:
    r"""A text that every file takes and no terminal obeys: odd bytes are written as `\udc8b`, controls as `\x1b`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").translate(_CONTROLS)


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DqError(Exception):
    """Something is wrong with the code, the configuration or a file.

    `where` is a file, with line and field if known; `remedy` is the next step for the reader.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | Path | None = None, remedy: str | None = None) -> None:
        super().__init__(writable(message))
        self.message = writable(message)
        self.where = writable(str(where)) if where is not None else None
        self.remedy = writable(remedy) if remedy else remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  What to do: {self.remedy}" if self.remedy else text


class StageError(DqError):
    """A stage, a table or a store failed: nothing is published."""

    exit_code = 1


class ResourceError(StageError):
    """Memory or room did not suffice: neither the data nor the project is to blame."""


def lacks_room(error: BaseException) -> bool:
    """Whether memory or room did not suffice, whatever was read or written."""
    return isinstance(error, ResourceError | MemoryError) or (isinstance(error, OSError) and error.errno in _FULL)


def refused(error: OSError | MemoryError) -> StageError:
    """What the operating system refused to a run, as an error that says what to do."""
    if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
        return ResourceError(
            "there is no memory left", remedy="give the run more, or lower `resources.memory_limit` in the project file"
        )
    if error.errno in _FULL:
        remedy = "make room there, then run again"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        remedy = "give this user the right to read and write there, then run again"
    else:
        remedy = "look at that disk, then run again"
    reason = error.strerror or type(error).__name__
    return ResourceError(f"the disk refused to read or write: {reason}", where=error.filename, remedy=remedy)


class ConfigError(DqError):
    """The project's YAML, SQL, suites or models are wrong, or a command was used wrongly."""

    exit_code = 2


class BreachError(DqError):
    """A gate was breached: nothing is published."""

    exit_code = 3


class LockError(DqError):
    """Another run holds the lock."""

    exit_code = 4


@dataclass(frozen=True)
class Breach:
    """One miss of a limit that a night must meet. `where` is the file, line, table or source that missed it."""

    gate: str
    where: str
    message: str
    remedy: str

    def __post_init__(self) -> None:
        for name in ("where", "message", "remedy"):
            object.__setattr__(self, name, writable(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.where}: {self.message}\n  What to do: {self.remedy}"
