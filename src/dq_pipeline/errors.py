"""Errors that a user can act on: each says what is wrong, where, and what to do next, and has an exit code."""

from dataclasses import dataclass
from pathlib import Path

# All but the end of a line and the tabulator.
_CONTROLS = {sign: f"\\x{sign:02x}" for sign in (*range(32), *range(127, 160)) if chr(sign) not in "\n\t"}


def writable(text: str) -> str:
    r"""A text that every file takes and no terminal obeys: odd bytes are written as `\udc8b`, controls as `\x1b`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").translate(_CONTROLS)


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
