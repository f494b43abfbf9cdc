"""`dq init` and `dq check`: a project is made, and its files are checked without data."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option, waiting
from dq_pipeline.errors import ConfigError


@dq.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--source", "sources", multiple=True, metavar="NAME=FILE", help="A file of yours, under a short name.")
@click.option("--entity", type=click.Choice(["customer", "address"]), default="customer", help="What its rows mean.")
@click.option("--key", "keys", multiple=True, metavar="[NAME=]COLUMN[,COLUMN]", help="The columns that name a row.")
@click.option("--system", "systems", multiple=True, metavar="[NAME=]COLUMN", help="The system that a row comes from.")
@click.option("--map", "fields", multiple=True, metavar="[NAME.]FIELD=COLUMN", help="Which column is a field.")
@click.option("--columns", multiple=True, metavar="[NAME=]A,B,C", help="The names of a file without header.")
@click.option("--link", is_flag=True, help="Refer to the files where they are; else they are copied to data/.")
@click.option("--yes", is_flag=True, help="Take the proposal as it is, and ask nothing.")
def init(
    folder: Path,
    sources: Sequence[str],
    entity: str,
    keys: Sequence[str],
    systems: Sequence[str],
    fields: Sequence[str],
    columns: Sequence[str],
    link: bool,
    yes: bool,
) -> None:
    """Make a new project in FOLDER.

    With --source it is made for your own files: CSV of any delimiter, packed or not, Parquet, JSON lines, Excel. Their
    headers and values tell which column is what; the proposal is shown, and what is unsure is asked. Without --source
    it is a copy of the sample, ready to run.

    \b
    Examples:
      dq init demo && cd demo && dq run
      dq init mine --source crm=customers.csv
      dq init mine --source crm=customers.csv --source shop=buyers.txt --key shop=buyer_no --yes
    """
    if sources:
        options = {"--key": keys, "--system": systems, "--map": fields, "--columns": columns}
        _init_from_sources(folder, sources, entity, options, link=link, yes=yes)
    elif keys or systems or fields or columns or link:
        raise click.UsageError("--key, --system, --map, --columns and --link speak of a --source; name one.")
    else:
        from dq_pipeline.starting import start_project

        for path in start_project(folder):
            out.print(f"made {escape(str(path))}")
    out.print(f"Next: cd {escape(str(folder))} && dq run")


def _init_from_sources(
    folder: Path, sources: Sequence[str], entity: str, options: dict[str, Sequence[str]], *, link: bool, yes: bool
) -> None:
    from dq_pipeline.starting import propose, wanted_sources, write_proposals

    is_asking = not yes and is_terminal()
    proposals = propose(wanted_sources(sources, options), entity, folder, _ask if is_asking else None)
    for proposal in proposals:
        print_proposal(proposal)
    if not yes and not is_asking:
        raise ConfigError(
            "nothing was written, for nobody can be asked here", remedy="add --yes to take this proposal as it is"
        )
    if is_asking and not click.confirm("Make the project?", default=True):
        raise click.Abort
    for path in write_proposals(folder, proposals, link=link):
        out.print(f"made {escape(str(path))}")


def is_terminal() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty()


def _ask(question: Any) -> str:
    """Put a question on the terminal."""
    if set(question.options) == {"yes", "no"}:
        return "yes" if click.confirm(question.text, default=question.default == "yes") else "no"
    return str(click.prompt(question.text, type=click.Choice(question.options), default=question.default))


def print_proposal(proposal: Any) -> None:
    """What a file's columns were taken for, and what was decided beside them."""
    extract = proposal.extract
    out.print(f"\n[bold]{proposal.name}[/bold]  {escape(extract.wanted.path.name)}, {extract.rows:,} rows")
    table = Table("column", "is", "filled", "why", box=None, pad_edge=False)
    for column, choice in proposal.choices.items():
        header = extract.headers[column] or column
        is_key = column in proposal.key
        field = " ".join(filter(None, ("key" if is_key else "", choice.field or ""))) or "-"
        mark = "" if choice.is_sure else " (unsure)"
        filled = f"{proposal.profiles[column].filled_share:.0%}"
        table.add_row(escape(repr(header)[1:-1]), field + mark, filled, escape(choice.why))
    out.print(table)
    for line in proposal.decisions():
        out.print(f"  {escape(line)}")


@dq.command()
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print what was checked as JSON.")
def check(project_path: Path, as_json: bool) -> None:
    """Check all files without data.

    That is YAML, SQL, suites, models and judgements: every SELECT binds, every suite fits its table.

    \b
    Example:
      dq check --project demo
    """
    from dq_pipeline.checking import check_project
    from dq_pipeline.config import load_project

    with waiting("checking every file"):
        counts = check_project(load_project(project_path))
    if as_json:
        out.print_json(json.dumps({"is_ok": True, "checked": counts}))
        return
    out.print("All is well: " + ", ".join(f"{count} {what}" for what, count in counts.items()) + ".")
