"""Where an extract is: local files, files of another machine (S3, SFTP, HTTPS), or a query to a database."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dq_pipeline.config.address import check_secrecy, parse_address
from dq_pipeline.config.base import Frozen
from dq_pipeline.config.secrets import is_placeholder

FILE_SCHEMES = ("s3", "sftp", "https")
DATABASE_SCHEMES = ("postgresql", "mysql", "sqlite")
# What may stand under `access` for each kind of address.
_LOGIN = frozenset({"user", "password", "ca_file"})
_ACCESS = {
    "s3": frozenset({"endpoint", "region", "access_key", "secret_key", "session_token", "ca_file"}),
    "sftp": frozenset({"user", "password", "private_key", "passphrase", "known_hosts"}),
    "https": _LOGIN | {"token"},
    "postgresql": _LOGIN,
    "mysql": _LOGIN,
    "sqlite": frozenset[str](),
}


def _no_clear_text(value: str) -> str:
    if not is_placeholder(value):
        raise ValueError("this is a secret: write ${NAME} or ${file:NAME}, and set NAME in the environment of `dq run`")
    return value


def _no_secret_in_clear(value: str) -> str:
    check_secrecy(value)
    return value


Secret = Annotated[str, AfterValidator(_no_clear_text)]
Url = Annotated[str, AfterValidator(_no_secret_in_clear)]


class Access(Frozen):
    """With what one is let in. Secrets are placeholders, `${NAME}` or `${file:NAME}`; other texts may hold some.

    For S3 `access_key` and `secret_key` may be left out: then they come from where AWS's own tools take them.
    `known_hosts` names a file (the user's own if left out), `private_key` too; `ca_file` the certificates to trust.
    """

    user: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    private_key: str | None = None
    passphrase: Secret | None = None
    known_hosts: str | None = None
    ca_file: str | None = None
    endpoint: Url | None = None
    region: str | None = None
    access_key: Secret | None = None
    secret_key: Secret | None = None
    session_token: Secret | None = None


class Transfer(Frozen):
    """How long and how often a source is tried, in seconds: one answer, and all of a source with its repetitions."""

    tries: int = Field(default=5, ge=1, le=50)
    timeout_seconds: float = Field(default=60, gt=0)
    total_seconds: float = Field(default=3600, gt=0)


class Database(Frozen):
    """A query to a database: `query`, or `query_file`, a file below the project's `pipelines` folder."""

    url: Url
    query: str = ""
    query_file: str = ""

    @model_validator(mode="after")
    def _one_query(self) -> "Database":
        if bool(self.query) == bool(self.query_file):
            raise ValueError("say one of query and query_file")
        path = PurePosixPath(self.query_file)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("query_file is a path below the folder of the project file")
        _check_scheme(self.url, DATABASE_SCHEMES)
        return self


class Location(Frozen):
    """Where the extract is: `path`, `url` or `database`; in all of them `{run_date}` is filled in.

    `path` is a file or a glob below the project's data folder; `url` the same at `s3://bucket/…`, `sftp://host/…` or
    `https://host/…`. `{run_date}` is written as YYYY-MM-DD, `{run_date:%Y%m%d}` in any strftime form. Where several
    files match, `pick` says whether the newest (by name, the last in order) or all of them are read. What leads out of
    the data folder, by `..` or by a link, is read only with `outside`; of an absolute path the folder is what stands
    before its glob.
    """

    path: str = ""
    url: Url | None = None
    database: Database | None = None
    pick: Literal["newest", "all"] = "newest"
    outside: bool = False
    access: Access = Access()
    transfer: Transfer = Transfer()

    @model_validator(mode="after")
    def _one_place(self) -> "Location":
        if [bool(self.path), self.url is not None, self.database is not None].count(True) != 1:
            raise ValueError("say one of path (a local file), url (s3, sftp, https) and database")
        if self.url is not None:
            _check_scheme(self.url, FILE_SCHEMES)
        address = self.url or (self.database.url if self.database else "")
        given = {name for name, value in self.access if value is not None}
        scheme = "" if not address or is_placeholder(address) else parse_address(address).scheme
        known = _ACCESS.get(scheme, frozenset(Access.model_fields) if address else frozenset())
        if given - known:
            raise ValueError(f"access.{min(given - known)} means nothing for {f'{scheme}://' if scheme else 'path'}")
        if scheme in {"s3", "sftp", "https"} and not parse_address(address).host:
            raise ValueError("url names no host")
        if self.access.endpoint and not is_placeholder(self.access.endpoint):
            endpoint = parse_address(self.access.endpoint)
            if endpoint.scheme != "https" and not endpoint.is_local:
                raise ValueError("access.endpoint must begin with https://, for what is sent there is secret")
        return self


def _check_scheme(url: str, schemes: tuple[str, ...]) -> None:
    if not is_placeholder(url) and parse_address(url).scheme not in schemes:
        raise ValueError(f"url must begin with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
