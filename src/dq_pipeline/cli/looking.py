"""`dq runs`, `dq rollback` and `dq trace`: what the runs left behind."""

import json
import os
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option
from dq_pipeline.errors import ConfigError, DqError

if TYPE_CHECKING:
    from dq_pipeline.config import Project


@dq.command()
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--prune", "is_pruned", is_flag=True, help="Remove now what `retention` does not keep.")
@click.option("--dry-run", is_flag=True, help="With --prune: only tell what would go.")
def runs(project_path: Path, as_json: bool, is_pruned: bool, dry_run: bool) -> None:
    """List the runs and their verdicts.

    The newest comes first; the published one is marked. A pruned one is listed, and its files are gone.

    \b
    Examples:
      dq runs
      dq runs --prune --dry-run     what `retention` of the project file would remove
    """
    from dq_pipeline import archive
    from dq_pipeline.config import load_project

    project = load_project(project_path)
    output = project.output
    if is_pruned or dry_run:
        _prune(project, is_dry=dry_run, as_json=as_json)
        return
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
        verdict = manifest["verdict"]
        if verdict == "running" and not going_on:
            verdict = "killed"
        notes = [
            word for word, key in (("rolled back", "rolled_back_at"), ("pruned", "pruned_at")) if manifest.get(key)
        ]
        notes += ["current"] if here else []
        verdict += f" ({', '.join(notes)})" if notes else ""
        began = str(manifest["started_at"])[:19].replace("T", " ")
        where = os.path.relpath(manifest["directory"], output / "runs")
        table.add_row(escape(where), verdict, began, f"{manifest['seconds']:.1f}")
    out.print(table)
    out.print(f"Each is a folder below {escape(str(output / 'runs'))}.")


def _prune(project: "Project", *, is_dry: bool, as_json: bool) -> None:
    """What `retention` removes, or would."""
    from dq_pipeline import archive
    from dq_pipeline.operating import prune

    with nullcontext() if is_dry else archive.lock(project.output):
        pruned = prune(project, is_dry=is_dry)
    if as_json:
        out.print_json(json.dumps(asdict(pruned)))
        return
    what = f"{len(pruned.attempts)} attempts and {pruned.snapshots} snapshots, {pruned.bytes / 1e6:,.1f} MB"
    out.print(f"{'Would remove' if is_dry else 'Removed'} {what}.")
    for name in pruned.attempts:
        out.print(f"  {escape(name)}")
    for name in pruned.in_use:
        out.print(f"  {escape(name)} stays: somebody reads it at the moment")


@dq.command()
@project_option
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def rollback(project_path: Path, run: str | None, as_json: bool) -> None:
    """Publish an earlier night again.

    RUN is a run, or an attempt of it (`<run>/<n>`); the published night before the present one if left out. The next
    `dq run` goes on from there, and knows nothing of what came after. To take it back, name the later run.

    \b
    Examples:
      dq rollback
      dq rollback 2026-11-19-1
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.operating import roll_back

    before, now = roll_back(load_project(project_path), run)
    if as_json:
        out.print_json(json.dumps({"before": before, "published": now}))
        return
    out.print(f"Published is now {escape(now)}; before it was {escape(before or 'none')}.")
    if before:
        out.print(f"To take this back: dq rollback {escape(before)}")


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
