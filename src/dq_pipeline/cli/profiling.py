"""`dq profile`: what a source's rows are like, as a draft of its suite."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, err, out, project_option, waiting
from dq_pipeline.errors import ConfigError


@dq.command()
@project_option
@click.argument("source")
@click.option(
    "--out", "path", help="The file to write, or - to print it; expectations/raw/<source>.draft.json if left out."
)
@click.option("--date", "run_date", type=click.DateTime(["%Y-%m-%d"]), help="The date of the run that it is for.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def profile(project_path: Path, source: str, path: str | None, run_date: datetime | None, as_json: bool) -> None:
    """Propose a suite for SOURCE from its data.

    Types, forms, ranges, sets, keys, blanks and what depends on what, each with the share of rows that it holds for. It
    is a draft: review it, then move what is right into expectations/raw/<source>.json. No run reads a draft, and the
    reviewed suite is never written. Of personal columns the draft holds no value.

    \b
    Examples:
      dq profile orders
      dq profile orders --out -
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.profiling import draft_path, profile_source

    project = load_project(project_path)
    target = draft_path(project, source) if path is None else None if path == "-" else Path(path)
    if target is not None and target.resolve() == project.suite_path("raw", source).resolve():
        raise ConfigError("that is the reviewed suite", where=target, remedy="name another file with --out")
    with waiting("looking at every column"):
        drafted = profile_source(project, source, run_date.date() if run_date else None)
    if target is None:
        click.echo(drafted.text(), nl=False)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(drafted.text(), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"it cannot be written: {error.strerror}", where=target, remedy="name another place"
        ) from error
    if as_json:
        counts = {"expectations": len(drafted.expectations), "known": drafted.known, "left_out": len(drafted.left_out)}
        out.print_json(json.dumps({"source": source, "file": str(target)} | counts))
        return
    proposals = Counter(one["kwargs"].get("column") for one in drafted.expectations)
    table = Table("column", "type", box=None, pad_edge=False)
    for heading in ("filled", "different", "proposals"):
        table.add_column(heading, justify="right")
    for one in drafted.seen:
        filled = f"{one.filled / one.rows:.1%}"
        table.add_row(escape(one.name), one.column.type, filled, f"{one.distinct:,}", str(proposals[one.name]))
    out.print(table)
    for one_left in drafted.left_out:
        err.print(f"left out, for it does not hold: {escape(one_left['description'])}")
    said = f"{len(drafted.expectations)} expectations, of which the reviewed suite has {drafted.known}"
    out.print(f"wrote {said}, to {escape(str(target))}")
    out.print("Next: review them, move what is right into the suite, then dq check")
