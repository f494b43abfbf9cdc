"""The log of an attempt: one JSON object a line, each on disk before the run goes on (`telling/schemas/log.json`)."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dq_pipeline.config.secrets import redact_all
from dq_pipeline.private import FILE_MODE

LOG = "log.jsonl"


class RunLog:
    """Writes the events of an attempt to its folder, and each line to `echo` as well where that is given.

    A line that cannot be written is lost in silence: the log never stops a run.
    """

    def __init__(self, directory: Path, run_id: str, echo: Callable[[str], None] | None = None) -> None:
        self.path, self.echo = directory / LOG, echo
        self.about = {"run_id": run_id, "attempt": directory.name}

    def write(self, event: str, **details: Any) -> None:
        """One event with the time in UTC. Details hold figures, names and masked sentences, and no secret."""
        line = line_of(event, **self.about, **details)
        with suppress(OSError, ValueError):
            # Opened for each line: what was said before a kill is in the file, whoever moved or removed it.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
            try:
                os.write(descriptor, f"{line}\n".encode(errors="backslashreplace"))
            finally:
                os.close(descriptor)
        if self.echo is not None:
            with suppress(OSError, ValueError):
                self.echo(line)


def line_of(event: str, **details: Any) -> str:
    """An event as one line of JSON, without its end."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = {"at": at, "event": event, **details}
    return json.dumps(redact_all(document), ensure_ascii=False, default=str)
