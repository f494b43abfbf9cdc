"""Every `dq` line of the documents is one that the commands understand: names, options and choices."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dq_pipeline.cli import dq
from tests.conftest import CHECKOUT
from tests.test_docs import DOCUMENTS, text_of

BLOCK = re.compile(r"^```(?:sh|bash|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`((?:dq)(?: [^`\n]+)+)`")
OPERATORS = {"&&", "||", "|", ";", ">", ">>", "2>", "2>>", "<", "&"}


def lines_of(text: str) -> Iterator[str]:
    """The lines of shell blocks that begin with `dq`, wherever they stand in a line."""
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            for part in re.split(r"&&|\|\||\|", line):
                if part.strip().startswith("dq "):
                    yield part.strip()


def words_of(line: str) -> list[str]:
    words = shlex.split(line.replace("…", ""), comments=True)
    end = next((place for place, word in enumerate(words) if word in OPERATORS), len(words))
    return words[1:end]


def resolved(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and what follows. Raises KeyError where there is none."""
    command: click.Command = dq
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def understand(line: str) -> None:
    """Parse a line as the command would, without doing it. Raises KeyError or UsageError where it is wrong."""
    command, words = resolved(words_of(line))
    context = click.Context(command, info_name=command.name)
    if isinstance(command, click.Group) and words and not words[0].startswith("-"):
        raise KeyError(words[0])
    options, *_ = command.make_parser(context).parse_args(list(words))
    for parameter in command.params:
        given = options.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(given, str):
            parameter.type.convert(given, parameter, context)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_line_is_understood(path: Path) -> None:
    for line in lines_of(text_of(path)):
        understand(line)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_option_that_a_sentence_names_exists(path: Path) -> None:
    for span in SPAN.findall(text_of(path)):
        command, words = resolved([word for word in span.split()[1:] if re.match(r"-|[a-z]+$", word)][:9] or ["--help"])
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        known |= {"--version"} if command is dq else set()
        for word in words:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, span


@pytest.mark.parametrize("line", ["dq rnu", "dq run --dtae 2026-11-20", "dq run --from lnik", "dq review exprot"])
def test_a_line_that_is_wrong_is_found(line: str) -> None:
    with pytest.raises((KeyError, click.UsageError)):
        understand(line)
