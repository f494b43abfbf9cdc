"""The `dq` commands: the only package that prints or exits. One module is one group of commands."""

import os
import sys
import traceback
from contextlib import suppress

import click
from rich.markup import escape

# The order of these imports is the order of the commands in the help.
from dq_pipeline.cli import starting  # isort: skip
from dq_pipeline.cli import running  # isort: skip
from dq_pipeline.cli import profiling  # isort: skip
from dq_pipeline.cli import training  # isort: skip
from dq_pipeline.cli import evaluating  # isort: skip
from dq_pipeline.cli import reporting  # isort: skip
from dq_pipeline.cli import looking  # isort: skip
from dq_pipeline.cli import lookup  # isort: skip
from dq_pipeline.cli import differing  # isort: skip
from dq_pipeline.cli import explaining  # isort: skip
from dq_pipeline.cli import exporting  # isort: skip
from dq_pipeline.cli import reviewing  # isort: skip
from dq_pipeline.cli import deciding  # isort: skip
from dq_pipeline.cli import serving  # isort: skip
from dq_pipeline.cli import quarantining  # isort: skip
from dq_pipeline.cli import erasing  # isort: skip
from dq_pipeline.cli import notifying  # isort: skip
from dq_pipeline.cli import scheduling  # isort: skip
from dq_pipeline.cli import doctoring  # isort: skip
from dq_pipeline.cli import completing  # isort: skip
from dq_pipeline.cli.base import dq, err
from dq_pipeline.cli.speaking import spoken, told
from dq_pipeline.errors import DqError, refused

__all__ = [
    "completing",
    "deciding",
    "differing",
    "doctoring",
    "dq",
    "erasing",
    "evaluating",
    "explaining",
    "exporting",
    "looking",
    "lookup",
    "main",
    "notifying",
    "profiling",
    "quarantining",
    "reporting",
    "reviewing",
    "running",
    "scheduling",
    "serving",
    "starting",
    "training",
]

completing.give_manners()


def main() -> None:
    """The entry point: every known error is one message and its exit code; an unknown one asks to be reported."""
    code = _run()
    if not os.environ.get("DQ_DEBUG"):
        _end_quietly()
    sys.exit(code)


def _end_quietly() -> None:
    """Let nothing be printed any more: DuckDB's binding tells the terminal which of its objects outlive Python."""
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _run() -> int:
    try:
        code = dq.main(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        err.print("Interrupted; what was published before stays as it was.")
        return 1
    except DqError as error:
        err.print(f"[bold red]{spoken().gettext('error')}[/bold red] {escape(told(error))}")
        return error.exit_code
    except BrokenPipeError:
        # Whoever read what is printed went away.
        return 1
    except (OSError, MemoryError) as error:
        if os.environ.get("DQ_DEBUG"):
            traceback.print_exc()
        err.print(f"[bold red]{spoken().gettext('error')}[/bold red] {escape(told(refused(error)))}")
        return 1
    except Exception as error:
        if os.environ.get("DQ_DEBUG"):
            traceback.print_exc()
        err.print(f"[bold red]error[/bold red] an unforeseen fault ({type(error).__name__}); nothing was published.")
        err.print("  What to do: run again with DQ_DEBUG=1 and report what it prints, without personal data.")
        return 1
