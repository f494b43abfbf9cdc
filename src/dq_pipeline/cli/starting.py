"""`dq init` and `dq check`: a project is made, and its files are checked without data."""

from pathlib import Path

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, out, project_option


@dq.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a new project in FOLDER.

    It is a copy of the sample, ready to run.

    \b
    Example:
      dq init demo && cd demo && dq run
    """
    from dq_pipeline.starting import start_project

    made = start_project(folder)
    for path in made:
        out.print(f"made {escape(str(path))}")
    out.print(f"Next: cd {escape(str(folder))} && dq run")


@dq.command()
@project_option
def check(project_path: Path) -> None:
    """Check all files without data.

    That is YAML, SQL, suites, models and judgements: every SELECT binds, every suite fits its table.

    \b
    Example:
      dq check --project demo
    """
    from dq_pipeline.checking import check_project
    from dq_pipeline.config import load_project

    counts = check_project(load_project(project_path))
    out.print("All is well: " + ", ".join(f"{count} {what}" for what, count in counts.items()) + ".")
