"""Files by SFTP, through fsspec and paramiko. A host whose key is not known is refused."""

import contextlib
import logging
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from dq_pipeline.extracts.plain import CHUNK_BYTES
from dq_pipeline.extracts.remote.connection import Connection, Patience
from dq_pipeline.extracts.remote.errors import AbsentError, BrokenError, FetchError, RefusedError, told
from dq_pipeline.extracts.remote.files import Download, Facts

# paramiko tells of every failed handshake by logging, also to a terminal; what matters comes as an error.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False
_SMALL = 4096


class _KnownHosts(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's file system, with the file of known hosts read before it connects."""

    known_hosts: str | None = None
    timeout: float = 60.0
    cachable = False

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        if self.known_hosts is None:
            self.client.load_system_host_keys()
        else:
            self.client.load_host_keys(self.known_hosts)
        self.client.connect(self.host, **self.ssh_kwargs)
        self.ftp = self.client.open_sftp()
        self.ftp.get_channel().settimeout(self.timeout)


class Sftp:
    """A connected SFTP server."""

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self._patience = patience
        address, access, timeout = connection.address, connection.access, patience.left()
        kind = type("_KnownHosts", (_KnownHosts,), {"known_hosts": _hosts_file(connection), "timeout": timeout})
        with _as_fetch_errors():
            self._files: Any = kind(
                address.host,
                port=address.port or 22,
                username=access.get("user") or address.user or None,
                password=access.get("password") or address.password or None,
                key_filename=connection.file_of("private_key"),
                passphrase=access.get("passphrase"),
                timeout=timeout,
                banner_timeout=timeout,
                auth_timeout=timeout,
                channel_timeout=timeout,
                allow_agent=False,
                look_for_keys=False,
            )

    def find(self, pattern: str) -> list[str]:
        """The files that match a glob."""
        with _as_fetch_errors(), self._limited():
            if self._files.exists(pattern):
                return [pattern]
            return [path for path in self._files.glob(pattern) if not self._files.isdir(path)]

    def open(self, path: str, start: int, known: Facts | None) -> Download:
        """The file from byte `start` on, or from 0 if it is no longer the `known` one."""
        with _as_fetch_errors(), self._limited():
            facts = self._facts(path)
            if known is None or not known.is_same(facts):
                start = 0
            stream = self._files.open(path, "rb", block_size=32_768)
        return Download(facts, start, self._chunks(stream, start, facts.size or 0))

    def _chunks(self, stream: Any, start: int, size: int) -> Iterator[bytes]:
        with _as_fetch_errors(), self._limited(), stream:
            stream.seek(start)
            if size > start:
                stream.prefetch(size, max_concurrent_requests=64)
            while chunk := stream.read(CHUNK_BYTES // 4):
                yield chunk

    def facts(self, path: str) -> Facts | None:
        """Size and time of the file now."""
        with _as_fetch_errors(), self._limited():
            return self._facts(path)

    def _facts(self, path: str) -> Facts:
        status = self._files.ftp.stat(path)
        if not stat.S_ISREG(status.st_mode or stat.S_IFREG):
            raise AbsentError("what has that name is no file")
        modified_at = datetime.fromtimestamp(status.st_mtime or 0, UTC).isoformat()
        return Facts(size=status.st_size, modified_at=modified_at)

    def small_text(self, path: str) -> str | None:
        """The first bytes of a small text file; None where there is none."""
        with _as_fetch_errors(), self._limited():
            try:
                with self._files.open(path, "rb") as stream:
                    return bytes(stream.read(_SMALL)).decode("utf-8", errors="replace")
            except (FileNotFoundError, PermissionError):
                return None

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(Exception):
            self._files.client.close()

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        """Hang up when the source's time is over: a server that sends byte after byte is never silent."""
        watch = threading.Timer(self._patience.left_in_all(), self.close)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()


def _hosts_file(connection: Connection) -> str | None:
    """The file of known hosts; None stands for the user's own, which need not exist."""
    return connection.file_of("known_hosts") if "known_hosts" in connection.access else None


@contextlib.contextmanager
def _as_fetch_errors() -> Iterator[None]:
    """What paramiko raises, as what it means for a night."""
    try:
        yield
    except FetchError:
        raise
    except FileNotFoundError:
        raise AbsentError("no file there has such a name") from None
    except PermissionError:
        raise RefusedError("the server does not let this user read it") from None
    except paramiko.BadHostKeyException:
        raise RefusedError("the server's key is not the known one: somebody may stand between") from None
    except paramiko.AuthenticationException:
        raise RefusedError("the server does not accept this user, password or key") from None
    except (paramiko.PasswordRequiredException, ValueError):
        raise RefusedError("the private key cannot be opened with this passphrase") from None
    except paramiko.SSHException as error:
        if "known_hosts" in str(error):
            raise RefusedError("the server's key is not in known_hosts, so nobody knows who answers") from None
        raise BrokenError(f"the connection broke: {told(error)}") from None
    except TimeoutError:
        raise BrokenError("no answer came in time") from None
    except (OSError, EOFError) as error:
        raise BrokenError(f"the connection broke: {told(error)}") from None
