"""What the tests of telling share: a project with channels, attempts that are over, and receivers on this machine."""

import http.server
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dq_pipeline import archive, recording
from dq_pipeline.config import Project, load_project
from dq_pipeline.config.telling import AnyChannel
from dq_pipeline.errors import Breach
from dq_pipeline.run import Outcome, Verdict
from tests.conftest import CHECKOUT

DAY = date(2026, 11, 20)
LOST = Breach("records_lost", "orders", "12 of 40 records are missing (30.0%, over 10.0%)", "ask sales for the whole")
STALE = Breach("stale_extract", "data/shipments_2026-11-20.csv", "the newest day of shipments is old", "ask delivery")
CLUSTER = Breach("largest_cluster", "customer", "501 records of one master", "correct the placeholder")
SUMMARY: dict[str, Any] = {
    "sources": [
        {"source": "orders", "owner": "sales", "rows_read": 1200, "validated": 1190, "quarantined": 10, "unparsed": 0},
        {
            "source": "shipments",
            "owner": "delivery",
            "rows_read": 900,
            "validated": 900,
            "quarantined": 0,
            "unparsed": 0,
        },
    ],
    "entities": [{"entity": "customer", "records": 2500, "masters": 1100}],
    "scores": [{"dimension": "overall", "score": 0.9712, "target": 0.98, "status": "missed"}],
}
PLAN = {
    "rank": 1,
    "code": "S06",
    "title": "Sent elsewhere",
    "owner": "delivery",
    "rows": 31,
    "customers": 20,
    "orders": 31,
}


@cache
def _sample() -> Project:
    return load_project(CHECKOUT)


def channel_of(**fields: Any) -> Any:
    """One channel as the project file would declare it."""
    adapter: TypeAdapter[Any] = TypeAdapter(AnyChannel)
    least = {} if "type" in fields else {"type": "webhook", "url": "http://127.0.0.1:9/"}
    return adapter.validate_python({**least, **fields})


def project_of(root: Path, *channels: Any, **settings: Any) -> Project:
    """The sample project, in a folder of its own, with these channels."""
    changed = _sample().settings.model_copy(update={"notify": channels, **settings})
    root.mkdir(exist_ok=True)
    pipelines = root / "pipelines"
    if not pipelines.exists():
        pipelines.symlink_to(_sample().pipelines)
    place = {"root": root, "file": pipelines / _sample().file.name}
    return _sample().model_copy(update={**place, "settings": changed})


def concluded(
    project: Project,
    verdict: Verdict,
    breaches: Sequence[Breach] = (),
    *,
    run_id: str = "2026-11-20-1",
    summary: dict[str, Any] | None = None,
    told: Sequence[dict[str, Any]] = (),
) -> Outcome:
    """An attempt that is over, with its manifest and its scorecard."""
    directory = archive.new_attempt(project.output, run_id)
    run_date = date.fromisoformat(run_id[:10])
    outcome = Outcome(run_id, run_date, directory, datetime.now(UTC), "f", verdict=verdict, breaches=list(breaches))
    outcome.stages = [("ingest", 2100, 0.25), ("validate", 2090, 1.5)]
    outcome.summary = SUMMARY if summary is None else summary
    recording.write_manifest(project, outcome, None)
    kept = json.loads((directory / archive.MANIFEST).read_text(encoding="utf-8"))
    archive.write_json(directory / archive.MANIFEST, kept | {"summary": outcome.summary, "told": list(told)})
    plan = [PLAN | {"status": "open", "remedy": "hold the parcel"}]
    shown = [vars(breach) for breach in breaches]
    archive.write_json(directory / "scorecard.json", {"breaches": shown, "plan": plan, "error": None})
    return outcome


def manifests(project: Project) -> list[dict[str, Any]]:
    """All attempts, the last one last."""
    return archive.manifests(project.output)


@dataclass
class Receiver:
    """What an HTTP receiver got; each answer is the next of `statuses`, the last one for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def document(self) -> Any:
        """The body of the last post."""
        return json.loads(self.got[-1][2])


@contextmanager
def receiver(context: Any = None, **answer: Any) -> Iterator[Receiver]:
    """An HTTP server on this machine for as long as the block lasts; with a TLS `context` it speaks HTTPS."""
    state = Receiver(**answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.got.append((self.path, {name.lower(): held for name, held in self.headers.items()}, body))
            state.stopped.wait(state.wait)
            status = state.statuses.pop(0) if len(state.statuses) > 1 else state.statuses[0]
            self.send_response(status)
            for name, value in {**state.headers, "Content-Length": "2"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def timed(most: float) -> Iterator[None]:
    """The block takes no longer than so many seconds."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < most
