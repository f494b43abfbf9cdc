"""`dq completion`, and what it completes beside commands and options: names of sources and entities, ids of runs."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from dq_pipeline.cli.base import dq, out

_SETUP = {
    "bash": "echo 'eval \"$(dq completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(dq completion zsh)\"' >> ~/.zshrc",
    "fish": "dq completion fish > ~/.config/fish/completions/dq.fish",
}
# Commands that do something: with --quiet they say only what is wrong. What others print is what they are for.
_QUIET = ("init", "check", "train", "profile", "export", "review import", "quarantine release", "quarantine replay")


class Name(click.ParamType):  # type: ignore[type-arg]  # it has no type argument before click 8.3
    """A name that a shell can complete; whether it is one is told by the command, with the nearest one."""

    name = "text"

    def __init__(self, known: Callable[[Path], list[str]]) -> None:
        self.known = known

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """The names that begin like this, from the project's folders alone: a shell does not wait."""
        place = ctx.params.get("project_path") or Path()
        root = place if place.is_dir() else place.parent.parent
        return [CompletionItem(name) for name in self.known(root) if name.startswith(incomplete)]


def _sources(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "pipelines/sources").glob("*.yml"))


def _entities(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "pipelines/entities").glob("*.yml"))


def _runs(root: Path) -> list[str]:
    return sorted((path.name for path in (root / "output/runs").glob("*") if path.is_dir()), reverse=True)


_KNOWN = {"source": _sources, "entity": _entities, "run_id": _runs, "before": _runs, "after": _runs}
_KNOWN |= {"run": _runs, "from_snapshot": _runs}


@dq.command()
@click.argument("shell", type=click.Choice(list(_SETUP)))
def completion(shell: str) -> None:
    """Print the script by which SHELL completes commands, options and names.

    \b
    Examples:
      eval "$(dq completion bash)"                  now, in this shell
      dq completion fish > ~/.config/fish/completions/dq.fish
    """
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"Nothing is known of the shell {shell!r}.")
    click.echo(f"# To keep it: {_SETUP[shell]}")
    click.echo(script(dq, {}, "dq", "_DQ_COMPLETE").source())


def leaves(group: click.Group = dq, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with what one types for it: `review import`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def give_manners() -> None:
    """Give all commands what they have in common. Call it when all of them are there."""
    for name, command in leaves():
        for parameter in command.params:
            if parameter.name in _KNOWN and parameter.type is click.STRING:
                parameter.type = Name(_KNOWN[parameter.name])
        if name in _QUIET and not any("--quiet" in parameter.opts for parameter in command.params):
            option = click.Option(["--quiet", "-q"], is_flag=True, help="Print only what is wrong.")
            command.params.append(option)
            if command.callback is not None:
                command.callback = _quieted(command.callback)


def _quieted(callback: Callable[..., Any]) -> Callable[..., Any]:
    """A command that prints nothing but errors and warnings when it is told to; JSON is printed all the same."""

    @functools.wraps(callback)
    def quieted(*arguments: Any, quiet: bool = False, **named: Any) -> Any:
        out.quiet = quiet and not named.get("as_json")
        try:
            return callback(*arguments, **named)
        finally:
            out.quiet = False

    return quieted
