"""Real servers on loopback, started for the tests that need them and ended with them; and a wire that can be cut."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

LOOPBACK = "127.0.0.1"
SECRET = "s3cr3t-Pa55/w@rd"


def program(name: str, *folders: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *folders])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"{name} is not installed (`.ci/run` installs it)")
    return found


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, **more: object) -> Iterator[None]:
    """A program that answers on a port; it ends with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, **more)  # type: ignore[call-overload]
    try:
        wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path, seconds: float = 60) -> None:
    """Until something answers on the port."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        assert process.poll() is None, f"{process.args} ended:\n{log.read_text(errors='replace')[-2000:]}"
        time.sleep(0.05)
    raise AssertionError(f"{process.args} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


@dataclass
class Wire:
    """A TCP relay to a server that can misbehave: `cut_after` bytes of an answer it hangs up, `stall_after` it is
    silent, and `at` that many bytes it calls `then`, once. `cuts` says how many connections are still to be cut."""

    to_port: int
    cut_after: int | None = None
    cuts: int = 1
    stall_after: int | None = None
    at: int | None = None
    then: Callable[[], object] | None = None
    delivered: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Hang up everywhere."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((LOOPBACK, self.to_port))
                self._open += [client, server]
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        number, passed = len(self.delivered), 0
        if is_answer:
            self.delivered.append(0)
        with contextlib.suppress(OSError):
            while chunk := source.recv(4096):
                target.sendall(chunk)
                if not is_answer:
                    continue
                passed += len(chunk)
                self.delivered[number] = passed
                if self.at is not None and passed >= self.at and self.then is not None:
                    then, self.then = self.then, None
                    then()
                if self.stall_after is not None and passed >= self.stall_after:
                    time.sleep(600)
                if self.cut_after is not None and passed >= self.cut_after and self.cuts > 0:
                    self.cuts -= 1
                    break
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire(to_port: int, **how: object) -> Iterator[Wire]:
    """A relay for the block."""
    made = Wire(to_port, **how)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True)
class FileServer:
    """A server of files: its port, the folder that it serves, and what a source's `access` is."""

    port: int
    folder: Path
    access: dict[str, str]
    base: str


def _openssl(*arguments: str) -> None:
    subprocess.run([program("openssl"), *arguments], check=True, capture_output=True, timeout=30)


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A certificate authority of our own and a server's certificate and key for loopback."""
    authority, key = folder / "ca.pem", folder / "ca.key"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl("req", "-x509", *curve, "-keyout", str(key), "-out", str(authority), "-days", "2", "-subj", "/CN=test CA")
    request, extensions = folder / "server.csr", folder / "server.ext"
    _openssl("req", *curve, "-keyout", str(folder / "server.key"), "-out", str(request), "-subj", "/CN=localhost")
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n", encoding="utf-8")
    signed = ("-CA", str(authority), "-CAkey", str(key), "-CAcreateserial", "-days", "2", "-extfile", str(extensions))
    _openssl("x509", "-req", "-in", str(request), *signed, "-out", str(folder / "server.pem"))
    return authority, folder / "server.pem", folder / "server.key"


NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
{user}
events {{}}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder}; default_type text/csv; types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
    root {files}; auth_basic night; auth_basic_user_file {folder}/users;
    location / {{ autoindex on; }}
    location /slow/ {{ limit_rate 200; }}
    location /signed/ {{ auth_basic off; if ($arg_token != "{token}") {{ return 403; }} }}
    location /plain/ {{ return 302 http://127.0.0.1:{port}/x.csv; }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, token: str) -> Iterator[FileServer]:
    """nginx with TLS, a password, folders that list themselves, a slow one, and one for signed addresses."""
    command, port = program("nginx"), free_port()
    authority, certificate, key = make_certificates(folder)
    files = folder / "files"
    (files / "slow").mkdir(parents=True)
    (files / "signed").mkdir()
    (folder / "users").write_text(f"night:{{PLAIN}}{SECRET}\n", encoding="utf-8")
    values = {"folder": folder, "files": files, "port": port, "certificate": certificate, "key": key, "token": token}
    config = NGINX.format(user="user root;" if os.geteuid() == 0 else "", **values)
    (folder / "nginx.conf").write_text(config, encoding="utf-8")
    with running([command, "-c", str(folder / "nginx.conf"), "-p", str(folder)], port, folder / "nginx.log"):
        access = {"user": "night", "password": "${DQ_TEST_PASSWORD}", "ca_file": str(authority)}
        yield FileServer(port, files, access, "https://127.0.0.1:{port}")


SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[FileServer]:
    """OpenSSH's server with throwaway keys; who may log in is the user who runs the tests, by key."""
    command, keygen, port = program("sshd"), program("ssh-keygen"), free_port()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for name in ("host_key", "user_key", "other_key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True, timeout=30)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    files = folder / "files"
    files.mkdir()
    (folder / "sshd.conf").write_text(SSHD.format(folder=folder, port=port), encoding="utf-8")
    with running([command, "-D", "-e", "-f", str(folder / "sshd.conf")], port, folder / "sshd.log"):
        import getpass

        access = {"user": getpass.getuser(), "private_key": str(folder / "user_key")}
        access["known_hosts"] = str(folder / "known_hosts")
        yield FileServer(port, files, access, f"sftp://127.0.0.1:{{port}}{files}")


def know_host(server: FileServer, port: int) -> None:
    """Write the server's key into the known hosts, for that port."""
    key = (server.folder.parent / "host_key.pub").read_text(encoding="utf-8")
    with Path(server.access["known_hosts"]).open("a", encoding="utf-8") as known:
        known.write(f"[{LOOPBACK}]:{port} {key}")


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[int]:
    """moto's server of AWS: S3 and IAM; its port. It checks credentials after the calls that make a user."""
    pytest.importorskip("moto.server", reason="moto is not installed (`make test` installs it)")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "4"}
    with running(command, port, folder / "moto.log", env=environment):
        yield port
