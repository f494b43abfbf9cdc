"""`dq quarantine`: the rows that are kept out, why and since when; what may pass, and what passes by now."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import Commands, dq, out, project_option
from dq_pipeline.cli.running import run


@dq.group(cls=Commands)
def quarantine() -> None:
    """See the rows that are kept out, and release them.

    A row that is repaired at its source leaves by itself with the next run. A row that is right as it is can be
    released; one that changes afterwards is judged anew.

    \b
    Examples:
      dq quarantine list
      dq quarantine show orders:O0001373
      dq quarantine release orders:O0001373 --reason "a sample, free of charge" --by "Ann Lee"
      dq quarantine replay
    """


@quarantine.command("list")
@project_option
@click.argument("source", required=False)
@click.option(
    "--status",
    type=click.Choice(["open", "released", "repaired", "gone", "all"]),
    default="open",
    show_default=True,
    help="Which entries of the ledger.",
)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many lines at most.")
@click.option("--json", "as_json", is_flag=True, help="Print all of them as JSON.")
def list_(project_path: Path, source: str | None, status: str, limit: int, as_json: bool) -> None:
    """List why rows are kept out, since when, and who repairs them.

    Of SOURCE, or of all; the oldest first. Status: open; released (a steward lets it pass); repaired (it came again
    and passes); gone (it did not come again).

    \b
    Examples:
      dq quarantine list
      dq quarantine list orders --status all --json
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.quarantining import entries

    found = entries(load_project(project_path), source, None if status == "all" else status)
    if as_json:
        out.print_json(json.dumps(found, default=str))
        return
    if not found:
        out.print("No row." if status == "all" else f"No row is {status}.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("record", overflow="fold")
    for name in ("code", "column", "status", "since"):
        table.add_column(name)
    table.add_column("days", justify="right")
    table.add_column("owner")
    for one in found[:limit]:
        cells = [one["record_id"], one["code"], one["column"] or "", one["status"], str(one["since"])]
        table.add_row(*map(escape, [*cells, str(one["age_days"]), one["owner"] or ""]))
    out.print(table)
    if len(found) > limit:
        out.print(f"… and {len(found) - limit:,} more: --limit, or --json for all")
    counts = Counter(one["source"] for one in found)
    out.print(", ".join(f"{name}: {count:,}" for name, count in sorted(counts.items())))


@quarantine.command("show")
@project_option
@click.argument("record_id")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(project_path: Path, record_id: str, unmasked: bool, as_json: bool) -> None:
    """Show one row that is or was kept out, with every reason.

    Personal values are masked.

    \b
    Examples:
      dq quarantine show orders:O0001373
      dq quarantine show orders:O0001373 --unmasked
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.quarantining import show as show_row

    lines, row = show_row(load_project(project_path), record_id, unmasked=unmasked)
    if as_json:
        out.print_json(json.dumps({"record_id": record_id, "reasons": lines, "row": row}, default=str))
        return
    for line in lines:
        days = f"{line['age_days']} day{'' if line['age_days'] == 1 else 's'}"
        out.print(f"[bold]{escape(line['code'])}[/bold]  {escape(line['reason'])}")
        came = f", came back {line['returns']} times" if line["returns"] else ""
        seen = f"since {line['since']} ({days}), first seen {line['first_seen']}, last seen {line['last_seen']}{came}"
        out.print(f"  {line['status']}, {seen}; owner {escape(str(line['owner']))}")
        if line["released_by"]:
            said = f"{line['released_by']}, {line['released_at']}: {line['release_reason']}"
            out.print(f"  released by {escape(said)}")
    width = max(map(len, row), default=0)
    for name, value in row.items():
        if value is not None:
            out.print(f"  {name:<{width}}  {escape(str(value))}")


@quarantine.command("release")
@project_option
@click.argument("record_ids", nargs=-1, required=True, metavar="RECORD_ID…")
@click.option("--reason", required=True, help="Why the row is right as it is.")
@click.option("--by", "released_by", required=True, help="Who says so.")
@click.option(
    "--code", "codes", multiple=True, help="Only from this expectation; from all that keep it out if left out."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was released as JSON.")
def release(
    project_path: Path,
    record_ids: Sequence[str],
    reason: str,
    released_by: str,
    codes: Sequence[str],
    as_json: bool,
) -> None:
    """Accept rows as they are.

    Adds lines to pipelines/releases/<source>.csv, a file to be reviewed like any other; take a line out to revoke it.
    The next run lets the row pass what it was released from, and only as long as nothing in the row changes.

    \b
    Example:
      dq quarantine release orders:O0001373 --code bad_total --reason "a credit note" --by "Ann Lee"
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.quarantining import release as release_rows

    project = load_project(project_path)
    new = release_rows(project, record_ids, reason, released_by, codes)
    if as_json:
        out.print_json(json.dumps([{"record_id": one.record_id, "code": one.code} for one in new]))
        return
    for one in new:
        out.print(f"released {escape(one.record_id)} from {escape(one.code)}")
    for source in dict.fromkeys(one.record_id.partition(":")[0] for one in new):
        out.print(f"wrote {escape(str(project.releases_path(source)))}")
    out.print("Next: dq run" if new else "All of it was released before.")


@quarantine.command("replay")
@project_option
@click.argument("source", required=False)
@click.option("--run", "and_run", is_flag=True, help="Then run the night again from validate on.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def replay(ctx: click.Context, project_path: Path, source: str | None, and_run: bool, as_json: bool) -> None:
    """Judge the rows that are kept out by the rules of now.

    Contracts, suites and releases as the files say now, on the rows of the last run and on those of earlier nights
    that are gone. Nothing is changed: a row that passes comes in with the next run, if its source still has it.

    \b
    Examples:
      dq quarantine replay
      dq quarantine replay orders --run
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.quarantining import replay as replay_rows

    found = replay_rows(load_project(project_path), source)
    if as_json:
        out.print_json(json.dumps([vars(one) for one in found]))
    else:
        table = Table("record", "was kept out for", "now", "is", box=None, pad_edge=False)
        for one in found:
            if one.verdict != "kept out" or one.before != one.now:
                kept = ", ".join(one.now) or one.verdict
                table.add_row(*map(escape, [one.record_id, ", ".join(one.before), kept, one.status]))
        if table.row_count:
            out.print(table)
        passing = Counter((one.status, one.verdict != "kept out") for one in found)
        out.print(
            f"{passing['open', True]:,} of {passing['open', True] + passing['open', False]:,} rows would pass now"
            f"; of {passing['gone', True] + passing['gone', False]:,} that their source does not deliver any more, "
            f"{passing['gone', True]:,} would"
        )
    if and_run:
        ctx.invoke(run, project_path=project_path, run_date=None, first="validate", last="publish", quiet=as_json)
    elif not as_json:
        out.print("Nothing was changed. Next: dq run, or dq quarantine replay --run on the last extracts")
