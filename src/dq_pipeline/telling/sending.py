"""Handing a message over: an HTTP post, a mail, a program. Every way ends in time, and says why where it failed."""

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import signal
import smtplib
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from dq_pipeline import __version__

MOST_TRIES = 3
FIRST_WAIT = 1.0
_ANSWER = 4096
# The server is busy, or something between us and it is: another try may go through.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class NotTold(Exception):  # noqa: N818
    """The receiver did not take the message. The text names no address; `is_passing` where another try may help."""

    def __init__(self, message: str, *, is_passing: bool = False, wait: float = 0) -> None:
        super().__init__(message)
        self.is_passing, self.wait = is_passing, wait


@dataclass(frozen=True)
class Deadline:
    """The moment at which telling gives up, by the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline so many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then, never under a tenth, for a timeout of 0 means none to some libraries."""
        return max(0.1, self.at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self.at


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A receiver that sends us elsewhere gets no message: the body would be lost, or go to a stranger."""

    def redirect_request(self, *_: Any) -> None:
        return None


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are always checked: against the system's, or against those of `ca_file`."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def post(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline, ca_file: Path | None = None) -> int:
    """Post JSON and return the number of tries. Raises NotTold where the last one failed.

    Connection faults and answers that pass (429, 500, …) are tried again, with a growing wait, until the deadline.
    """
    if not url.startswith(("https://", "http://")):
        raise NotTold("the address does not begin with https:// or http://")
    for tried in range(1, MOST_TRIES + 1):
        try:
            _post_once(url, body, headers, deadline, ca_file)
        except NotTold as fault:
            wait = max(FIRST_WAIT * 2 ** (tried - 1), fault.wait)
            if not fault.is_passing or tried == MOST_TRIES or wait >= deadline.at - time.monotonic():
                raise NotTold(f"{fault} ({tried} tried)" if tried > 1 else str(fault)) from fault
            time.sleep(wait)
        else:
            return tried
    raise AssertionError("the last try returns or raises")


def _post_once(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline, ca_file: Path | None) -> None:
    about = {"Content-Type": "application/json; charset=utf-8", "User-Agent": f"dq_pipeline/{__version__}"}
    request = urllib.request.Request(url, data=body, headers={**about, **headers}, method="POST")
    try:
        handlers = (_NoRedirect(), urllib.request.HTTPSHandler(context=tls_context(ca_file)))
        with urllib.request.build_opener(*handlers).open(request, timeout=deadline.left) as answer:
            answer.read(_ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            wait = error.headers.get("Retry-After", "")
        seconds = float(wait) if wait.isdigit() else 0
        raise NotTold(f"the receiver answered {error.code}", is_passing=error.code in _PASSING, wait=seconds) from error
    except urllib.error.URLError as error:
        raise _unreached(error.reason) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreached(error) from error


def _unreached(reason: object) -> NotTold:
    """Why a connection failed, by the kind of fault: its text may quote the address."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NotTold(f"the receiver's certificate is not trusted: {reason.verify_message}")
    if isinstance(reason, ssl.SSLError):
        return NotTold("the receiver speaks no TLS that is trusted")
    if isinstance(reason, TimeoutError):
        return NotTold("no answer in time", is_passing=True)
    if isinstance(reason, ConnectionRefusedError):
        return NotTold("the connection was refused", is_passing=True)
    name = type(reason).__name__ if isinstance(reason, BaseException) else "unknown"
    return NotTold(f"the receiver was not reached ({name})", is_passing=isinstance(reason, OSError))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=` and the HMAC-SHA256, in hexadecimal digits, of the timestamp, a dot and the body."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def submit(
    mail: EmailMessage,
    host: str,
    port: int | None,
    security: str,
    login: tuple[str, str] | None,
    deadline: Deadline,
    ca_file: Path | None = None,
) -> None:
    """Give a mail to an SMTP server. Raises NotTold."""
    port = port or {"tls": 465, "starttls": 587, "none": 25}[security]
    try:
        if security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=deadline.left, context=tls_context(ca_file))
        else:
            server = smtplib.SMTP(host, port, timeout=deadline.left)
        with server:
            if security == "starttls":
                server.starttls(context=tls_context(ca_file))
            if login:
                server.login(*login)
            refused = server.send_message(mail)
    except smtplib.SMTPAuthenticationError as error:
        raise NotTold("the mail server refused user and password") from error
    except smtplib.SMTPResponseException as error:
        raise NotTold(f"the mail server answered {error.smtp_code}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotTold("the mail server offers no STARTTLS or no login") from error
    except smtplib.SMTPException as error:
        raise NotTold(f"the mail server did not take the mail ({type(error).__name__})") from error
    except (OSError, ValueError) as error:
        raise _unreached(error) from error
    if refused:
        raise NotTold(f"the mail server refused {len(refused)} of {len(mail['To'].addresses)} addresses")


def hand_over(words: tuple[str, ...], document: Mapping[str, Any], folder: Path, deadline: Deadline) -> None:
    """Start a program in the project's folder with the document on its standard input. Raises NotTold.

    It has its own process group: at the deadline it is ended with everything that it started.
    """
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NotTold(f"the program cannot be started ({type(error).__name__})") from error
    try:
        process.communicate(json.dumps(document, ensure_ascii=False).encode(), timeout=deadline.left)
    except subprocess.TimeoutExpired as error:
        raise NotTold("the program did not end in time and was stopped") from error
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise NotTold(f"the program ended with {process.returncode}")
