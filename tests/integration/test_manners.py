"""What all commands have in common: names that a shell completes, hints on typing errors, quiet, JSON, colors."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from dq_pipeline.cli import dq
from dq_pipeline.cli.base import Terminal
from dq_pipeline.cli.completing import leaves
from dq_pipeline.cli.running import StageProgress, last_seconds, time_left
from tests.conftest import call


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_dq_itself(shell: str) -> None:
    answer = call("completion", shell)
    assert answer.code == 0
    assert f"_DQ_COMPLETE={shell}_complete" in answer.text
    assert f"dq completion {shell}" in answer.text


def completed(sample: Path, *typed: str) -> list[str]:
    """What a shell would propose for the last word."""
    shell = BashComplete(dq, {}, "dq", "_DQ_COMPLETE")
    is_group = isinstance(dq.commands.get(typed[0]), click.Group)
    place = ["--project", str(sample)] if len(typed) > 1 + is_group else []
    return [item.value for item in shell.get_completions([*typed[:-1], *place], typed[-1])]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("ru",), ["run", "runs"]),
        (("run", "--fr"), ["--from", "--from-snapshot"]),
        (("profile", "order"), ["order_lines", "orders"]),
        (("train", ""), ["address", "customer"]),
        (("evaluate", "cust"), ["customer"]),
        (("quarantine", "list", "ship"), ["shipment_lines", "shipments"]),
        (("review", "export", "a"), ["address"]),
        (("diff", "2026"), ["2026-11-20-1"]),
        (("quarantine", "re"), ["release", "replay"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_shell_completes_commands_options_and_names(
    sample: Path, typed: tuple[str, ...], expected: list[str]
) -> None:
    assert completed(sample, *typed) == expected


def test_a_run_is_completed_behind_its_option(sample: Path) -> None:
    shell = BashComplete(dq, {}, "dq", "_DQ_COMPLETE")
    found = shell.get_completions(["report", "--project", str(sample), "--run"], "2")
    assert [item.value for item in found] == ["2026-11-20-1"]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (("trian",), "Did you mean `dq train`?"),
        (("reveiw", "list"), "Did you mean `dq review`?"),
        (("run", "--dtae", "2026-11-20"), "--date"),
        (("run", "--from", "lnik"), "link"),
        (("profile", "ordres"), "did you mean orders?"),
        (("review", "export", "custmer"), "did you mean customer?"),
        (("export", "custmer"), "did you mean master.customer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_typing_error_is_answered_with_what_was_meant(sample: Path, typed: tuple[str, ...], hint: str) -> None:
    words = [*typed, "--project", str(sample)] if typed[0] in dq.commands else typed
    answer = call(*words)
    assert answer.code == 2
    assert hint in answer.text


def test_every_command_that_reports_has_json_and_every_one_that_acts_has_quiet() -> None:
    told = {name: {option for one in command.params for option in one.opts} for name, command in leaves()}
    neither = {name for name, options in told.items() if not options & {"--json", "--quiet"}}
    # The first prints a script, the second a sheet.
    assert neither <= {"completion", "review export", "serve", "review", "review decide"}
    assert {name for name, options in told.items() if "--quiet" in options} >= {"run", "check", "train", "export"}
    for name, command in leaves():
        options = [option for one in command.params for option in (*one.opts, *one.secondary_opts)]
        assert len(options) == len({*options}), name
        assert isinstance(command, click.Command)


def test_quiet_prints_nothing_where_all_is_well_and_json_all_the_same(sample: Path) -> None:
    assert call("check", "--project", sample, "--quiet").text == ""
    told = json.loads(call("check", "--project", sample, "--quiet", "--json").text)
    assert told["checked"]["sources"] == 8
    listed = json.loads(call("export", "--project", sample, "--list", "--json").text)
    assert {"table": "master.orders", "rows": 0}.keys() == listed[0].keys()
    assert len(listed) > 50


def test_colors_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {}
    for name, is_terminal, no_color in (("terminal", True, ""), ("refused", True, "1"), ("file", False, "")):
        monkeypatch.setenv("NO_COLOR", no_color) if no_color else monkeypatch.delenv("NO_COLOR", raising=False)
        for variable in ("FORCE_COLOR", "TTY_COMPATIBLE"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        stream = io.StringIO()
        Terminal(file=stream, force_terminal=is_terminal or None).print("[bold red]held[/bold red] \x1b[2J")
        shown[name] = stream.getvalue()
    assert "\x1b[1;31mheld" in shown["terminal"]
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown["refused"])
    assert shown["file"] == "held \ufffd[2J\n"
    assert not any("\x1b[2J" in text for text in shown.values())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "a little longer than last time"),
        (-50, "a little longer than last time"),
        (3, "about 5 s left"),
        (61, "about 65 s left"),
        (91, "about 2 min left"),
        (3_601, "about 61 min left"),
    ],
)
def test_what_is_left_is_said_as_roughly_as_it_is_known(seconds: float, said: str) -> None:
    assert time_left(seconds) == said


def test_what_is_left_is_known_from_the_night_before(sample: Path, tmp_path: Path) -> None:
    assert last_seconds(tmp_path) == {}
    assert StageProgress({}, quiet=True).expected == {}
    expected = last_seconds(sample / "output")
    assert list(expected)[:4] == ["ingest", "validate", "standardize", "link"]
    progress = StageProgress(expected, quiet=True)
    progress.started("ingest")
    assert progress.live.tasks[-1].fields["expected"] == pytest.approx(sum(expected.values()))


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (("check", "--quiet"), 0, ""),
        (("train", "custmer"), 2, "did you mean customer?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_of_its_own_process_prints_its_message_and_nothing_else(
    sample: Path, typed: tuple[str, ...], code: int, said: str
) -> None:
    program = [sys.executable, "-m", "dq_pipeline", *typed, "--project", str(sample)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == (2 if said else 0), done.stderr
    assert done.stdout == ""
