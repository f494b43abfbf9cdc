"""A source of another machine as snapshots, by the scheme of its address; each scheme's library is an extra."""

import importlib
from datetime import date
from pathlib import Path

from dq_pipeline.config import Project, Source
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts.inputs import Delivery
from dq_pipeline.extracts.remote.connection import Connection, connection_of
from dq_pipeline.extracts.remote.files import Connect, fetch_files
from dq_pipeline.extracts.remote.queries import fetch_query
from dq_pipeline.extracts.snapshot_writer import SnapshotWriter

# Scheme -> module, the class that connects, and the extra that it needs.
_FILES = {"s3": ("s3", "S3", "s3"), "sftp": ("sftp", "Sftp", "sftp"), "https": ("https", "Https", "http")}


def fetch_remote(project: Project, source: Source, run_date: date, folder: Path) -> Delivery:
    """The snapshots of a source of another machine, or the breach that they cannot be had.

    Raises ConfigError where a variable or a library is missing, StageError where `folder` cannot be written.
    """
    connection = connection_of(project, source, run_date)
    if source.location.database:
        return fetch_query(project, source, run_date, connection, lambda: SnapshotWriter(folder))
    return fetch_files(source, connection, _connector(connection), lambda: SnapshotWriter(folder))


def _connector(connection: Connection) -> Connect:
    module, name, extra = _FILES[connection.address.scheme]
    try:
        connect: Connect = getattr(importlib.import_module(f"dq_pipeline.extracts.remote.{module}"), name)
    except ImportError as error:
        raise missing_extra(connection, extra, error) from error
    return connect


def missing_extra(connection: Connection, extra: str, error: ImportError) -> ConfigError:
    """The error that a library is not installed."""
    return ConfigError(
        f"{connection.address.scheme}:// needs a library that is not installed ({error.name})",
        where=connection.file,
        remedy=f"pip install 'dq-pipeline[{extra}]'",
    )
