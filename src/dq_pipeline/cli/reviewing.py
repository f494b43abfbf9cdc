"""`dq review`: pairs that wait for a person, out as a sheet and back as judgements."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import Commands, dq, err, out, project_option

_DAY = len("2026-11-20")


@dq.group(cls=Commands)
def review() -> None:
    """Decide pairs that linkage is not sure of.

    By keys in the terminal (`decide`), or with a sheet: export the pairs most worth a minute, write `same`,
    `different` or `unsure` beside each, import the file. Every later run applies the decisions last, and asks again
    where a record changed since.

    \b
    Examples:
      dq review decide customer
      dq review export customer --out pairs.csv
      dq review import pairs.csv --by "Ann Lee"
      dq review list
    """


@review.command("export")
@project_option
@click.argument("entity", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many pairs at most.")
@click.option(
    "--out", "path", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; printed if left out."
)
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
def export_(project_path: Path, entity: str | None, limit: int, path: Path | None, unmasked: bool) -> None:
    """Write the pairs most worth a minute as CSV.

    Of ENTITY, or of all; the most worth first. Worth is uncertainty times the value and the open orders of both. Fill
    in the column `judgement` and import the file. Personal values are masked.

    \b
    Examples:
      dq review export customer --limit 20 --out pairs.csv
      dq review export --unmasked --out pairs.csv
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.reviewing import export_pairs

    sheet = export_pairs(load_project(project_path), entity, limit, unmasked=unmasked)
    if path is None:
        click.echo(sheet.text(), nl=False)
    else:
        sheet.write(path)
        out.print(f"wrote {_pairs(len(sheet.rows))} to {escape(str(path))}")
    if not sheet.rows:
        err.print("No pair waits for a decision.")
    elif path is not None:
        out.print(f"Next: write same, different or unsure into `judgement`, then dq review import {escape(str(path))}")


@review.command("import")
@project_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--by", "decided_by", help="Who decided, where a line does not say it.")
def import_(project_path: Path, file: Path, decided_by: str | None) -> None:
    """Add the decisions of FILE to the project's judgements.

    Lines without a judgement are left out. A line with a fault is named, and then nothing of the file is imported. What
    was decided before stays in the judgement file; of two decisions on one pair the later one holds.

    \b
    Example:
      dq review import pairs.csv --by "Ann Lee"
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.reviewing import import_decisions

    results = import_decisions(load_project(project_path), file, (decided_by or "").strip() or None)
    for result in results:
        added = result.added.total()
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(result.added.items()))
        told = f"{result.entity}: {added} decided{f' ({kinds})' if kinds else ''}"
        out.print(f"{told}, {result.unchanged} known before, {result.undecided} left open")
        if added:
            out.print(f"wrote {escape(str(result.path))}")
    if any(result.added for result in results):
        out.print("Next: dq run")
    elif not any(result.unchanged for result in results):
        out.print("No line has a judgement: write same, different or unsure into that column.")


@review.command("list")
@project_option
@click.argument("entity", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print all of them as JSON.")
def list_(project_path: Path, entity: str | None, as_json: bool) -> None:
    """List the judgements and what became of them.

    Status: applied; reopened (applied, and asked again, as the columns named changed); record_missing (a record is
    not in the last run); unsure; contradicted (not applied where they say `same`); pending (not yet in a run). Those
    that a later one supersedes are only in the JSON.

    \b
    Examples:
      dq review list
      dq review list customer --json
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.reviewing import list_judgements

    found = list_judgements(load_project(project_path), entity)
    if as_json:
        out.print_json(json.dumps(found))
        return
    if not found:
        out.print("No judgement yet: `dq review export` writes the pairs to decide.")
        return
    _print_judgements(found)


def _print_judgements(found: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("entity", "line", "record", "judgement", "record", "by", "on", "status"):
        table.add_column(name, overflow="fold")
    for one in found:
        if one["status"] == "superseded":
            continue
        status = f"{one['status']}: {one['changed']}" if one["changed"] else one["status"]
        cells = [one["entity"], str(one["line"]), one["record_id_l"], one["judgement"], one["record_id_r"]]
        cells += [one["decided_by"], one["decided_at"][:_DAY], status]
        table.add_row(*map(escape, cells))
    out.print(table)
    counts = Counter((one["entity"], one["status"]) for one in found)
    for entity in dict.fromkeys(one["entity"] for one in found):
        told = ", ".join(f"{count} {status}" for (name, status), count in sorted(counts.items()) if name == entity)
        out.print(f"{escape(entity)}: {told}")


def _pairs(count: int) -> str:
    return f"{count} pair{'' if count == 1 else 's'}"
