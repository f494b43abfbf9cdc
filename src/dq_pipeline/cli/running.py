"""`dq run`, its progress and its summary."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from dq_pipeline.cli.base import dq, err, out, project_option
from dq_pipeline.cli.speaking import lang_option, load_spoken, spoken, told
from dq_pipeline.config.secrets import redact_all
from dq_pipeline.errors import DqError

STAGE_CHOICE = click.Choice(["ingest", "validate", "standardize", "link", "master", "score", "publish"])


@dq.command()
@project_option
@click.option("--date", "run_date", type=click.DateTime(["%Y-%m-%d"]), help="The date of the run; today if left out.")
@click.option(
    "--from", "first", type=STAGE_CHOICE, default="ingest", help="Begin at this stage, on the last run's tables."
)
@click.option(
    "--until", "last", type=STAGE_CHOICE, default="publish", help="End after this stage; nothing is published."
)
@click.option("--resume", "is_resumed", is_flag=True, help="Go on where a run that broke off had got to.")
@click.option(
    "--wait",
    type=float,
    is_flag=False,
    flag_value=-1.0,
    default=0.0,
    metavar="[MINUTES]",
    help="Wait for another run to end, as long as it takes or so many minutes.",
)
@click.option("--from-snapshot", metavar="RUN", help="Repeat a past run: its date, and the extracts as it read them.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the verdict and what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print how the run ended, and its figures, as JSON.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="DQ_LOG_FORMAT",
    help="json: what goes on as JSON, a line an event, on the error stream.",
)
@lang_option
@click.pass_context
def run(
    ctx: click.Context,
    project_path: Path,
    run_date: datetime | None,
    first: str,
    last: str,
    is_resumed: bool,
    wait: float,
    from_snapshot: str | None,
    quiet: bool,
    as_json: bool,
    log_format: str,
    lang: str | None,
) -> None:
    """Run the night and publish it.

    The stages are ingest, validate, standardize, link, master, score, publish.

    \b
    Examples:
      dq run
      dq run --date 2026-11-20
      dq run --from link            again from there, with the tables of the last run
      dq run --resume               after a failure, a kill or Ctrl-C: go on after the last complete stage
      dq run --wait 30              begin when the run that goes on has ended, within 30 minutes
      dq run --from-snapshot 2026-11-19-1
      dq run --until validate       see what the extracts are like
    """
    from dq_pipeline.pipeline import STAGE_NAMES, run_pipeline

    is_logged = log_format == "json"
    with _refusals_logged() if is_logged else nullcontext():
        project = load_spoken(project_path, lang)
        chosen = STAGE_NAMES[STAGE_NAMES.index(first) : STAGE_NAMES.index(last) + 1]
        expected = {stage: seconds for stage, seconds in last_seconds(project.output).items() if stage in chosen}
        with StageProgress(expected, quiet=quiet or as_json or is_logged) as progress:
            outcome = run_pipeline(
                project,
                progress,
                run_date=run_date.date() if run_date else None,
                first=first,
                last=last,
                from_snapshot=from_snapshot,
                is_resumed=is_resumed,
                wait=wait * 60,
                echo=_echo if is_logged else None,
            )
    if is_logged and not as_json:
        ctx.exit(outcome.exit_code)
    if as_json:
        out.print_json(json.dumps(as_document(outcome), default=str))
    else:
        print_summary(outcome, project.output, quiet=quiet)
    ctx.exit(outcome.exit_code)


def as_document(outcome: Any) -> Any:
    """How a run ended, for programs: verdict, exit code, run, folder, breaches, error, warnings and summary."""
    error = outcome.error
    about = {"message": error.message, "where": error.where, "remedy": error.remedy} if error else None
    return redact_all(
        {
            "verdict": outcome.verdict,
            "exit_code": outcome.exit_code,
            "run_id": outcome.run_id,
            "directory": str(outcome.directory),
            "breaches": [asdict(breach) for breach in outcome.breaches],
            "error": about,
            "warnings": outcome.warnings,
            "summary": outcome.summary,
        }
    )


def _echo(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _refusals_logged() -> Iterator[None]:
    """What is wrong before there is an attempt becomes a line of the log, and ends the command."""
    from dq_pipeline.telling.log import line_of

    try:
        yield
    except DqError as error:
        about = {"message": error.message, "where": error.where, "remedy": error.remedy}
        _echo(line_of("refused", **about, exit_code=error.exit_code))
        raise click.exceptions.Exit(error.exit_code) from error


def last_seconds(output: Path) -> dict[str, float]:
    """Stage -> the seconds that it took in the last night that got to the score; empty before the first."""
    from dq_pipeline import archive

    for manifest in reversed(archive.manifests(output)):
        seconds = {stage["stage"]: float(stage["seconds"]) for stage in manifest.get("stages", [])}
        if "score" in seconds:
            return seconds
    return {}


def time_left(seconds: float) -> str:
    """What is left of a run, as roughly as it is known."""
    if seconds < 1:
        return "a little longer than last time"
    if seconds < 90:
        return f"about {math.ceil(seconds / 5) * 5} s left"
    return f"about {math.ceil(seconds / 60)} min left"


class TimeLeftColumn(ProgressColumn):
    """What is left of the whole run, by how long each stage took the last time."""

    def render(self, task: Task) -> Text:
        """Nothing where no night was before, or where the stage is done."""
        expected = task.fields["expected"]
        if expected is None or task.finished:
            return Text("")
        return Text(time_left(expected - (task.elapsed or 0)), style="dim")


class StageProgress:
    """Shows each stage as it goes on: a live line on a terminal, a plain line a stage elsewhere, nothing if quiet.

    `expected` are the seconds that each stage took the last time.
    """

    def __init__(self, expected: Mapping[str, float], *, quiet: bool) -> None:
        self.expected, self.quiet = dict(expected), quiet
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<12}"),
            BarColumn(24),
            TextColumn("{task.fields[note]}"),
        )
        times = (TimeElapsedColumn(), TimeLeftColumn())
        self.live = Progress(*columns, *times, console=err, disable=quiet or not err.is_terminal)
        self.task: Any = None

    def __enter__(self) -> "StageProgress":
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def started(self, stage: str) -> None:
        """A stage begins."""
        expected = sum(self.expected.values()) if stage in self.expected else None
        self.task = self.live.add_task(stage, total=None, note="", expected=expected)

    def finished(self, stage: str, report: Any, seconds: float) -> None:
        """A stage is done."""
        self.expected.pop(stage, None)
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
    _ = spoken().gettext
    if not quiet:
        _print_figures(outcome.summary)
    left_out = sum(file.get("suppressed", 0) for files in outcome.snapshots.values() for file in files)
    if left_out and not quiet:
        out.print(_("rows of people who were erased, left out or without them: %(rows)s") % {"rows": f"{left_out:,}"})
    for breach in outcome.breaches:
        err.print(f"[bold red]{_('breach')}[/bold red] {escape(breach.gate)}: {escape(told(breach))}")
    if outcome.verdict == "cancelled":
        err.print(f"[bold yellow]{_('cancelled')}[/bold yellow] {escape(told(outcome.error))}")
    elif outcome.error is not None and outcome.verdict == "failed":
        err.print(f"[bold red]{_('failed')}[/bold red] {escape(told(outcome.error))}")
    for warning in outcome.warnings:
        err.print(f"[bold yellow]{_('warning')}[/bold yellow] {escape(spoken().say(warning))}")
    verdicts = {
        "published": f"[bold green]{_('published')}[/bold green]",
        "held": f"[bold red]{_('held back')}[/bold red]; {_('what was published before stays as it was')}",
        "failed": f"[bold red]{_('failed')}[/bold red]; {_('what was published before stays as it was')}",
        "cancelled": f"[bold yellow]{_('cancelled')}[/bold yellow]; {_('what was published before stays as it was')}",
        "stopped": _("stopped where --until said; nothing was published"),
    }
    out.print(f"{outcome.run_id}: {verdicts[outcome.verdict]}")
    place = output / "published" if outcome.verdict == "published" else outcome.directory
    with suppress(ValueError):
        place = place.relative_to(Path.cwd())
    if (place / "report.html").exists():
        out.print(f"{_('report:'):<9} {escape(str(place / 'report.html'))}")
    if outcome.verdict == "published":
        from dq_pipeline.run import PUBLISHED_FILE

        out.print(f"{_('database:')} {escape(str(place / PUBLISHED_FILE))}")


def _print_figures(summary: Mapping[str, Any]) -> None:
    """Rows of each source, masters of each entity, drift of the models, scores."""
    language = spoken()
    _, count = language.gettext, language.number
    # What a table says; no message of this module.
    word = language.gettext
    if summary.get("sources"):
        table = Table(_("source"), box=None, pad_edge=False)
        for name in (_("rows in"), _("validated"), _("quarantined"), _("unparsed")):
            table.add_column(name, justify="right")
        for row in summary["sources"]:
            parts = (row[key] for key in ("rows_read", "validated", "quarantined", "unparsed"))
            table.add_row(row["source"], *("" if part is None else count(part) for part in parts))
        out.print(table)
    for entity in summary.get("entities", []):
        told_of = {"entity": word(entity["entity"]), "records": count(entity["records"])}
        out.print(
            _("%(entity)s: %(records)s records → %(masters)s masters")
            % {**told_of, "masters": count(entity["masters"])}
        )
    for entity in summary.get("duplicates", []):
        names = {"entity": word(entity["entity"]), "records": count(entity["records"])}
        names["more"] = count(entity["records"] - entity["masters"])
        out.print(_("duplicate %(entity)s accounts found: %(more)s of %(records)s") % names)
    for model in summary.get("drift", []):
        if model["psi"] is not None:
            shift = {"entity": word(model["entity"]), "status": word(model["status"]), "psi": count(model["psi"], 3)}
            said = _("model of %(entity)s: %(status)s (largest shift %(psi)s, %(comparison)s)")
            advice = _("see ops.model_drift, and `dq train`")
            line = said % {**shift, "comparison": word(model["comparison"].replace("_", " "))}
            out.print(f"{line}; {advice}" if model["status"] != "ok" else line)
    for row in summary.get("scores", []):
        target = ""
        if row["target"] is not None:
            figures = {"target": f"{count(row['target'] * 100, 1)}%", "status": word(row["status"].replace("_", " "))}
            target = _("(target %(target)s, %(status)s)") % figures
        out.print(f"{word(row['dimension']):<13} {count(row['score'] * 100, 2):>6}% {target}")
