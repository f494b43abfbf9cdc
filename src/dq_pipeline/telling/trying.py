"""Sample messages, to see whether a channel works before it is needed."""

from datetime import date
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.telling.change import CONCLUDED, News
from dq_pipeline.telling.notifying import Told, tell


def send_samples(project: Project, name: str | None, today: date) -> list[Told]:
    """Send each channel, or the one of that name, a message that says it is a test; what became of each.

    It has the figures of the last run, if there was one. Raises ConfigError where there is no such channel.
    """
    channels = project.settings.notify
    if not channels:
        raise ConfigError("no channel is declared", where=project.file, remedy="write one under `notify:`")
    names = [channel.title for channel in channels]
    if name is not None and name not in names:
        message = f"no channel is named {name!r}; there are: {', '.join(names)}"
        raise ConfigError(message, where=project.file, remedy="take one of these names")
    chosen = [channel for channel in channels if name in {None, channel.title}]
    found = [one for one in archive.manifests(project.output) if one.get("verdict") in CONCLUDED]
    tonight, before = (found[-1], found[:-1]) if found else (_made_up(project, today), [])
    why = News(None, frozenset())
    return tell(project, tonight, before, [(channel, why) for channel in chosen], is_test=True)


def _made_up(project: Project, today: date) -> dict[str, Any]:
    """A night of a project that had none yet."""
    about: dict[str, Any] = {"run_id": f"{today}-0", "run_date": str(today), "verdict": "published"}
    return {**about, "breaches": [], "error": None, "directory": str(project.output)}
