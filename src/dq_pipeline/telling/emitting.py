"""Hands OpenLineage events over, beside the run: a receiver that is slow or down costs the run nothing but an end."""

import queue
import threading
from pathlib import Path
from typing import Any

import requests
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport
from openlineage.client.transport.transport import Transport

from dq_pipeline.config.secrets import fill
from dq_pipeline.config.telling import LineageTarget
from dq_pipeline.errors import StageError

# The last answer is handed over instead of raised, so that its number can be said.
_RETRY: dict[str, Any] = {
    "total": 2,
    "read": 2,
    "connect": 2,
    "backoff_factor": 0.3,
    "status_forcelist": [408, 425, 429, 500, 502, 503, 504],
    "raise_on_status": False,
}
_REMEDY = "look at the receiver, and at `lineage:` in the project file; the next run tells of itself again"


def transport_of(target: LineageTarget, root: Path) -> Transport:
    """OpenLineage's own transport: a file that events are appended to, or an HTTP endpoint. Raises ConfigError."""
    if target.file is not None:
        path = root / target.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        return FileTransport(FileConfig(log_file_path=str(path), append=True))
    # The client takes the endpoint instead of the last part of an address that does not end with a slash.
    url, endpoint = fill(target.url or "").rstrip("/") + "/", target.endpoint.lstrip("/")
    about: dict[str, Any] = {"url": url, "endpoint": endpoint, "timeout": target.timeout}
    if target.token:
        about["auth"] = {"type": "api_key", "apiKey": fill(target.token)}
    if target.ca_file:
        about["verify"] = str(root / target.ca_file)
    session = requests.Session()
    # An event that is sent on loses its body, and the page that it lands on says that all is well.
    session.max_redirects = 0
    return HttpTransport(HttpConfig.from_dict(about | {"retry": _RETRY, "session": session}))


class Emitter:
    """Sends events in their order on a thread of its own; after the first that fails no more are tried."""

    def __init__(self, transport: Transport, timeout: float) -> None:
        """`timeout` is the most seconds that `close` waits."""
        self.transport, self.timeout = transport, timeout
        self.events: queue.Queue[Any] = queue.Queue()
        self.fault: BaseException | None = None
        self.thread = threading.Thread(target=self._work, name="lineage", daemon=True)
        self.thread.start()

    def emit(self, event: Any) -> None:
        """Take an event; returns at once."""
        self.events.put(event)

    def close(self) -> None:
        """Wait until all is sent. Raises StageError, without address or secret, where it was not."""
        self.events.put(None)
        self.thread.join(self.timeout)
        if self.fault is None and self.thread.is_alive():
            self.fault = TimeoutError()
        if self.fault is not None:
            raise _untold(self.fault) from self.fault

    def _work(self) -> None:
        while (event := self.events.get()) is not None:
            if self.fault is None:
                try:
                    self.transport.emit(event)
                except Exception as fault:
                    self.fault = fault


def _untold(fault: BaseException) -> StageError:
    """What went wrong, by its kind: the text of a library may quote the address."""
    if isinstance(fault.__cause__, OSError):
        fault = fault.__cause__
    response = getattr(fault, "response", None)
    if response is not None:
        code = response.status_code
        return StageError(f"the receiver answered {code}", remedy=_REMEDY)
    if isinstance(fault, requests.exceptions.SSLError):
        return StageError("the receiver's certificate is not trusted", remedy=_REMEDY)
    if isinstance(fault, TimeoutError | requests.exceptions.Timeout):
        return StageError("no answer in time", remedy=_REMEDY)
    if isinstance(fault, requests.exceptions.RequestException):
        return StageError(f"the receiver was not reached ({type(fault).__name__})", remedy=_REMEDY)
    if isinstance(fault, OSError):
        return StageError(f"the file cannot be written: {fault.strerror}", remedy=_REMEDY)
    return StageError(f"an event cannot be handed over ({type(fault).__name__})", remedy=_REMEDY)
