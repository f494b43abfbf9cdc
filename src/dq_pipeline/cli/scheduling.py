"""`dq schedule`: a unit, a crontab, a DAG, an asset or a job that starts the night of this project."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from dq_pipeline.cli.base import Commands, dq, err, out, project_option
from dq_pipeline.cli.speaking import lang_option, load_spoken, spoken


@dq.group(cls=Commands)
def schedule() -> None:
    """Print what starts the night of this project: for systemd, cron, Airflow, Dagster or Kubernetes.

    Made from the project: its paths, the hour and time zone under `schedule:`, memory, the secrets that it asks for. A
    failed night (exit code 1) and a busy lock (4) are tried again; a breached gate (3) and wrong configuration (2) are
    not. Look at what is printed before you install it: its first lines say how.

    \b
    Examples:
      dq schedule systemd --user etl
      dq schedule kubernetes --at 03:30 --timezone America/Chicago --output deploy
    """


def _own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every kind of schedule is asked with."""
    for option in reversed(
        (
            project_option,
            click.option(
                "--at",
                type=click.DateTime(["%H:%M"]),
                metavar="HH:MM",
                help="The hour at which the night begins; the project's `schedule.at`, or 02:00, if left out.",
            ),
            click.option("--timezone", help="Its time zone, as America/Chicago; the project's or the machine's."),
            click.option(
                "--hours", type=click.IntRange(1, 12), default=6, show_default=True, help="How long a night may take."
            ),
            click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Write files to a folder."),
            click.option("--force", is_flag=True, help="Replace files that are there already."),
            click.option("--json", "as_json", is_flag=True, help="Print names, texts and warnings as JSON."),
            lang_option,
        )
    ):
        command = option(command)
    return command


_program_option = click.option("--program", metavar="PATH", help="The dq to start; the one that runs if left out.")
_user_option = click.option("--user", help="The user whose process a night is, and who owns the output folder.")


@schedule.command()
@_own_options
@_program_option
@_user_option
def systemd(**options: Any) -> None:
    """A hardened service and its timer.

    \b
    Examples:
      dq schedule systemd --user etl
      dq schedule systemd --user etl --output /etc/systemd/system
    """
    _tell("systemd", **options)


@schedule.command()
@_own_options
@_program_option
@_user_option
def cron(**options: Any) -> None:
    """A crontab: of a user, or with --user one for /etc/cron.d.

    \b
    Examples:
      dq schedule cron
      dq schedule cron --user etl --output /etc/cron.d
    """
    _tell("cron", **options)


@schedule.command()
@_own_options
@_program_option
def airflow(**options: Any) -> None:
    """A DAG for Airflow 3.

    \b
    Examples:
      dq schedule airflow --program /opt/dq/bin/dq --output dags
    """
    _tell("airflow", **options)


@schedule.command()
@_own_options
@_program_option
def dagster(**options: Any) -> None:
    """An asset and its schedule for Dagster.

    \b
    Examples:
      dq schedule dagster --output definitions
    """
    _tell("dagster", **options)


@schedule.command()
@_own_options
@click.option("--image", help="The image with dq and the project; dq-pipeline:VERSION if left out.")
@click.option("--namespace", help="The namespace; that of kubectl if left out.")
@click.option("--storage", default="20Gi", show_default=True, help="The size of each volume.")
def kubernetes(**options: Any) -> None:
    """A CronJob with its volumes, for Kubernetes 1.31 or newer.

    \b
    Examples:
      dq schedule kubernetes --image registry.example.com/nightly:7 | kubectl apply --dry-run=client -f -
    """
    _tell("kubernetes", **options)


def _tell(
    kind: str,
    *,
    project_path: Path,
    at: datetime | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    lang: str | None,
    **wishes: Any,
) -> None:
    from dq_pipeline.scheduling import Wishes, make_plan, render, warnings_of, write_files

    project = load_spoken(project_path, lang)
    plan = make_plan(project, Wishes(at=at.time() if at else None, **wishes))
    files = render(plan, kind)
    warned = [spoken().say(one) for one in warnings_of(plan, kind)]
    written = write_files(files, output, force=force) if output else []
    if as_json:
        told = {"files": [vars(one) for one in files], "written": [str(path) for path in written], "warnings": warned}
        out.print_json(json.dumps(told))
        return
    for number, one in enumerate(() if output else files):
        # A text for a program is printed as it is.
        click.echo(f"{'' if number == 0 else chr(10)}{_title(one.name, len(files))}{one.text}", nl=False)
    for path in written:
        out.print(escape(str(path)))
    for warning in warned:
        err.print(f"[bold yellow]{spoken().gettext('warning')}[/bold yellow] {escape(warning)}")


def _title(name: str, count: int) -> str:
    """Of several files, each begins with its name, as `systemctl cat` has it."""
    return f"# {name}\n" if count > 1 else ""
