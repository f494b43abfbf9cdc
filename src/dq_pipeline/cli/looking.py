"""`dq runs` and `dq trace`: what the runs left behind."""

import json
import os
from contextlib import suppress
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option
from dq_pipeline.errors import ConfigError, DqError


@dq.command()
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def runs(project_path: Path, as_json: bool) -> None:
    """List the runs and their verdicts.

    The newest comes first; the published one is marked.

    \b
    Example:
      dq runs
    """
    from dq_pipeline import archive
    from dq_pipeline.config import load_project

    output = load_project(project_path).output
    current = None
    with suppress(DqError):  # a lost pointer must not hide the list that helps to mend it
        current = archive.published_file(output)
    found = list(reversed(archive.manifests(output)))
    if as_json:
        out.print_json(json.dumps(found))
        return
    if not found:
        out.print("No run yet: `dq run` makes the first.")
        return
    going_on = archive.is_locked(output)
    table = Table("run", "verdict", "began (UTC)", "seconds", box=None, pad_edge=False)
    for manifest in found:
        here = current is not None and current.parent == Path(manifest["directory"]).resolve()
        verdict = f"{manifest['verdict']}{' (current)' if here else ''}"
        if verdict == "running" and not going_on:
            verdict = "killed"
        began = str(manifest["started_at"])[:19].replace("T", " ")
        where = os.path.relpath(manifest["directory"], output / "runs")
        table.add_row(escape(where), verdict, began, f"{manifest['seconds']:.1f}")
    out.print(table)
    out.print(f"Each is a folder below {escape(str(output / 'runs'))}.")


@dq.command()
@project_option
@click.argument("record_id")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def trace(project_path: Path, record_id: str, unmasked: bool, as_json: bool) -> None:
    """Show one record in every state.

    From its line in the extract to the golden values that it won or lost. RECORD_ID is `<source>:<key>`. Personal
    values are masked.

    \b
    Examples:
      dq trace crm_customers:C000017
      dq trace orders:O0000004 --unmasked
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.recording import last_warehouse
    from dq_pipeline.tracing import trace as follow

    project = load_project(project_path)
    warehouse = last_warehouse(project)
    try:
        seen = follow(warehouse, project, record_id, unmasked=unmasked)
    finally:
        warehouse.close()
    if not seen:
        sources = ", ".join(source.name for source in project.sources)
        raise ConfigError(
            f"no record is called {record_id!r}", remedy=f"write <source>:<key>; the sources are {sources}"
        )
    if as_json:
        out.print_json(json.dumps([vars(entry) for entry in seen], default=str))
        return
    for entry in seen:
        out.print(f"\n[bold]{entry.state}[/bold]  {escape(entry.table)}")
        for row in entry.rows:
            filled = {name: value for name, value in row.items() if value is not None}
            width = max(map(len, filled), default=0)
            for name, value in filled.items():
                out.print(f"  {name:<{width}}  {escape(str(value))}")
            if row is not entry.rows[-1]:
                out.print()
