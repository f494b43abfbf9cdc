"""Which night it is, where nobody says it: the clock's day, unless the clock cannot be right."""

from datetime import date, datetime
from pathlib import Path

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError


def night_of_clock(project: Project) -> date:
    """Today. Raises ConfigError where a later night is published: history would run backward."""
    today = datetime.now().astimezone().date()
    current = archive.published_directory(project.output)
    found = [one for one in archive.manifests(project.output) if Path(one["directory"]).resolve() == current]
    last = date.fromisoformat(found[0]["run_date"]) if found else today
    if today < last:
        raise ConfigError(
            f"the clock of this machine says {today}, and the night of {last} is published",
            where=project.output,
            remedy="set the clock right, or name the night: `dq run --date`",
        )
    return today
