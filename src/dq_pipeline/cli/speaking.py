"""`--lang`: the language of what a command prints and of the report it writes."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dq_pipeline.config.secrets import redact
from dq_pipeline.errors import Breach, DqError
from dq_pipeline.language import LANGUAGES, Language, speak

if TYPE_CHECKING:
    from dq_pipeline.config import Project

# One command runs in a process; its errors are told after it is over.
_spoken: list[Language] = [speak(LANGUAGES[0])]


def _choose(_ctx: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    _spoken[0] = speak(name or LANGUAGES[0])
    return name


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang`, for a command that speaks to stewards; without it the project's `language` holds."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        envvar="DQ_LANG",
        is_eager=True,
        callback=_choose,
        help="The language of the report and of what is printed; the project's `language` if left out.",
    )(command)


def load_spoken(project_path: Path, lang: str | None) -> "Project":
    """The project, in the language that was asked for or that it declares. Raises ConfigError."""
    from dq_pipeline.config import load_project

    project = load_project(project_path)
    if lang:
        project = project.model_copy(update={"settings": project.settings.model_copy(update={"language": lang})})
    _spoken[0] = speak(project.settings.language, project.catalogues)
    return project


def spoken() -> Language:
    """The language of the command that is running."""
    return _spoken[0]


def told(trouble: DqError | Breach) -> str:
    """An error or a breach as it is printed: where, what, and what to do."""
    language = spoken()
    what = language.say(trouble.message)
    text = redact(f"{trouble.where}: {what}" if trouble.where else what)
    if not trouble.remedy:
        return text
    return f"{text}\n  {language.gettext('What to do:')} {language.say(trouble.remedy)}"
