"""`dq serve`: the report with decisions saved at once, on this computer alone."""

import getpass
from contextlib import suppress
from pathlib import Path

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, out, project_option
from dq_pipeline.cli.speaking import lang_option, load_spoken


@dq.command()
@project_option
@click.option("--host", default="127.0.0.1", show_default=True, help="A name of this computer; no other is taken.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; any free one if left out.")
@click.option("--by", "decided_by", help="Who decides, where the page does not say it; your login name if left out.")
@click.option("--unmasked", is_flag=True, help="Show people in clear, as `dq report --unmasked` writes it.")
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@lang_option
def serve(
    project_path: Path,
    host: str,
    port: int,
    decided_by: str | None,
    unmasked: bool,
    show: bool,
    lang: str | None,
) -> None:
    """Show the report, and save each decision on a pair at once.

    The address that is printed works once, in one browser of this computer. Decisions go to the project's judgements,
    where several people may write: nobody's decision is lost, and the page says where somebody else decided otherwise.
    People are masked, unless it is started with --unmasked: that leaves output/private/report-unmasked.html, which only
    you can read. Ctrl-C ends it.

    \b
    Examples:
      dq serve --open
      dq serve --port 8765 --by "Ann Lee"
    """
    from dq_pipeline.serving import serve as serve_report

    def ready(address: str) -> None:
        out.print(f"The report is at {escape(address)}")
        out.print("That address works once. Ctrl-C ends it; what was decided is saved.")
        if show:
            click.launch(address)

    by = (decided_by or "").strip() or user_name()
    with suppress(KeyboardInterrupt):
        serve_report(load_spoken(project_path, lang), host, port, by, ready, unmasked=unmasked)


def user_name() -> str:
    """The login name of whoever runs the command, or `steward` where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "steward"
