"""`dq lookup`: from whatever a customer says at the counter to their card."""

import json
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option
from dq_pipeline.errors import ConfigError
from dq_pipeline.lookup.search import MAX_TEXT, Answer, Candidate

# Rows of a list that the terminal shows; `--json` has all.
_ROWS = 8
# Columns of a card that are told in its heading.
_HEADING = ("name", "brief")


@dq.command()
@project_option
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True, help="How many candidates.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, a card for each candidate.")
def lookup(project_path: Path, text: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find a customer by whatever is known, and show the card.

    TEXT is a name (misspelt, short, in any order, with the town), an e-mail, a phone, an address, the number of an
    account, an order or a parcel, or a customer id, also one that is no longer in use. The published night is read,
    also while a run is going on.

    Personal values are shown in clear, because they are asked for by name; nothing is written down. Where nobody is
    found, what else to try is said, and the exit code is 0.

    \b
    Examples:
      dq lookup bob mueller springfield
      dq lookup 1Z9V84E200026007211
      dq lookup "12 Main Street, Troy" --limit 10
    """
    from dq_pipeline import archive
    from dq_pipeline.config import load_project
    from dq_pipeline.lookup import Search

    asked = " ".join(" ".join(text).split())
    if not asked:
        raise click.UsageError("There is nothing to look up: write a name, a number or an address.")
    if len(asked) > MAX_TEXT:
        raise click.UsageError(f"That is over {MAX_TEXT} characters: write what tells the customer apart.")
    project = load_project(project_path)
    published = archive.published_file(project.output)
    if published is None:
        raise ConfigError("no night is published yet", where=project.output, remedy="`dq run` publishes the first")
    with Search(project, published) as search:
        answer = search.find(asked, limit)
        kinds = [kind.title for kind in search.declared.kinds.values() if kind.weight == 1 or kind.is_name]
    if as_json:
        out.print_json(json.dumps(asdict(answer), default=_plain))
    elif not answer.candidates:
        _print_nothing(answer, kinds)
    else:
        _print_answer(answer)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _print_nothing(answer: Answer, kinds: list[str]) -> None:
    out.print(f"Nobody is found by [bold]{escape(answer.text)}[/bold].")
    if answer.suggestions:
        out.print(f"  Names that are a little like it: {escape(', '.join(answer.suggestions))}.")
    out.print(f"  It may be: {escape(', '.join(dict.fromkeys(kinds)))}.")
    out.print("  Try less of it: the surname alone, the number without what surrounds it, the street without the town.")
    out.print("  A parcel or an order of today is known tomorrow, after the night.")


def _print_answer(answer: Answer) -> None:
    """The candidates where there are several, then the card of the first."""
    if answer.tried:
        out.print(f"Spelled nearly alike: {escape(', '.join(answer.tried))}\n")
    first = answer.candidates[0]
    if answer.found > 1:
        _print_candidates(answer)
    _print_card(first, answer)


def _print_candidates(answer: Answer) -> None:
    shown = len(answer.candidates)
    more = f", {answer.found - shown:,} more with --limit" if answer.found > shown else ""
    out.print(f"[bold]{answer.found:,} may be meant[/bold], the likeliest first{more}")
    table = Table("", "who", "id", "found by", "fit", box=None, pad_edge=False)
    for place, one in enumerate(answer.candidates, start=1):
        why = "; ".join(f"{reason.title}: {reason.shown}" for reason in one.reasons[:2])
        table.add_row(str(place), escape(_who(one)), one.master_id, escape(why), f"{one.score:.0%}")
    out.print(table)
    out.print("The card of another: dq lookup and its id.\n")


def _who(one: Candidate) -> str:
    if one.card is None:
        return "no longer in the extracts"
    return ", ".join(str(one.card[name]) for name in _HEADING if one.card.get(name))


def _print_card(one: Candidate, answer: Answer) -> None:
    if one.card is None:
        out.print(f"[bold]{one.master_id}[/bold]: no record of this customer is left in the extracts.")
        _print_reasons(one)
        return
    out.print(f"[bold]{escape(str(one.card['name']))}[/bold]  {one.master_id}")
    _print_reasons(one)
    facts = {name: value for name, value in one.card.items() if value is not None and name not in _HEADING}
    told = {name: value for name, value in facts.items() if value != one.master_id and not _is_list_of_rows(value)}
    width = max((len(name) for name in told), default=0)
    for name, value in told.items():
        if value != []:
            out.print(f"  {_title(name):<{width}}  {escape(_value(value))}")
    for name, value in facts.items():
        if _is_list_of_rows(value):
            _print_rows(_title(name), value)
    _print_namesakes(answer)


def _print_reasons(one: Candidate) -> None:
    for reason in one.reasons:
        out.print(f"  found by {escape(reason.title)}: {escape(reason.shown)} ({reason.score:.0%})")


def _print_rows(title: str, rows: list[dict[str, Any]]) -> None:
    """A list of a card as a table, without columns that are empty throughout."""
    count = f" ({len(rows):,})" if len(rows) > 1 else ""
    out.print(f"\n[bold]{escape(title)}[/bold]{count}")
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    table = Table(*map(_title, columns), box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows[:_ROWS]:
        table.add_row(*(escape(_value(row[name])) for name in columns))
    out.print(table)
    if len(rows) > _ROWS:
        out.print(f"and {len(rows) - _ROWS:,} more: --json shows all")


def _print_namesakes(answer: Answer) -> None:
    if not answer.namesakes:
        return
    out.print(f"\n[bold yellow]Beware of namesakes[/bold yellow] ({answer.namesakes_found:,})")
    table = Table("who", "id", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for one in answer.namesakes:
        table.add_row(escape(_who(one)), one.master_id)
    out.print(table)
    if answer.namesakes_found > len(answer.namesakes):
        out.print(f"and {answer.namesakes_found - len(answer.namesakes):,} more")


def _is_list_of_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _title(name: str) -> str:
    return name.replace("_", " ")


def _value(value: object) -> str:
    """A value as a person reads it: a day without its midnight, a list with commas."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        return f"{value:,.2f}"
    return str(value)
