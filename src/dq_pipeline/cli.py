"""The `dq` commands: the only module that prints or exits."""

import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dq_pipeline import __version__
from dq_pipeline.errors import ConfigError, DqError

STAGE_CHOICE = click.Choice(["ingest", "validate", "standardize", "link", "master", "score", "publish"])
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def project_option(command: Any) -> Any:
    """`--project`, the folder or project file that a command works on."""
    return click.option(
        "--project",
        "project_path",
        type=click.Path(path_type=Path, exists=True),
        default=Path(),
        envvar="DQ_PROJECT",
        help="The project's folder or its project file; the current folder if left out.",
    )(command)


class Commands(click.Group):
    """A group that proposes the nearest command where one is mistyped, and keeps the line's order in its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order in which one needs them."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a typing error names the nearest one."""
        import difflib

        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f" Did you mean `dq {near[0]}`?" if near else " See `dq --help`."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="dq", message="%(prog)s %(version)s")
def dq() -> None:
    """Nightly extracts in, one published truth and a data-quality scorecard out.

    \b
    Start:   dq init demo && cd demo && dq run
    Look:    output/published/report.html and output/published/truth.duckdb

    Exit codes: 0 done or published, 1 failed, 2 wrong usage or configuration, 3 a gate was breached and nothing was
    published, 4 another run holds the lock.
    """


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


@dq.command()
@project_option
@click.option("--date", "run_date", type=click.DateTime(["%Y-%m-%d"]), help="The date of the run; today if left out.")
@click.option(
    "--from", "first", type=STAGE_CHOICE, default="ingest", help="Begin at this stage, on the last run's tables."
)
@click.option(
    "--until", "last", type=STAGE_CHOICE, default="publish", help="End after this stage; nothing is published."
)
@click.option("--quiet", "-q", is_flag=True, help="Print only the verdict and what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def run(
    ctx: click.Context, project_path: Path, run_date: datetime | None, first: str, last: str, quiet: bool, as_json: bool
) -> None:
    """Run the night and publish it.

    The stages are ingest, validate, standardize, link, master, score, publish.

    \b
    Examples:
      dq run
      dq run --date 2026-11-20
      dq run --from link            again from there, with the tables of the last run
      dq run --until validate       see what the extracts are like
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.pipeline import STAGE_NAMES, run_pipeline

    project = load_project(project_path)
    with StageProgress(STAGE_NAMES, quiet=quiet or as_json) as progress:
        outcome = run_pipeline(
            project, progress, run_date=run_date.date() if run_date else None, first=first, last=last
        )
    if as_json:
        document = {"verdict": outcome.verdict, "run_id": outcome.run_id, "directory": outcome.directory}
        out.print_json(json.dumps(document | {"summary": outcome.summary}, default=str))
    else:
        print_summary(outcome, project.output, quiet=quiet)
    ctx.exit(outcome.exit_code)


@dq.command()
@project_option
@click.argument("entity", required=False)
def train(project_path: Path, entity: str | None) -> None:
    """Train a linkage model anew.

    On the last run's records, for ENTITY or for all entities; the model file is written. `dq run` trains where there
    is no model and never changes one that exists.

    \b
    Example:
      dq train customer
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.training import train_models

    for path in train_models(load_project(project_path), entity):
        out.print(f"wrote {escape(str(path))}; review it, then run `dq run`")


@dq.command()
@project_option
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def report(project_path: Path, show: bool) -> None:
    """Write the last run's report again.

    \b
    Example:
      dq report --open
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.recording import rewrite_report

    path = rewrite_report(load_project(project_path))
    out.print(escape(str(path)))
    if show:
        click.launch(str(path))


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


class StageProgress:
    """Shows each stage as it goes on: a live line on a terminal, a plain line a stage elsewhere, nothing if quiet."""

    def __init__(self, stages: Sequence[str], *, quiet: bool) -> None:
        self.total, self.quiet = len(stages), quiet
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<12}"),
            BarColumn(24),
            TextColumn("{task.fields[note]}"),
        )
        self.live = Progress(*columns, TimeElapsedColumn(), console=err, disable=quiet or not err.is_terminal)
        self.task: Any = None

    def __enter__(self) -> "StageProgress":
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def started(self, stage: str) -> None:
        """A stage begins."""
        self.task = self.live.add_task(stage, total=None, note="")

    def finished(self, stage: str, report: Any, seconds: float) -> None:
        """A stage is done."""
        rows = sum(report.rows.values())
        note = f"{len(report.rows)} tables, {rows:,} rows"
        if report.breaches:
            note += f", {len(report.breaches)} breached"
        if self.live.disable:
            if not self.quiet:
                err.print(f"{stage:<12} {seconds:6.1f} s  {note}")
            return
        self.live.update(self.task, total=1, completed=1, note=note)
        self.live.stop_task(self.task)


def print_summary(outcome: Any, output: Path, *, quiet: bool) -> None:
    """What the night was like: rows, customers, scores, and where the report and the database are."""
    summary = outcome.summary
    if not quiet and summary.get("sources"):
        table = Table("source", box=None, pad_edge=False)
        for name in ("rows in", "validated", "quarantined", "unparsed"):
            table.add_column(name, justify="right")
        for row in summary["sources"]:
            table.add_row(
                row["source"], *(_number(row[key]) for key in ("rows_read", "validated", "quarantined", "unparsed"))
            )
        out.print(table)
    if not quiet:
        for entity in summary.get("entities", []):
            out.print(f"{entity['entity']}: {entity['records']:,} records → {entity['masters']:,} masters")
        for entity in summary.get("duplicates", []):
            more = entity["records"] - entity["masters"]
            out.print(f"duplicate {entity['entity']} accounts found: {more:,} of {entity['records']:,}")
        for row in summary.get("scores", []):
            target = f"(target {row['target']:.1%}, {row['status']})" if row["target"] is not None else ""
            out.print(f"{row['dimension']:<13} {row['score']:7.2%} {target}")
    for breach in outcome.breaches:
        err.print(f"[bold red]breach[/bold red] {escape(breach.gate)}: {escape(str(breach))}")
    if outcome.error is not None and not outcome.breaches:
        err.print(f"[bold red]failed[/bold red] {escape(str(outcome.error))}")
    verdicts = {
        "published": "[bold green]published[/bold green]",
        "held": "[bold red]held back[/bold red]; what was published before stays as it was",
        "failed": "[bold red]failed[/bold red]; what was published before stays as it was",
        "stopped": "stopped where --until said; nothing was published",
    }
    out.print(f"{outcome.run_id}: {verdicts[outcome.verdict]}")
    place = output / "published" if outcome.verdict == "published" else outcome.directory
    with suppress(ValueError):
        place = place.relative_to(Path.cwd())
    if (place / "report.html").exists():
        out.print(f"report:   {escape(str(place / 'report.html'))}")
    if outcome.verdict == "published":
        from dq_pipeline.run import PUBLISHED_FILE

        out.print(f"database: {escape(str(place / PUBLISHED_FILE))}")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def main() -> None:
    """The entry point: every known error is one message and its exit code; an unknown one asks to be reported."""
    try:
        code = dq.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        err.print("Interrupted; what was published before stays as it was.")
        sys.exit(1)
    except DqError as error:
        err.print(f"[bold red]error[/bold red] {escape(str(error))}")
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("DQ_DEBUG"):
            traceback.print_exc()
        err.print(f"[bold red]error[/bold red] an unforeseen fault ({type(error).__name__}); nothing was published.")
        err.print("  What to do: run again with DQ_DEBUG=1 and report what it prints, without personal data.")
        sys.exit(1)
