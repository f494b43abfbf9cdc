"""A night without a date is the clock's, unless a later one is published."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from dq_pipeline import archive
from dq_pipeline.errors import ConfigError
from dq_pipeline.operating import night_of_clock
from tests.telling_case import concluded, project_of


def test_the_clock_says_which_night_it_is_unless_it_goes_backward(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    today = datetime.now().astimezone().date()
    assert night_of_clock(project) == today
    outcome = concluded(project, "published", run_id=f"{today}-1")
    archive.point_to(project.output, outcome.directory)
    assert night_of_clock(project) == today
    tomorrow: date = today + timedelta(days=1)
    archive.point_to(project.output, concluded(project, "published", run_id=f"{tomorrow}-1").directory)
    with pytest.raises(ConfigError, match=f"says {today}, and the night of {tomorrow} is published") as caught:
        night_of_clock(project)
    assert "--date" in str(caught.value)
    # Back to the night before: the clock is right again.
    archive.point_to(project.output, outcome.directory)
    assert night_of_clock(project) == today
