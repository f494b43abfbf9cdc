"""Objects of S3 and of services that speak like it, through fsspec and s3fs."""

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import botocore.exceptions
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError
from s3fs import S3FileSystem

from dq_pipeline.extracts.plain import CHUNK_BYTES
from dq_pipeline.extracts.remote.connection import Connection, Patience
from dq_pipeline.extracts.remote.errors import (
    AbsentError,
    BrokenError,
    FetchError,
    RefusedError,
    ReplacedError,
    told,
)
from dq_pipeline.extracts.remote.files import Download, Facts

for _name in ("s3fs", "aiobotocore", "botocore", "fsspec"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
_SMALL = 4096
_MD5 = re.compile(r"[0-9a-f]{32}")
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_REFUSED = frozenset(
    {
        *("401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        *("AuthorizationHeaderMalformed", "PermanentRedirect", "301", "InvalidObjectState", "RequestTimeTooSkewed"),
    }
)


class S3:
    """A service that speaks S3, and one bucket in it."""

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self._patience = patience
        self._bucket = connection.address.host
        access, timeout = connection.access, patience.transfer.timeout_seconds
        client = {"endpoint_url": access.get("endpoint"), "region_name": access.get("region")}
        ca_file = connection.known_ca_file
        if ca_file:
            client["verify"] = ca_file
        self._files = S3FileSystem(
            key=access.get("access_key"),
            secret=access.get("secret_key"),
            token=access.get("session_token"),
            client_kwargs={name: value for name, value in client.items() if value is not None},
            config_kwargs={
                "connect_timeout": timeout,
                "read_timeout": timeout,
                "retries": {"total_max_attempts": 1},
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        # Trying again is done here, for every protocol alike.
        self._files.retries = 1

    def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._wait(self._files._call_s3, method, Bucket=self._bucket, **arguments)
        return answer

    def _wait(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with _as_fetch_errors():
            return sync(self._files.loop, work, *arguments, timeout=self._patience.left(), **named)

    def find(self, pattern: str) -> list[str]:
        """The keys that match a glob, with a leading slash."""
        if not re.search(r"[*?\[]", pattern):
            return [pattern]
        found = self._wait(self._files._glob, f"{self._bucket}{pattern}")
        return [path.removeprefix(self._bucket) for path in found if not path.endswith("/")]

    def open(self, path: str, start: int, known: Facts | None) -> Download:
        """The object from byte `start` on; another object than the `known` one is a ReplacedError."""
        facts = self._facts(path)
        if known is None or not known.is_same(facts):
            start = 0
        if start and start == facts.size:
            return Download(facts, start, iter(()))
        asked = {"IfMatch": facts.etag} if facts.etag else {}
        if start:
            asked["Range"] = f"bytes={start}-"
        answer = self._call("get_object", Key=path.lstrip("/"), **asked)
        return Download(facts, start, self._chunks(answer["Body"]))

    def _chunks(self, body: Any) -> Iterator[bytes]:
        try:
            while chunk := self._wait(body.read, CHUNK_BYTES):
                yield chunk
        finally:
            with contextlib.suppress(Exception):
                body.close()

    def _facts(self, path: str) -> Facts:
        answer = self._call("head_object", Key=path.lstrip("/"))
        etag = answer.get("ETag")
        modified_at = answer.get("LastModified")
        plain = (etag or "").strip('"')
        # An ETag of another form, or of an object under a customer's key, is no checksum.
        has_md5 = _MD5.fullmatch(plain) and answer.get("ServerSideEncryption") in {None, "AES256"}
        has_md5 = has_md5 and "SSECustomerAlgorithm" not in answer
        return Facts(
            answer.get("ContentLength"),
            etag,
            modified_at.astimezone(UTC).isoformat() if modified_at else None,
            {"md5": plain} if has_md5 else {},
        )

    def facts(self, path: str) -> Facts | None:
        """What is told of the object now."""
        return self._facts(path)

    def small_text(self, path: str) -> str | None:
        """The first bytes of a small object; None where there is none."""
        try:
            answer = self._call("get_object", Key=path.lstrip("/"))
        except (AbsentError, RefusedError):
            return None
        content: bytes = self._wait(answer["Body"].read, _SMALL)
        answer["Body"].close()
        return content.decode("utf-8", errors="replace")

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(Exception):
            S3FileSystem.close_session(self._files.loop, self._files._s3)


@contextlib.contextmanager
def _as_fetch_errors() -> Iterator[None]:
    """What s3fs and botocore raise, as what it means for a night."""
    try:
        yield
    except FetchError:
        raise
    except (FSTimeoutError, TimeoutError, botocore.exceptions.ReadTimeoutError):
        raise BrokenError("no answer came in time") from None
    except botocore.exceptions.ConnectTimeoutError:
        raise BrokenError("no answer came in time") from None
    except botocore.exceptions.SSLError:
        raise RefusedError("the server's certificate is not one that is trusted here") from None
    except (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError):
        raise RefusedError("there are no credentials for it") from None
    except Exception as error:
        raise _meaning(error) from None


def _meaning(error: BaseException) -> FetchError:
    """s3fs translates what the service says into OSErrors; the service's own code is in the cause."""
    cause: BaseException | None = error
    code = ""
    while cause is not None and not code:
        response = getattr(cause, "response", None)
        code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
        cause = cause.__cause__
    if code in {"412", "PreconditionFailed"}:
        return ReplacedError("the file was replaced while it was fetched")
    if code in _MISSING or isinstance(error, FileNotFoundError):
        return AbsentError("the service has no such bucket or object")
    if code in _REFUSED or isinstance(error, PermissionError):
        return RefusedError(f"the service does not accept these credentials ({code or told(error)})")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return RefusedError("the server's certificate is not one that is trusted here")
    return BrokenError(f"the connection broke: {code or told(error)}")
