"""Handing over: every receiver is a real one on this machine, and every way it can fail ends in time with a reason."""

import hashlib
import hmac
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from dq_pipeline.config import Project
from dq_pipeline.telling import sending
from dq_pipeline.telling.change import News
from dq_pipeline.telling.notifying import Told, notify, tell
from tests.telling_case import LOST, Receiver, channel_of, concluded, manifests, project_of, receiver, timed

SECRET = "s3cret-of-the-hook"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST_WAIT", 0.05)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def told(root: Path, **fields: Any) -> Told:
    """What became of a channel's message on a held night."""
    channel = channel_of(**fields)
    project = project_of(root, channel)
    concluded(project, "held", [LOST])
    (answer,) = notify(project, manifests(project)[-1], [])
    return answer


def test_a_webhook_gets_one_signed_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with receiver() as hook:
        answer = told(tmp_path, url=hook.url, secret="${HOOK_SECRET}")
    assert answer.sent
    assert answer.reason is None
    ((path, headers, body),) = hook.got
    assert path == "/hook"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["idempotency-key"] == "2026-11-20-1/1/webhook"
    # The receiver's own reckoning, by the guide.
    signed = hmac.new(SECRET.encode(), headers["x-dq-timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["x-dq-signature"], f"sha256={signed}")
    assert abs(int(headers["x-dq-timestamp"]) - time.time()) < 60
    assert hook.document["breaches"][0]["gate"] == "records_lost"


@pytest.mark.parametrize("kind", ["slack", "teams"])
def test_chats_get_their_form(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as hook:
        monkeypatch.setenv("CHAT_URL", hook.url)
        assert told(tmp_path, type=kind, url="${CHAT_URL}").sent
    assert set(hook.document) == ({"text", "blocks"} if kind == "slack" else {"type", "attachments"})


def test_what_passes_is_tried_again_and_no_more_than_twice(tmp_path: Path) -> None:
    with receiver(statuses=[500, 503, 200]) as hook:
        assert told(tmp_path / "a", url=hook.url).sent
    assert len(hook.got) == 3
    assert len({headers["idempotency-key"] for _, headers, _ in hook.got}) == 1
    with receiver(statuses=[500]) as hook:
        answer = told(tmp_path / "b", url=hook.url)
    assert (answer.sent, answer.reason, len(hook.got)) == (False, "the receiver answered 500 (3 tried)", 3)


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_what_does_not_pass_is_not_tried_again(status: int, tmp_path: Path) -> None:
    with receiver(statuses=[status]) as hook:
        answer = told(tmp_path, url=hook.url)
    assert (answer.sent, answer.reason, len(hook.got)) == (False, f"the receiver answered {status}", 1)


def test_a_message_follows_nobody_elsewhere(tmp_path: Path) -> None:
    with receiver() as other, receiver(statuses=[302], headers={"Location": other.url}) as hook:
        answer = told(tmp_path, url=hook.url)
    assert answer.reason == "the receiver answered 302"
    assert other.got == []


def test_a_receiver_that_asks_to_wait_longer_than_there_is_time_is_left(tmp_path: Path) -> None:
    with receiver(statuses=[429], headers={"Retry-After": "3600"}) as hook, timed(5):
        answer = told(tmp_path, url=hook.url, timeout=2)
    assert (answer.reason, len(hook.got)) == ("the receiver answered 429", 1)


def test_a_receiver_that_never_answers_ends_at_the_timeout(tmp_path: Path) -> None:
    with receiver(wait=30) as hook, timed(3):
        answer = told(tmp_path, url=hook.url, timeout=0.4)
    assert (answer.sent, answer.reason) == (False, "no answer in time")


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a letter of its answer now and then, for ever: no single read is ever late."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not done.wait(0.05):
                    connection.sendall(b"x")
        except OSError:
            return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        done.set()
        listener.close()
        thread.join(5)


def test_a_receiver_that_drips_ends_at_the_timeout(tmp_path: Path) -> None:
    with dripping() as url, timed(4):
        answer = told(tmp_path, url=url, timeout=0.4)
    assert (answer.sent, answer.reason) == (False, "no answer in time")


def test_a_refused_connection_is_said_without_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("CHAT_URL", f"http://127.0.0.1:{port}/services/T0000/very-secret")
    answer = told(tmp_path, type="slack", url="${CHAT_URL}")
    assert (answer.sent, answer.reason) == (False, "the connection was refused (3 tried)")


def test_a_secret_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAT_URL", raising=False)
    answer = told(tmp_path, type="slack", url="${CHAT_URL}")
    assert answer.reason == "the environment variable CHAT_URL is not set"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def test_certificates_are_checked(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with receiver(server_context(authority)) as hook:
        unknown = told(tmp_path / "a", url=hook.url)
        known = told(tmp_path / "b", url=hook.url, ca_file=tmp_path / "ca.pem")
        assert len(hook.got) == 1
    assert known.sent
    assert not unknown.sent
    assert "certificate is not trusted" in str(unknown.reason)
    with receiver() as plain:
        answer = told(tmp_path / "c", url=plain.url.replace("http:", "https:"), timeout=3)
    assert answer.reason == "the receiver speaks no TLS that is trusted"


class _Mails:
    """What an SMTP server got."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope)
        return "250 taken"


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"night", b"pass-of-mail")
    return AuthResult(success=is_right, handled=is_right)


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[_Mails, int]]:
    """An SMTP server on this machine for as long as the block lasts."""
    mails = _Mails()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(mails, hostname="127.0.0.1", port=port, **options)
    server.start()
    try:
        yield mails, port
    finally:
        server.stop()


def mail_fields(port: int, **more: Any) -> dict[str, Any]:
    address = {"host": "127.0.0.1", "port": port, "from": "night@example.com", "to": ["data@example.com"]}
    return {"type": "email", **address, **more}


LOGIN = {"user": "night", "password": "${MAIL_PASSWORD}"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_through_tls_with_a_login(
    security: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("MAIL_PASSWORD", "pass-of-mail")
    context = server_context(authority)
    options: dict[str, Any] = {"authenticator": _login, "auth_required": True}
    options |= (
        {"tls_context": context, "require_starttls": True} if security == "starttls" else {"ssl_context": context}
    )
    options |= {} if security == "starttls" else {"auth_require_tls": False}
    with mail_server(**options) as (mails, port):
        fields = mail_fields(port, security=security, ca_file=tmp_path / "ca.pem", **LOGIN)
        assert told(tmp_path / "a", **fields).reason is None
        monkeypatch.setenv("MAIL_PASSWORD", "wrong-one")
        refused = told(tmp_path / "b", **fields)
        untrusted = told(tmp_path / "c", **{**fields, "ca_file": None})
    assert refused.reason == "the mail server refused user and password"
    assert "certificate is not trusted" in str(untrusted.reason)
    (envelope,) = mails.got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("night@example.com", ["data@example.com"])
    read = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
    assert "held back" in read["Subject"]
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


def test_a_server_without_starttls_gets_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "pass-of-mail")
    with mail_server() as (mails, port):
        answer = told(tmp_path, **mail_fields(port, **LOGIN))
    assert answer.reason == "the mail server offers no STARTTLS or no login"
    assert mails.got == []


TAKE = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
# It starts a program of its own, tells both ids, and neither ever ends.
HANG = """import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} {child.pid}')
time.sleep(60)"""


def test_a_command_gets_the_document_and_no_shell(tmp_path: Path) -> None:
    target = tmp_path / "$(touch made) got.json"
    answer = told(tmp_path, type="command", run=[sys.executable, "-c", TAKE, str(target)])
    assert answer.sent, answer.reason
    assert json.loads(target.read_text(encoding="utf-8"))["verdict"] == "held"
    assert not (tmp_path / "made").exists()


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    target = tmp_path / "pids"
    with timed(10):
        answer = told(tmp_path, type="command", run=[sys.executable, "-c", HANG, str(target)], timeout=2)
    assert answer.reason == "the program did not end in time and was stopped"
    for pid in map(int, target.read_text(encoding="utf-8").split()):
        deadline = time.monotonic() + 5
        while _is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    """Whether the process runs; one that is over and not yet fetched does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_command_that_fails_or_is_not_there_says_so(tmp_path: Path) -> None:
    fails = told(tmp_path / "a", type="command", run=[sys.executable, "-c", "raise SystemExit(7)"])
    assert fails.reason == "the program ended with 7"
    assert "FileNotFoundError" in str(told(tmp_path / "b", type="command", run=["no-such-program-here"]).reason)


def test_channels_are_told_side_by_side_and_one_does_not_hinder_another(tmp_path: Path) -> None:
    def all_told(slow: Receiver, good: Receiver) -> list[Told]:
        names = [f"slow{number}" for number in range(4)]
        channels = [channel_of(name=name, url=slow.url, timeout=0.6) for name in names]
        project: Project = project_of(tmp_path, *channels, channel_of(name="good", url=good.url))
        concluded(project, "published")
        why = News(None, frozenset())
        return tell(project, manifests(project)[-1], [], [(channel, why) for channel in project.settings.notify])

    with receiver(wait=30) as slow, receiver() as good, timed(4):
        answers = all_told(slow, good)
    assert [one.sent for one in answers] == [False] * 4 + [True]
