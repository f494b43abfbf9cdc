"""Addresses of sources (`s3://…`, `sftp://…`, `https://…`, `postgresql://…`) taken apart, and shown without secrets."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from dq_pipeline.config.secrets import is_placeholder, placeholders, redact

_FORM = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<login>[^/?#]*)@)?(?P<place>\[[0-9a-f:.]+\]|[^/?#:@]*)(?::(?P<port>[0-9]+))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_SECRET = re.compile(r"pass|pwd|secret|token|sig|key|auth|cred", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """The parts of an address; user and password as they are meant, path and query as they are written."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str = ""
    user: str = ""
    password: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is of this machine, so that nothing goes over a network. No host is a local socket."""
        return self.host in {"", "localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", self.host) is not None

    @property
    def server(self) -> str:
        """Host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    def shown(self, path: str | None = None) -> str:
        """As people may read it: without user, password and query. `path` stands for another file of the same place."""
        return redact(f"{self.scheme}://{self.server}{self.path if path is None else path}")

    def in_full(self, query: str | None = None) -> str:
        """With user and password, escaped: for the library that connects, and for nobody else."""
        login = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        query = self.query if query is None else query
        return f"{self.scheme}://{f'{login}@' if login else ''}{self.server}{self.path}{f'?{query}' if query else ''}"


def parse_address(text: str) -> Address:
    """The parts of an address. Raises ValueError, which quotes nothing of it."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("it is no address of the form scheme://host/path")
    user, _, password = (found["login"] or "").partition(":")
    return Address(
        found["scheme"].lower(),
        found["place"].strip("[]"),
        int(found["port"]) if found["port"] else None,
        found["path"] or "",
        found["query"] or "",
        unquote(user),
        unquote(password),
    )


def check_secrecy(text: str) -> None:
    """Raise ValueError where an address in YAML holds a secret in clear, or a placeholder that is none."""
    if text.count("${") != len(placeholders(text)):
        raise ValueError("a placeholder is written ${NAME} or ${file:NAME}, NAME an environment variable")
    if is_placeholder(text):
        return
    address = parse_address(text)
    if address.password and not is_placeholder(address.password):
        raise ValueError(
            "a password stands here in clear; write ${NAME} for it, and set NAME in the environment of `dq run`"
        )
    for name, value in parse_qsl(address.query):
        if _SECRET.search(name) and not is_placeholder(value):
            raise ValueError(
                f"the query's {name} stands here in clear; write ${{NAME}} for it, and set NAME in the environment"
            )
