"""What a query to a database returns, as a Parquet snapshot.

Drivers are compiled code that may wait for ever on a server that says nothing. So the query runs in a process of its
own (`worker`), which sends the file as it grows, and is ended when the source's time is over.
"""

import multiprocessing
from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from dq_pipeline.config import Project, Source
from dq_pipeline.errors import Breach, ConfigError
from dq_pipeline.extracts.inputs import InputFile
from dq_pipeline.extracts.locate import dated
from dq_pipeline.extracts.remote import errors
from dq_pipeline.extracts.remote.connection import Connection, Patience
from dq_pipeline.extracts.remote.errors import BrokenError, FetchError
from dq_pipeline.extracts.remote.files import as_breach
from dq_pipeline.extracts.remote.worker import Job, work
from dq_pipeline.extracts.snapshot_writer import SnapshotWriter

# Scheme -> the extra that its driver is in.
EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite"}
_CLASSES = {name: getattr(errors, name) for name in ("AbsentError", "RefusedError", "BrokenError", "QueryError")}


def fetch_query(
    project: Project, source: Source, run_date: date, connection: Connection, new_writer: Callable[[], SnapshotWriter]
) -> tuple[InputFile, ...] | Breach:
    """The rows of a source's query as a snapshot, or the breach that they cannot be had.

    Raises ConfigError where the driver's extra or the file of the query is missing.
    """
    job = Job(connection, dated(_query(project, source, connection.file), run_date), project.data)
    writer, patience = new_writer(), Patience(connection.transfer)
    try:
        for tried in range(1, connection.transfer.tries + 1):
            try:
                _run(job, writer, patience)
                break
            except BrokenError:
                writer.restart()
                patience.left()
                if tried == connection.transfer.tries:
                    raise
                patience.pause(tried)
        size = writer.size
        name = f"{source.name}.parquet"
        kept, digest = writer.keep(name)
    except FetchError as error:
        return as_breach(source, connection.address.shown(), error)
    finally:
        writer.discard()
    return (InputFile(kept, name, connection.address.shown(), digest, size),)


def _query(project: Project, source: Source, file: Path) -> str:
    database = source.location.database
    if database is None:
        raise AssertionError("a source of a database has a query")
    if not database.query_file:
        return database.query
    path = project.pipelines / database.query_file
    try:
        return path.read_text(encoding="utf-8").strip().rstrip(";")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the file of the query cannot be read", where=path, remedy=f"write one SELECT there, or correct {file.name}"
        ) from error


def _run(job: Job, writer: SnapshotWriter, patience: Patience) -> None:
    """One try in a process of its own. Raises what it tells, or BrokenError where it falls silent or dies."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(job, theirs), name="query", daemon=True)
    process.start()
    theirs.close()
    try:
        _receive(job, ours, writer, patience)
    finally:
        process.kill()
        process.join()
        ours.close()


def _receive(job: Job, pipe: Pipe, writer: SnapshotWriter, patience: Patience) -> None:
    # To connect is one answer; a query may take as long as the source has.
    wait = patience.left
    while True:
        if not pipe.poll(wait()):
            patience.left_in_all()
            raise BrokenError("no answer came in time")
        try:
            kind, told = pipe.recv()
        except EOFError:
            raise BrokenError("the process of the query died") from None
        if kind == "connected":
            wait = patience.left_in_all
        elif kind == "data":
            writer.write(told)
        elif kind == "done":
            return
        elif kind == "missing":
            scheme = job.connection.address.scheme
            raise ConfigError(
                f"{scheme}:// needs a library that is not installed ({told})",
                where=job.connection.file,
                remedy=f"pip install 'dq-pipeline[{EXTRAS[scheme]}]'",
            )
        else:
            failed: Any = _CLASSES[kind]
            raise failed(told)
