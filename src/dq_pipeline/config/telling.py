"""Whom a run tells how it went: channels of `notify:`, and where metrics and lineage go."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from dq_pipeline.config.base import Frozen, Identifier
from dq_pipeline.config.secrets import is_placeholder, placeholders

When = Literal["change", "always", "bad"]
_ADDRESS = r"^[^\s@<>,;]+@[^\s@<>,;]+$"


def _secret(value: str | None, field: str) -> str | None:
    if value is not None and not is_placeholder(value):
        raise ValueError(f"{field} is a secret: write ${{NAME}} or ${{file:NAME}}, and set NAME in the environment")
    return value


def _address(url: str) -> str:
    """An address without user and password in clear."""
    if not url.startswith(("https://", "http://", "${")):
        raise ValueError("url must begin with https:// or http://, or be ${NAME}")
    authority = url.partition("://")[2].partition("/")[0]
    if "@" in authority and not placeholders(authority):
        raise ValueError("url holds a user or a password in clear: write ${NAME}, and set NAME in the environment")
    return url


class Channel(Frozen):
    """What all channels share.

    `when`: `change` is a new verdict or a new breach (and the first night); `bad` every night that is held or fails;
    `always` every night. `only` names gates and owners: the channel hears of their breaches alone. `timeout` is the
    most seconds that telling may take, retries included. `link` is where readers find the report: {run_id} and
    {attempt} are filled in.
    """

    name: Identifier | None = None
    when: When = "change"
    only: tuple[Identifier, ...] = ()
    timeout: float = Field(default=20, gt=0, le=120)
    link: str | None = None

    @property
    def title(self) -> str:
        """What the channel is called: its name, else its type."""
        return self.name or str(getattr(self, "type", "channel"))


class WebhookChannel(Channel):
    """A JSON document, posted. With `secret` it is signed: `X-DQ-Signature`."""

    type: Literal["webhook"]
    url: str
    secret: str | None = None
    ca_file: Path | None = None

    _url = field_validator("url")(_address)

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, value: str | None) -> str | None:
        return _secret(value, "secret")


class ChatChannel(Channel):
    """A message in the form of Slack's incoming webhooks or of a Teams workflow. The address itself is a secret."""

    type: Literal["slack", "teams"]
    url: str
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _is_secret(cls, value: str) -> str:
        if not placeholders(_address(value)):
            raise ValueError("url is a secret: write ${NAME}, and set NAME in the environment")
        return value


class EmailChannel(Channel):
    """A mail through an SMTP server: plain text and HTML. A password is never sent without TLS."""

    type: Literal["email"]
    host: str
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    sender: Annotated[str, Field(alias="from", pattern=_ADDRESS)]
    to: tuple[Annotated[str, Field(pattern=_ADDRESS)], ...] = Field(min_length=1)
    ca_file: Path | None = None

    @field_validator("password")
    @classmethod
    def _is_secret(cls, value: str | None) -> str | None:
        return _secret(value, "password")

    @model_validator(mode="after")
    def _is_safe(self) -> "EmailChannel":
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.security == "none" and self.password is not None:
            raise ValueError("a password is never sent in clear: take security starttls or tls")
        return self


class CommandChannel(Channel):
    """A program that gets the JSON document on its standard input. `run` is its words; no shell reads them."""

    type: Literal["command"]
    run: tuple[str, ...] = Field(min_length=1)

    @field_validator("run")
    @classmethod
    def _holds_no_secret(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(placeholders(word) for word in value):
            raise ValueError("words of a command are seen by every user: let the program read the environment itself")
        return value


AnyChannel = Annotated[WebhookChannel | ChatChannel | EmailChannel | CommandChannel, Field(discriminator="type")]


class Prometheus(Frozen):
    """A file in the text format of Prometheus, for the textfile collector of its node exporter."""

    file: Path


class LineageTarget(Frozen):
    """Where OpenLineage events go: posted to `url` (with `token` as bearer), or appended to `file`.

    `namespace` is that of the job, the sources and the tables. `timeout` is the most seconds that an answer, and the
    end of the run, may take. `columns` False leaves out which columns a column is made of.
    """

    url: str | None = None
    endpoint: str = "api/v1/lineage"
    token: str | None = None
    ca_file: Path | None = None
    file: Path | None = None
    namespace: str = "dq_pipeline"
    timeout: float = Field(default=10, gt=0, le=120)
    columns: bool = True

    @field_validator("token")
    @classmethod
    def _is_secret(cls, value: str | None) -> str | None:
        return _secret(value, "token")

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "LineageTarget":
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url or file")
        if self.file is not None and (self.token or self.ca_file):
            raise ValueError("token and ca_file go with url")
        if self.url is not None:
            _address(self.url)
        return self
