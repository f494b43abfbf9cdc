"""`dq notify`: who is told of a night, and whether it works."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, err, out, project_option
from dq_pipeline.cli.speaking import lang_option, load_spoken, spoken

if TYPE_CHECKING:
    from dq_pipeline.config import Project


@dq.command()
@project_option
@click.argument("channel", required=False)
@click.option("--test", "is_test", is_flag=True, help="Send a sample message to the channel, or to all of them.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@lang_option
@click.pass_context
def notify(
    ctx: click.Context, project_path: Path, channel: str | None, is_test: bool, as_json: bool, lang: str | None
) -> None:
    """Who is told of a night, and when last; or send a test.

    \b
    Examples:
      dq notify
      dq notify --test              every channel gets a message that says it is a test
      dq notify --test slack        that one alone
    """
    from dq_pipeline.telling import send_samples

    project = load_spoken(project_path, lang)
    _ = spoken().gettext
    if not is_test:
        _print_channels(project, channel, as_json=as_json)
        return
    told = send_samples(project, channel, datetime.now().astimezone().date())
    if as_json:
        out.print_json(json.dumps([one.entry for one in told]))
    for one in () if as_json else told:
        if one.sent:
            out.print(f"{escape(one.channel)}: {_('sent')} ({one.seconds:.1f} s)")
        else:
            err.print(
                f"[bold red]{escape(one.channel)}[/bold red]: {_('not sent')}: {escape(spoken().say(one.reason or ''))}"
            )
    ctx.exit(0 if all(one.sent for one in told) else 1)


def _print_channels(project: "Project", name: str | None, *, as_json: bool) -> None:
    """One line a channel: its type, when it is told, and what became of its last message."""
    from dq_pipeline import archive

    _ = spoken().gettext
    chosen = [channel for channel in project.settings.notify if name in {None, channel.title}]
    messages = {
        one["channel"]: {**one, "run_id": manifest["run_id"]}
        for manifest in archive.manifests(project.output)
        for one in manifest.get("told") or []
    }
    if as_json:
        listed = [
            {"channel": one.title, "type": one.type, "when": one.when, "last": messages.get(one.title)}
            for one in chosen
        ]
        out.print_json(json.dumps(listed))
        return
    last = {
        channel: f"{one['run_id']}: {_('sent') if one['sent'] else spoken().say(str(one['reason']))}"
        for channel, one in messages.items()
    }
    table = Table(_("channel"), _("type"), _("told"), _("last message"), box=None, pad_edge=False)
    for channel in chosen:
        cells = (channel.title, channel.type, channel.when, last.get(channel.title, _("none yet")))
        table.add_row(*(escape(cell) for cell in cells))
    if table.row_count:
        out.print(table)
    else:
        out.print(_("Nobody is told: there is no such channel under `notify:` in the project file."))
