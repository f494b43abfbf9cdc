"""`${NAME}` and `${file:NAME}` in the project's files: what is secret comes from the environment, never from YAML.

`${NAME}` is the environment variable NAME; `${file:NAME}` is the content of the file that the variable NAME names, as
containers and systemd hand over credentials. Every value that was filled in is known from then on, so that `redact`
takes it out of whatever is printed or written down.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from dq_pipeline.errors import ConfigError

HIDDEN = "•••"
# A shorter value would be found in every second word.
SHORTEST = 4
MOST_BYTES = 65_536
_PLACEHOLDER = re.compile(r"\$\{(?P<file>file:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")
_USER = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)
_known: set[str] = set()


def placeholders(text: str) -> list[str]:
    """The names of the environment variables that a text of the project's files asks for, in their order."""
    return [found["name"] for found in _PLACEHOLDER.finditer(text)]


def wanted(text: str) -> Iterator[tuple[str, bool]]:
    """The environment variables that a text asks for, and of each whether it names a file."""
    return ((found["name"], bool(found["file"])) for found in _PLACEHOLDER.finditer(text))


def is_placeholder(text: str) -> bool:
    """Whether the whole text is one placeholder, as the value of a password must be."""
    return _PLACEHOLDER.fullmatch(text) is not None


def fill(text: str, *, where: str | Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """`text` with every placeholder filled in. Raises ConfigError, which names the variable and never its value."""
    variables = os.environ if environment is None else environment
    return _PLACEHOLDER.sub(lambda found: _value(found, variables, where), text)


def _value(found: re.Match[str], variables: Mapping[str, str], where: str | Path | None) -> str:
    name = found["name"]
    value = variables.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} is not set",
            where=where,
            remedy=f"set {name} for the user that starts `dq run`; the project's files hold no secrets",
        )
    if found["file"]:
        value = _content(name, Path(value), where)
    _remember(value)
    return value


def _content(name: str, path: Path, where: str | Path | None) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            value = stream.read(MOST_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the file that {name} names cannot be read ({type(error).__name__})",
            where=where,
            remedy=f"let {name} be the path of a text file that this user may read",
        ) from error
    if not value:
        raise ConfigError(f"the file that {name} names is empty", where=where, remedy="write the secret into it")
    return value


def _remember(value: str) -> None:
    for part in (value, *_parts(value)):
        if len(part) >= SHORTEST:
            _known.update({part, quote(part, safe=""), quote_plus(part), json.dumps(part)[1:-1]})


def _parts(value: str) -> Iterator[str]:
    """Of a secret address, what libraries quote of it: path, query, user and password."""
    try:
        parts = urlsplit(value)
        if not (parts.scheme and parts.netloc):
            return
        yield from (parts.password or "", parts.path if len(parts.path) > SHORTEST else "")
        yield from (held for _, held in parse_qsl(parts.query))
        yield f"{parts.path}?{parts.query}" if parts.query else ""
    except ValueError:
        return


def redact(text: str) -> str:
    """`text` without any secret that was filled in, and without the user and password of any address."""
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _USER.sub(rf"\g<scheme>{HIDDEN}@", text)


def redact_all(value: object) -> object:
    """A document of plain values with every text redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): redact_all(held) for key, held in value.items()}
    return [redact_all(held) for held in value] if isinstance(value, list | tuple) else value
