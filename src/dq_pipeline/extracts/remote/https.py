"""Files by HTTPS, through fsspec and aiohttp. Certificates are always verified, also after a redirect."""

import base64
import contextlib
import logging
import re
import ssl
from collections.abc import Coroutine, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import aiohttp
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError
from fsspec.implementations.http import HTTPFileSystem
from yarl import URL

from dq_pipeline.extracts.plain import CHUNK_BYTES
from dq_pipeline.extracts.remote.connection import Connection, Patience
from dq_pipeline.extracts.remote.errors import AbsentError, BrokenError, FetchError, RefusedError, told
from dq_pipeline.extracts.remote.files import Download, Facts

Value = TypeVar("Value")
# What they log quotes addresses with their query.
for _name in ("fsspec.http", "fsspec", "aiohttp.client", "asyncio"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
_SMALL = 4096
# `sha-256=:…:` of RFC 9530, `SHA-256=…` of RFC 3230.
_DIGEST = re.compile(r"(sha-256|md5)=:?([A-Za-z0-9+/]+=*):?", re.IGNORECASE)


class Https:
    """A server of files by HTTPS."""

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self._patience, self._address = patience, connection.address
        access = connection.access
        try:
            context = ssl.create_default_context(cafile=connection.known_ca_file)
        except (ssl.SSLError, OSError):
            raise RefusedError("access.ca_file holds no certificate that can be read") from None
        user, password = access.get("user") or self._address.user, access.get("password") or self._address.password
        self._headers = {"Accept-Encoding": "identity"}
        if "token" in access:
            self._headers["Authorization"] = f"Bearer {access['token']}"
        elif user:
            self._headers["Authorization"] = aiohttp.encode_basic_auth(user, password)
        self._files = HTTPFileSystem(
            client_kwargs={"headers": self._headers, "proxy": _proxy(self._address.host)},
            simple_links=False,
            skip_instance_cache=True,
            ssl=context,
        )
        self._context = context

    def _url(self, path: str) -> str:
        query = f"?{self._address.query}" if self._address.query else ""
        return f"https://{self._address.server}{path}{query}"

    def _wait(self, work: Coroutine[Any, Any, Value], limit: float | None = None) -> Value:
        """What the coroutine gives, in the time that is left."""
        with _as_fetch_errors():

            async def run() -> Value:
                return await work

            result: Value = sync(self._files.loop, run, timeout=limit or self._patience.left())
            return result

    async def _request(self, method: str, path: str, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        session = await self._files.set_session()
        response: aiohttp.ClientResponse = await session.request(
            method,
            URL(self._url(path)),
            headers=dict(headers),
            ssl=self._context,
            timeout=aiohttp.ClientTimeout(total=None, sock_read=self._patience.transfer.timeout_seconds),
        )
        if response.url.scheme != "https":
            response.close()
            raise RefusedError("the server sends on to an address without TLS")
        if response.status >= 400:
            response.close()
            raise _refusal(response.status)
        return response

    def find(self, pattern: str) -> list[str]:
        """The path itself, or the links of the folder's page that match a glob."""
        if not re.search(r"[*\[]", pattern):
            return [pattern]
        start = f"https://{self._address.server}"
        with _as_fetch_errors():
            found = sync(self._files.loop, self._files._glob, start + pattern, timeout=self._patience.left())
        return [path.removeprefix(start) for path in found if path.startswith(f"{start}/") and not path.endswith("/")]

    def open(self, path: str, start: int, known: Facts | None) -> Download:
        """The file from byte `start` on, where the server can and the file is the `known` one; else from 0."""
        headers = {}
        mark = known.etag if known and known.etag and not known.etag.startswith("W/") else None
        if start and mark:
            headers = {"Range": f"bytes={start}-", "If-Range": mark}
        response = self._wait(self._request("GET", path, headers))
        is_part = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        facts = _facts(response.headers, start if is_part else 0)
        return Download(facts, start if is_part else 0, self._chunks(response))

    def _chunks(self, response: aiohttp.ClientResponse) -> Iterator[bytes]:
        try:
            while chunk := self._wait(response.content.read(CHUNK_BYTES)):
                yield chunk
        finally:
            response.close()

    def facts(self, path: str) -> Facts | None:
        """What HEAD tells of the file now; None where the server does not answer that."""
        try:
            response = self._wait(self._request("HEAD", path, {}))
        except (AbsentError, RefusedError):
            return None
        response.close()
        return _facts(response.headers, 0)

    def small_text(self, path: str) -> str | None:
        """The first bytes of a small text file; None where there is none. An address with a query has none."""
        if self._address.query:
            return None
        try:
            response = self._wait(self._request("GET", path, {}))
        except (AbsentError, RefusedError):
            return None
        try:
            return self._wait(response.content.read(_SMALL)).decode("utf-8", errors="replace")
        finally:
            response.close()

    def close(self) -> None:
        """Hang up."""
        session = self._files._session
        if session is not None:
            with contextlib.suppress(Exception):
                sync(self._files.loop, session.close, timeout=5)


def _proxy(host: str) -> str | None:
    """The proxy that the environment names for this host."""
    return None if proxy_bypass(host) else getproxies().get("https")


def _refusal(status: int) -> FetchError:
    if status in {404, 410}:
        return AbsentError("the server has no such file")
    if status in {408, 425, 429} or status >= 500:
        return BrokenError(f"the server answered {status}")
    if status in {401, 403, 407}:
        return RefusedError(f"the server does not accept these credentials (it answered {status})")
    return RefusedError(f"the server answered {status}")


def _facts(headers: Mapping[str, str], start: int) -> Facts:
    """What the head of an answer tells; `start` is the first byte of a part of the file."""
    length = headers.get("Content-Length", "")
    size = start + int(length) if length.isdigit() else None
    if "Content-Encoding" in headers and headers["Content-Encoding"] != "identity":
        size = None
    modified_at = None
    with contextlib.suppress(ValueError, TypeError):
        modified_at = parsedate_to_datetime(headers["Last-Modified"]).astimezone(UTC).isoformat()
    checksums = {}
    # A checksum of a part is that of the part.
    if not start:
        for name in ("Digest", "Repr-Digest"):
            for algorithm, value in _DIGEST.findall(headers.get(name, "")):
                checksums["sha256" if algorithm.lower() == "sha-256" else "md5"] = _hexadecimal(value)
        if "Content-MD5" in headers:
            checksums["md5"] = _hexadecimal(headers["Content-MD5"])
    return Facts(size, headers.get("ETag"), modified_at, {name: value for name, value in checksums.items() if value})


def _hexadecimal(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).hex()
    except ValueError:
        return ""


@contextlib.contextmanager
def _as_fetch_errors() -> Iterator[None]:
    """What aiohttp raises, as what it means for a night."""
    try:
        yield
    except FetchError:
        raise
    except (FSTimeoutError, TimeoutError, aiohttp.ServerTimeoutError):
        raise BrokenError("no answer came in time") from None
    except aiohttp.ClientConnectorCertificateError:
        raise RefusedError("the server's certificate is not one that is trusted here") from None
    except aiohttp.ClientResponseError as error:
        raise _refusal(error.status) from None
    except FileNotFoundError:
        raise AbsentError("the server has no such file") from None
    except (aiohttp.InvalidURL, ValueError):
        raise RefusedError("the address cannot be asked") from None
    except (aiohttp.ClientError, OSError) as error:
        raise BrokenError(f"the connection broke: {told(error)}") from None
