"""Chunks of work -> their results in the same order, in several processes."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import TypeVar

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def in_processes(work: Callable[[Chunk], Result], chunks: Iterable[Chunk], processes: int) -> Iterator[Result]:
    """`work(chunk)` for each chunk, in order. `work` must be a function of a module; one process means this one.

    Only a few chunks are held at a time. Where a worker process dies, this process does the rest itself.
    """
    if processes <= 1:
        yield from map(work, chunks)
        return
    # Workers are started afresh: a fork would copy the database's threads in whatever state they are.
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_follow_parent)
    try:
        pending: deque[tuple[Chunk, Future[Result] | None]] = deque()
        for chunk in chunks:
            pending.append((chunk, _submit(pool, work, chunk)))
            if len(pending) >= 2 * processes:
                yield _result(work, *pending.popleft())
        while pending:
            yield _result(work, *pending.popleft())
    finally:
        # A run that is stopped does not wait for what nobody will read.
        pool.shutdown(cancel_futures=True)


def _follow_parent() -> None:
    """A terminal sends Ctrl-C to every process: the one that leads ends the others, also where it is killed itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _submit(pool: ProcessPoolExecutor, work: Callable[[Chunk], Result], chunk: Chunk) -> Future[Result] | None:
    try:
        return pool.submit(work, chunk)
    except BrokenProcessPool:
        return None


def _result(work: Callable[[Chunk], Result], chunk: Chunk, future: Future[Result] | None) -> Result:
    try:
        return future.result() if future else work(chunk)
    except BrokenProcessPool:
        return work(chunk)
