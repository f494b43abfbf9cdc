"""The last run's report over HTTP on this computer alone, with decisions saved at once. Needs the extra `serve`.

Whoever opens the printed address gets a session by a token that works once. A request is answered only from that
session, under this computer's own name (no other site's name may lead here), and a decision only from our own page.
No path of a request ever names a file: there is one address for the report and one for each owner's page.
"""

import html
import ipaddress
import json
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.deciding import DecidedOtherwiseError, decide, decisions, take_back
from dq_pipeline.errors import ConfigError, DqError, LockError
from dq_pipeline.language import Language, speak
from dq_pipeline.linkage.judgements import KINDS, Judgement
from dq_pipeline.reporting import write_unmasked

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MOST_BYTES = 8 * 1024
_LONGEST = {"entity": 100, "left": 1000, "right": 1000, "judgement": 10, "before": 10, "who": 80, "why": 300}
_NEEDED = frozenset({"entity", "left", "right", "judgement"})
_POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy" content=")([^"]*)(">)')
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_NO_PAGE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass
class Door:
    """One serving: who may come in, and what was decided through it. `private` is the report with people in clear."""

    project: Project
    port: int
    by: str
    private: Path | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    made: dict[tuple[str, str, str], Judgement] = field(default_factory=dict)

    @cached_property
    def language(self) -> Language:
        """The project's language: what the page and the answers say is said in it."""
        return speak(self.project.settings.language, self.project.catalogues)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which this computer is asked."""
        return tuple(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]"))

    @property
    def cookie(self) -> str:
        """Its cookie: ports of one computer share theirs."""
        return f"dq_session_{self.port}"

    @property
    def entrance(self) -> str:
        """The path that is open once."""
        return f"/enter?token={quote(self.token)}"

    def enter(self, token: str) -> bool:
        """Whether the token is right; it never is a second time."""
        is_right = bool(self.token) and _is_same(token, self.token)
        if is_right:
            self.token = ""
        return is_right


def _is_same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode())


def loopback(host: str) -> str:
    """The host, where nobody else's computer reaches it. Raises ConfigError."""
    try:
        if host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback:
            return host.strip("[]")
    except ValueError:
        pass
    raise ConfigError(
        f"{host!r} can be reached from other computers; the report is served on this one alone",
        remedy="leave --host out, or give 127.0.0.1",
    )


def serve(
    project: Project, host: str, port: int, by: str, ready: Callable[[str], None], *, unmasked: bool = False
) -> None:
    """Serve until interrupted; `ready` gets the address with the token once. Port 0 is any free one.

    Raises ConfigError where the extra is not installed, the host is not this computer, the port is taken or there is
    no report.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise ConfigError(
            f"serving needs a library that is not installed ({error.name})",
            remedy="install the extra: pip install 'dq-pipeline[serve]'; the report itself works without it",
        ) from error
    host = loopback(host)
    _report_folder(project)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        try:
            listening.bind((host, port))
            # From here on the address answers: whoever is faster than the server waits for it.
            listening.listen()
        except OSError as error:
            raise ConfigError(
                f"the port cannot be used: {error.strerror}", where=f"{host}:{port}", remedy="leave --port out"
            ) from error
        private = write_unmasked(project) if unmasked else None
        door = Door(project, listening.getsockname()[1], by, private)
        name = f"[{host}]" if ":" in host else host
        config = uvicorn.Config(
            make_app(door), log_level="critical", access_log=False, server_header=False, lifespan="off", ws="none"
        )
        ready(f"http://{name}:{door.port}{door.entrance}")
        uvicorn.Server(config).run(sockets=[listening])


def make_app(door: Door) -> "Starlette":
    """The application of one serving, for a server or a test."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.responses import RedirectResponse, Response
    from starlette.routing import Route

    async def enter(request: "Request") -> "Response":
        if not door.enter(request.query_params.get("token", "")):
            return _refused(door, 403, "this address worked once; start `dq serve` again for a new one")
        answer = RedirectResponse("/report.html", 303)
        answer.set_cookie(door.cookie, door.session, path="/", httponly=True, samesite="strict")
        return answer

    async def report(request: "Request") -> "Response":
        owner = request.path_params.get("owner")
        if owner is not None and owner not in door.project.settings.owners:
            return _refused(door, 404, "there is no such page")
        text, policy = await run_in_threadpool(_page, door, owner)
        headers = {"content-security-policy": policy}
        return Response(text, media_type="text/html", headers=headers)

    async def decided(_: "Request") -> "Response":
        return await run_in_threadpool(_answer, door, lambda: {"decided": decisions(door.project)})

    async def save(request: "Request") -> "Response":
        asked = await _asked(door, request)
        if isinstance(asked, Response):
            return asked
        return await run_in_threadpool(_answer, door, lambda: _save(door, asked))

    routes = [
        Route("/enter", enter),
        Route("/report.html", report),
        Route("/report/{owner}.html", report),
        Route("/decisions", decided, methods=["GET"]),
        Route("/decisions", save, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_guard(door))])


def _guard(door: Door) -> Any:
    """The middleware that every request passes first, and every answer last."""
    from starlette.middleware.base import BaseHTTPMiddleware

    class Guard(BaseHTTPMiddleware):
        async def dispatch(
            self, request: "Request", call_next: Callable[["Request"], Awaitable["Response"]]
        ) -> "Response":
            answer = _objection(door, request) or await call_next(request)
            for name, value in _HEADERS.items():
                answer.headers[name] = value
            answer.headers.setdefault("content-security-policy", _NO_PAGE_POLICY)
            return answer

    return Guard


def _objection(door: Door, request: "Request") -> "Response | None":
    """Why a request is not answered, or nothing."""
    headers = request.headers
    if headers.get("host", "") not in door.hosts:
        return _refused(door, 403, "this name does not lead here; use the address that `dq serve` printed")
    if request.url.path == "/enter" and request.method == "GET":
        return None
    if not _is_same(request.cookies.get(door.cookie, ""), door.session):
        return _refused(door, 403, "open the address that `dq serve` printed; it works once, in one browser")
    if request.method in ("GET", "HEAD"):
        return None
    if headers.get("origin", "") != f"http://{headers['host']}":
        return _refused(door, 403, "a decision is taken from the report's own page alone")
    if not _is_same(headers.get("x-csrf-token", ""), door.csrf):
        return _refused(door, 403, "load the page again, and decide there")
    return None


def _refused(door: Door, code: int, message: str, **more: object) -> "Response":
    """An answer that says why nothing was done, in the project's language."""
    from starlette.responses import JSONResponse

    return JSONResponse({"error": door.language.say(message), **more}, code)


def _report_folder(project: Project) -> Path:
    folder = Path(archive.last_attempt(project.output)["directory"])
    if not (folder / "report.html").is_file():
        raise ConfigError("the last run wrote no report", where=folder, remedy="run `dq run`, or `dq report`")
    return folder


def _page(door: Door, owner: str | None) -> tuple[str, str]:
    """A page that may ask this server, what it must know to do so, and its policy."""
    folder = _report_folder(door.project)
    whole = door.private or folder / "report.html"
    text = (whole if owner is None else folder / "report" / f"{owner}.html").read_text("utf-8")
    told = json.dumps({"csrf": door.csrf, "by": door.by, "texts": _texts(door.language)})
    meta = f'<meta name="dq-served" content="{html.escape(told)}">'
    policy = ""

    def opened(found: re.Match[str]) -> str:
        nonlocal policy
        policy = f"{found[2]}; connect-src 'self'"
        return f"{found[1]}{policy}{found[3]}{meta}"

    text = _POLICY.sub(opened, text, count=1)
    return text, f"{html.unescape(policy)}; frame-ancestors 'none'" if policy else _NO_PAGE_POLICY


def _texts(language: Language) -> dict[str, str]:
    """What the page says of saving, in its language."""
    return {
        "saved": language.gettext("Saved in the project's judgements; the next dq run applies it."),
        "otherwise": language.gettext(
            "Somebody else decided this pair meanwhile. It now shows what holds; decide anew if you know better."
        ),
        "failed": language.gettext("Not saved: {reason}"),
        "gone": language.gettext("the server does not answer; start dq serve again"),
    }


async def _asked(door: Door, request: "Request") -> "dict[str, str] | Response":
    """The body as a decision, or why it is none."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return _refused(door, 415, "a decision comes as JSON")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return _refused(door, 413, "that is too long for a decision")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return _refused(door, 400, "that is no JSON")
    is_whole = isinstance(said, dict) and said.keys() >= _NEEDED and said.keys() <= _LONGEST.keys()
    if not is_whole or not all(isinstance(text, str) and len(text) <= _LONGEST[name] for name, text in said.items()):
        return _refused(door, 400, "that is no decision")
    if said["judgement"] not in (*KINDS, ""):
        return _refused(door, 400, f"a judgement is one of {', '.join(KINDS)}")
    return {name: str(said.get(name, "")) for name in _LONGEST}


def _save(door: Door, asked: dict[str, str]) -> dict[str, object]:
    """Write a decision, or take back one that was made here."""
    left, right = sorted((asked["left"], asked["right"]))
    key = (asked["entity"], left, right)
    if not asked["judgement"]:
        made = door.made.get(key)
        if made is None:
            raise ConfigError("it was not decided here", remedy="decide it otherwise instead")
        take_back(door.project, asked["entity"], made)
        del door.made[key]
        return {"judgement": "", "at": ""}
    one = decide(
        door.project,
        asked["entity"],
        (left, right),
        asked["judgement"],
        decided_by=asked["who"].strip() or door.by,
        why=asked["why"],
        before=asked["before"],
    )
    door.made[key] = one
    return {"judgement": one.judgement, "at": one.decided_at}


def _answer(door: Door, work: Callable[[], dict[str, object]]) -> "Response":
    """What came of it as JSON: 409 where somebody else decided otherwise, 503 while a run is going on."""
    from starlette.responses import JSONResponse

    try:
        return JSONResponse(work())
    except DecidedOtherwiseError as error:
        return _refused(door, 409, error.message, judgement=error.judgement)
    except LockError as error:
        return _refused(door, 503, error.message)
    except DqError as error:
        return _refused(door, 422, error.message)
