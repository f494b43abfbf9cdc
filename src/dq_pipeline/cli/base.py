"""What all commands share: the group `dq`, the option `--project`, and where text goes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from dq_pipeline import __version__
from dq_pipeline.private import private_files

# Values come from extracts: none may clear the screen, name the window or turn the text around.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Terminal(Console):
    """Where text goes: colors only where there is a terminal (and no NO_COLOR), and no character that commands it."""

    def render_str(self, text: str, **options: Any) -> Text:
        """A text, or a cell of a table, as it is shown."""
        return super().render_str(_UNSEEN.sub("\ufffd", text), **options)


out = Terminal(highlight=False, soft_wrap=True, emoji=False)
err = Terminal(stderr=True, highlight=False, soft_wrap=True, emoji=False)


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Says what is going on, on a terminal alone, until it is done."""
    with err.status(text):
        yield


def project_option(command: Any) -> Any:
    """`--project`, the folder or project file that a command works on."""
    return click.option(
        "--project",
        "project_path",
        type=click.Path(path_type=Path, exists=True),
        default=Path(),
        envvar="DQ_PROJECT",
        help="The project's folder or its project file; the current folder if left out.",
    )(command)


class Commands(click.Group):
    """A group that proposes the nearest command where one is mistyped, and keeps the line's order in its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order in which one needs them."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a typing error names the nearest one."""
        import difflib

        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f" Did you mean `dq {near[0]}`?" if near else " See `dq --help`."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="dq", message="%(prog)s %(version)s")
@click.pass_context
def dq(ctx: click.Context) -> None:
    """Nightly extracts in, one published truth and a data-quality scorecard out.

    \b
    Start:   dq init demo && cd demo && dq run
    Look:    output/published/report.html and output/published/truth.duckdb

    Exit codes: 0 done or published, 1 failed, 2 wrong usage or configuration, 3 a gate was breached and nothing was
    published, 4 another run holds the lock, 130 or 143 cancelled.
    """
    # A project is a team's; what its runs and exports write holds people.
    if ctx.invoked_subcommand != "init":
        ctx.with_resource(private_files())
