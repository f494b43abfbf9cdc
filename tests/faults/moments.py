"""The moments at which a night can be killed, and the hooks that kill it there.

A hook is put around a function of `os` in the forked night: no line of the product knows of it.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq_pipeline.cli.running import StageProgress

# What changes the disk, other than by writing into an open file.
STEPS = ("replace", "rename", "link", "symlink", "unlink", "remove", "rmdir", "mkdir", "fsync")
Wrapped = Callable[..., Any]


@dataclass(frozen=True)
class Moment:
    """When a night is killed.

    `stage`: when the observer is told `at` (`started link`). `before` and `after`: at the step of number `at` that
    changes the disk. `torn`: when half of the text of that number is written. `work`: after `at` seconds of processor
    time, which is the same moment on a busy machine. `what` says to a reader which step it is.
    """

    kind: str
    at: str | int | float
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.what or self.at}"


def kill() -> None:
    """End this process as the kernel does when it is out of memory: nothing of it runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def hook(moment: Moment | None, root: Path, told: Callable[[str, str], None]) -> None:
    """Kill this process at that moment; `told` hears of every step below `root`: its kind and what it is."""
    _hook_stages(moment, told)
    steps = _Steps(moment, root, told)
    for name in STEPS:
        setattr(os, name, steps.around(name, getattr(os, name)))
    torn = _Torn(moment, root, told)
    Path.write_text = torn.of_text(Path.write_text)  # type: ignore[method-assign]
    os.write = torn.of_bytes(os.write)


def _hook_stages(moment: Moment | None, told: Callable[[str, str], None]) -> None:
    for event in ("started", "finished"):
        plain = getattr(StageProgress, event)

        def heard(self: Any, stage: str, *rest: Any, event: str = event, plain: Wrapped = plain) -> None:
            plain(self, stage, *rest)
            told("stage", f"{event} {stage}")
            if moment and moment.kind == "stage" and moment.at == f"{event} {stage}":
                kill()

        setattr(StageProgress, event, heard)


def _name(path: Any, root: Path) -> str | None:
    """A path, or what an open file is, as seen from `root`; None where it is elsewhere."""
    if isinstance(path, int):
        path = os.readlink(f"/proc/self/fd/{path}")
    try:
        return str(Path(os.path.abspath(path)).relative_to(root))
    except ValueError:
        return None


class _Steps:
    """Counts the steps below `root`, and kills before or after the one that is meant."""

    def __init__(self, moment: Moment | None, root: Path, told: Callable[[str, str], None]) -> None:
        self.moment, self.root, self.told, self.count = moment, root, told, 0

    def around(self, name: str, plain: Wrapped) -> Wrapped:
        def step(*arguments: Any, **options: Any) -> Any:
            path = _name(arguments[0], self.root) if "dir_fd" not in options else None
            if name == "symlink":
                path = _name(arguments[1], self.root)
            if path is None:
                return plain(*arguments, **options)
            number, self.count = self.count, self.count + 1
            self.told("step", f"{name} {path}")
            if self._is_meant("before", number):
                kill()
            try:
                return plain(*arguments, **options)
            finally:
                if self._is_meant("after", number):
                    kill()

        return step

    def _is_meant(self, kind: str, number: int) -> bool:
        return self.moment is not None and self.moment.kind == kind and self.moment.at == number


class _Torn:
    """Counts what is written at once, and kills when half of the one that is meant is in its file."""

    def __init__(self, moment: Moment | None, root: Path, told: Callable[[str, str], None]) -> None:
        self.moment, self.root, self.told, self.count = moment, root, told, 0

    def of_text(self, plain: Wrapped) -> Wrapped:
        def write(path: Path, text: str, *arguments: Any, **options: Any) -> Any:
            if self._is_meant(path):
                plain(path, text[: len(text) // 2], *arguments, **options)
                kill()
            return plain(path, text, *arguments, **options)

        return write

    def of_bytes(self, plain: Wrapped) -> Wrapped:
        def write(descriptor: int, content: bytes) -> int:
            if self._is_meant(descriptor):
                plain(descriptor, content[: len(content) // 2])
                kill()
            return int(plain(descriptor, content))

        return write

    def _is_meant(self, path: Path | int) -> bool:
        name = _name(path, self.root)
        if name is None:
            return False
        number, self.count = self.count, self.count + 1
        self.told("torn", name)
        return self.moment is not None and self.moment.kind == "torn" and self.moment.at == number
