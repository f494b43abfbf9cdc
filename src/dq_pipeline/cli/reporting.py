"""`dq report`: the report of a run that is over."""

import json
from pathlib import Path

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, err, out, project_option, waiting
from dq_pipeline.cli.speaking import lang_option, load_spoken, spoken


@dq.command()
@project_option
@click.option("--run", "run_id", metavar="ID", help="The report of this run, as it was written; see `dq runs`.")
@click.option("--unmasked", is_flag=True, help="A separate file with people in clear, which only you can read.")
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print where it is as JSON.")
@lang_option
def report(project_path: Path, run_id: str | None, unmasked: bool, show: bool, as_json: bool, lang: str | None) -> None:
    """Write the last run's report again, and say where it is.

    With --run nothing is written: the report of that run is named. With --unmasked the last run's report is written to
    output/private/report-unmasked.html, with people in clear, a banner, and permissions for you alone. It is no part of
    what is published; delete it after use.

    \b
    Examples:
      dq report --open
      dq report --run 2026-11-20-1
      dq report --lang es
      dq report --unmasked
    """
    from dq_pipeline.reporting import find_report, rewrite_report, write_unmasked

    project = load_spoken(project_path, lang)
    with waiting("rendering the report"):
        if unmasked:
            path = write_unmasked(project, run_id)
        elif run_id is not None:
            path = find_report(project, run_id)
        else:
            path = rewrite_report(project)
    if as_json:
        out.print_json(json.dumps({"path": str(path), "is_unmasked": unmasked}))
    else:
        out.print(escape(str(path)))
    if unmasked:
        err.print(spoken().gettext("It shows people in clear; only you can read it. Delete it after use."))
    if show:
        click.launch(str(path))
