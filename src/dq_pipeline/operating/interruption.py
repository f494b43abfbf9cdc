"""How a run is stopped from outside: by Ctrl-C, by SIGTERM, or by the time limit of a stage.

Python runs a signal's handler only between two steps of its own, and a statement of DuckDB can take an hour. So a
thread listens too: it interrupts whatever statement is going on until the main thread has noticed.
"""

import itertools
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Protocol

from dq_pipeline.errors import DqError, StageError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NAMES: dict[int, str] = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
# How often, in seconds, the statement that goes on is interrupted: the next one may begin in between.
_AGAIN = 0.1
# After how many of these the main thread is told once more.
_NUDGE = 10


class CancelledError(DqError):
    """Somebody stopped the run: exit code 130 after Ctrl-C, 143 after SIGTERM, as shells have it."""


def _cancelled(number: int, stage: str | None) -> CancelledError:
    by = _NAMES[number]
    again = "`dq run --resume` goes on after the last complete stage; `dq run` begins again"
    error = (
        CancelledError(f"cancelled by {by} in the stage {stage}", remedy=again)
        if stage
        else CancelledError(f"cancelled by {by}", remedy="`dq run` begins again")
    )
    error.exit_code = 128 + number
    return error


class Interruptible(Protocol):
    """What can be told to give up the statement that it is at."""

    def interrupt(self) -> None:
        """Give up; from any thread."""


class _Stopped(BaseException):
    """Raised where the main thread happens to be; the run's own end turns it into `Interruption.cause`."""


class Interruption:
    """Listens, while the block of its `with` goes on, for what shall stop the run.

    Within `stage(...)` the work is stopped at once; elsewhere (while the report or the pointer is written) it is only
    noted, and `check()` raises it. A second signal ends the process there and then. In a thread that is not the main
    one no signal is taken, and a time limit ends statements alone.
    """

    def __init__(self) -> None:
        self.cause: DqError | None = None
        self._target: Interruptible | None = None
        self._stage: str | None = None
        self._is_open = False
        self._deadline: float | None = None
        self._limit_minutes = 0.0
        self._is_over = threading.Event()
        self._is_main = threading.current_thread() is threading.main_thread()
        self._before: dict[int, Any] = {}
        self._thread = threading.Thread(target=self._listen, name="interruption", daemon=True)

    def __enter__(self) -> "Interruption":
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        if self._is_main:
            for number in (*SIGNALS, signal.SIGALRM):
                self._before[number] = signal.signal(number, self._handle)
            self._wakeup_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        if self._is_main:
            signal.set_wakeup_fd(self._wakeup_before)
            for number, handler in self._before.items():
                signal.signal(number, handler)
        self._is_over.set()
        os.write(self._write, b"\0")
        self._thread.join()
        os.close(self._read)
        os.close(self._write)

    def watch(self, target: Interruptible) -> None:
        """Interrupt the statements of this database from now on."""
        self._target = target

    @contextmanager
    def stage(self, name: str | None, limit_minutes: float | None = None) -> Iterator[None]:
        """The block may be stopped, at the latest after `limit_minutes`. Raises `cause`, whatever the block raised."""
        self._stage, self._limit_minutes = name, limit_minutes or 0.0
        self.check()
        self._deadline = time.monotonic() + limit_minutes * 60 if limit_minutes else None
        os.write(self._write, b"\0")
        try:
            self._is_open = True
            yield
        except BaseException as error:
            self._is_open = False
            if self.cause is not None and error is not self.cause:
                raise self.cause from error
            raise
        finally:
            self._is_open, self._deadline = False, None
        self.check()

    def check(self) -> None:
        """Raise what shall stop the run, if anything does."""
        if self.cause is not None:
            raise self.cause

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """In the main thread: note the cause, and leave the stage."""
        if number != signal.SIGALRM:
            if self.cause is not None:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self.cause = _cancelled(number, self._stage)
        if self._is_open and self.cause is not None:
            raise _Stopped

    def _listen(self) -> None:
        """In the thread: a byte in the pipe is a signal's number, or 0 where something else has changed."""
        while not self._is_over.is_set():
            ready, _, _ = select.select([self._read], [], [], self._patience())
            told = os.read(self._read, 64) if ready else b""
            if any(number in told for number in SIGNALS):
                self._interrupt(is_told=True)
            elif self._deadline is not None and time.monotonic() >= self._deadline:
                self._deadline = None
                self.cause = StageError(
                    f"the stage {self._stage} took longer than {self._limit_minutes:g} minutes",
                    where="resources.stage_timeout_minutes",
                    remedy="look at what made it slow (`dq doctor`), or raise the limit, then `dq run --resume`",
                )
                self._interrupt(is_told=False)

    def _patience(self) -> float | None:
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def _interrupt(self, *, is_told: bool) -> None:
        """Interrupt statements until the main thread has left the stage; `is_told` where a signal told it already."""
        for count in itertools.count(int(is_told)):
            if not self._is_open or self._is_over.is_set():
                return
            if self._is_main and count % _NUDGE == 0:
                # An error raised within a destructor is lost, so it is raised again.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
            if self._target is not None:
                with suppress(Exception):  # closed meanwhile
                    self._target.interrupt()
            self._is_over.wait(_AGAIN)
