"""`dq doctor`: is everything there that a night needs?"""

import json
from pathlib import Path

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, out, waiting

_COLORS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@dq.command()
@click.option(
    "--project",
    "project_path",
    type=click.Path(path_type=Path),
    default=Path(),
    envvar="DQ_PROJECT",
    help="The project's folder or its project file; the current folder if left out.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print only what is not ok.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def doctor(ctx: click.Context, project_path: Path, quiet: bool, as_json: bool) -> None:
    """Look whether everything is there that a night needs.

    Versions, the project's files, the output folder with its room and speed, cores and memory, models and their age,
    judgements, the last run, a schedule, the terminal. Each line is ok, warn (a night may run, but look) or fail (it
    cannot), with what to do. Nothing is changed, and no personal data is shown.

    Exit codes: 0 ok or warn, 2 fail.

    \b
    Examples:
      dq doctor
      dq doctor --json
    """
    from dq_pipeline.doctoring import examine

    with waiting("looking at everything"):
        found = examine(project_path)
    failed = any(one.status == "fail" for one in found)
    if as_json:
        out.print_json(json.dumps({"is_ok": not failed, "findings": [vars(one) for one in found]}))
        ctx.exit(2 if failed else 0)
    width = max(len(one.name) for one in found)
    for one in found:
        if quiet and one.status == "ok":
            continue
        color = _COLORS[one.status]
        out.print(f"[{color}]{one.status:<4}[/{color}]  {one.name:<{width}}  {escape(one.said)}")
        if one.status != "ok":
            out.print(f"      {'':<{width}}  What to do: {escape(one.remedy)}")
    ctx.exit(2 if failed else 0)
