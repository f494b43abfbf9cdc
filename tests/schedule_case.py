"""What the tests of schedules share: the sample project anywhere, a stand-in for dq, and where the schedulers are."""

import os
import shlex
from functools import cache
from pathlib import Path

from dq_pipeline.config import Project, load_project
from dq_pipeline.scheduling import File, Plan, Wishes, make_plan, render
from tests.conftest import CHECKOUT

# Folders of names that mean something to a shell, to cron or to systemd.
FOLDERS = ("night", "my night", "it's tonight", 'the "big" night', "100% of $HOME", "50%off;$(touch x) `y` & z #1")
REFUSED = ("new\nline", "car\rriage", "back\\slash", "nul\x00", "line\u2028break", "turned\u202eround", " blank ")


@cache
def _sample() -> Project:
    return load_project(CHECKOUT)


def project_in(folder: Path, **settings: object) -> Project:
    """The sample project as if it lay there; `settings` are what its project file says beside."""
    sample = _sample()
    file = folder / sample.file.relative_to(sample.root)
    said = sample.settings.model_copy(update={"run_date": None, **settings})
    return sample.model_copy(update={"root": folder, "file": file, "settings": said})


def plan_in(folder: Path, *, settings: dict[str, object] | None = None, **wishes: object) -> Plan:
    """A plan for the sample project in a folder."""
    return make_plan(project_in(folder, **(settings or {})), Wishes(**wishes))  # type: ignore[arg-type]


def rendered(plan: Plan, kind: str) -> File:
    """The first file, the one that starts the night."""
    return render(plan, kind)[0]


def stand_in(folder: Path, said: str = "") -> Path:
    """A program in place of dq: it writes down folder, words and TZ, and ends with the code in the file `code`."""
    program = folder / "bin/dq"
    program.parent.mkdir(parents=True, exist_ok=True)
    told = shlex.quote(str(folder / "told"))
    lines = [
        "#!/bin/sh",
        f'{{ pwd; echo "TZ=$TZ"; for word; do echo "$word"; done; }} >> {told}',
        f"cat {shlex.quote(str(folder / 'said'))}",
        f"exit $(cat {shlex.quote(str(folder / 'code'))})",
    ]
    program.write_text("\n".join(lines) + "\n", encoding="utf-8")
    program.chmod(0o755)
    (folder / "said").write_text(said, encoding="utf-8")
    (folder / "code").write_text("0", encoding="utf-8")
    return program


def scheduler_python(name: str) -> Path:
    """The Python of a scheduler that `make schedulers` set up; the file may be missing."""
    folder = Path(os.environ.get("DQ_SCHEDULERS", CHECKOUT / ".venv/schedulers"))
    return folder / name / "bin/python"
