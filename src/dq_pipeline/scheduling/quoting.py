"""How a value is written where a scheduler reads it: by its rules, so that none ends a line or a word early."""

import json
import re
import shlex

from dq_pipeline.errors import ConfigError

_BARE = re.compile(r"[A-Za-z0-9_./:=@+,-]+")


def checked(value: str) -> str:
    """`value` if it can be written into any scheduler's file. Raises ConfigError for what no quotes make safe.

    A control character ends a line. Of a backslash, and of blanks at the ends, cron and systemd make each their own.
    """
    if not value.isprintable() or value != value.strip() or "\\" in value:
        raise ConfigError(
            f"this cannot be written into a schedule: {value!r}",
            remedy="take a path without control characters, backslashes, and blanks at its ends",
        )
    return value


def one_line(text: str) -> str:
    """A text for a remark or a title: one line, which nothing can end or go on."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).replace("\\", " ").split())


def systemd_text(value: str) -> str:
    """All of a setting's value, as WorkingDirectory and Description take it: % begins a specifier."""
    return value.replace("%", "%%")


def systemd_word(value: str) -> str:
    """One word of ExecStart behind the program: quotes, specifiers and variables of systemd.service(5)."""
    if _BARE.fullmatch(value):
        return value
    quoted = value.replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"'


def systemd_program(value: str) -> str:
    """The program of ExecStart: as its other words, but nothing is taken for a variable. Raises ConfigError."""
    if '"' in value or "'" in value:
        raise ConfigError(
            f"systemd starts no program with quotes in its path: {value}", remedy="name another one by --program"
        )
    return systemd_word(value).replace("$$", "$")


def systemd_path(value: str) -> str:
    """One path of a list, as ReadWritePaths: within quotes a backslash stays one. Raises ConfigError."""
    if '"' in value and "'" in value:
        raise ConfigError(
            f"systemd cannot be told of a path with both kinds of quotes: {value}", remedy="take another folder"
        )
    if _BARE.fullmatch(value):
        return value
    quote = "'" if '"' in value else '"'
    return f"{quote}{value.replace('%', '%%')}{quote}"


def shell_word(value: str) -> str:
    """One word of a shell's command."""
    return shlex.quote(value)


def cron_word(value: str) -> str:
    """One word of a command in a crontab: for the shell, and % for cron, which takes it for a line end."""
    return shlex.quote(value).replace("%", r"\%")


def literal(value: object) -> str:
    """A text or a list of texts as Python and YAML both read it."""
    return json.dumps(value, ensure_ascii=False)
