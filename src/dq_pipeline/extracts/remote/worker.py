"""The process that a query runs in: batches from the driver, written as Parquet into a pipe."""

import io
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from dq_pipeline.extracts.remote.connection import Connection
from dq_pipeline.extracts.remote.errors import FetchError, told

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Job:
    """What to ask whom; a relative path of SQLite is one below `data`. It holds secrets, and goes by a pipe alone."""

    connection: Connection
    query: str
    data: Path


class _Sink(io.RawIOBase):
    """A file that can only be written on: each piece goes to the parent."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._held = bytearray()
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._held += piece
        self._size += len(piece)
        if len(self._held) >= CHUNK_BYTES:
            self.flush()
        return len(piece)

    def flush(self) -> None:
        if self._held:
            self._pipe.send(("data", bytes(self._held)))
            self._held.clear()


def work(job: Job, pipe: Pipe) -> None:
    """Ask, and send what comes: ("connected", None), ("data", bytes) …, ("done", None), or a kind of error and why."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        from dq_pipeline.extracts.remote import databases

        ask = {"postgresql": databases.postgresql, "mysql": databases.mysql, "sqlite": databases.sqlite}
        _send(job, pipe, ask[job.connection.address.scheme])
        pipe.send(("done", None))
    except ImportError as error:
        pipe.send(("missing", error.name))
    except FetchError as error:
        pipe.send((type(error).__name__, error.reason))
    except BrokenPipeError:
        return
    except Exception as error:
        pipe.send(("BrokenError", f"the driver failed: {told(error)}"))


def _send(job: Job, pipe: Pipe, ask: Callable[..., Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = _Sink(pipe)
    with ask(job, lambda: pipe.send(("connected", None))) as batches:
        schema = batches.schema
        with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
    sink.flush()


def _end_with_parent() -> None:
    """A parent that is killed cannot end this process: it ends itself."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
