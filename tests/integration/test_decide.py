"""`dq review decide` in a terminal: keys, undo, quit and going on; the same pairs as the report, in the same order."""

import csv
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterable
from pathlib import Path

from dq_pipeline.config import load_project
from dq_pipeline.deciding import waiting_pairs
from dq_pipeline.linkage.judgements import read_judgements
from tests.conftest import call

_SECONDS = 60.0
ASKS = "Why it is asked: .*\n"


class Terminal:
    """`dq review decide` in a terminal of its own: what it prints, and the keys that one presses."""

    def __init__(self, project: Path, *arguments: str) -> None:
        self.ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "dq_pipeline", "review", "decide", "--project", str(project), *arguments]
        env = {**os.environ, "COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
        os.close(theirs)
        self.text = ""

    def until(self, wanted: str) -> str:
        """What is printed up to and with the line that has `wanted`, since the last time."""
        end = time.monotonic() + _SECONDS
        while not (found := re.search(wanted, self.text)):
            assert time.monotonic() < end, self.text
            if select.select([self.ours], [], [], 1)[0]:
                try:
                    self.text += os.read(self.ours, 65536).decode("utf-8", "replace")
                except OSError:
                    assert re.search(wanted, self.text), self.text
        told, self.text = self.text[: found.end()], self.text[found.end() :]
        return told

    def shows(self, records: Iterable[str]) -> bool:
        """Whether the next pair that is shown is of these records."""
        shown = self.until(ASKS)
        return all(record in shown for record in records)

    def press(self, key: str) -> None:
        """Press a key as soon as keys are read: those that are pressed before a pair is shown decide nothing."""
        end = time.monotonic() + _SECONDS
        while termios.tcgetattr(self.ours)[3] & termios.ICANON:
            assert time.monotonic() < end
            time.sleep(0.02)
        os.write(self.ours, key.encode())

    def write(self, line: str) -> None:
        """Answer a question."""
        os.write(self.ours, f"{line}\n".encode())

    def end(self) -> int:
        """The exit code."""
        code = self.process.wait(_SECONDS)
        os.close(self.ours)
        return code


def decided(project: Path) -> list[tuple[str, str, str, str]]:
    found = read_judgements(project / "pipelines/judgements/customer.csv")
    return [(one.record_id_l, one.record_id_r, one.judgement, one.why) for one in found]


def test_pairs_are_decided_by_keys_taken_back_and_gone_on_with(project: Path) -> None:
    waiting = waiting_pairs(load_project(project), "customer", 100)
    queue = [pair for pair in waiting.pairs if not waiting.judgement(pair)]
    pairs = [tuple(sorted((pair["record_id_l"], pair["record_id_r"]))) for pair in queue]
    done, before, total = len(waiting.pairs) - len(queue), decided(project), len(waiting.pairs)
    sitting = Terminal(project, "customer", "--by", "Ann Lee")
    shown = sitting.until(ASKS)
    assert f"{done + 1} of {total}, {done} decided" in shown
    assert all(record in shown for record in pairs[0])
    assert "Evidence: " in shown
    assert "≠ different" in shown
    sitting.press("u")
    assert sitting.shows(pairs[1])
    assert decided(project) == [*before, (*pairs[0], "unsure", "")]
    sitting.press("w")
    sitting.until("Why: ")
    sitting.write("they are cousins")
    sitting.until("said with your decision")
    sitting.press("u")
    shown = sitting.until(ASKS)
    assert f"{done + 3} of {total}, {done + 2} decided" in shown
    assert decided(project)[len(before) :][1] == (*pairs[1], "unsure", "they are cousins")
    sitting.press("z")
    assert sitting.shows(pairs[1])
    assert decided(project) == [*before, (*pairs[0], "unsure", "")]
    sitting.press("n")
    assert sitting.shows(pairs[2])
    sitting.press("p")
    assert sitting.shows(pairs[1])
    sitting.press("q")
    sitting.until(r"1 decided now, \d+ left")
    assert sitting.end() == 0
    again = Terminal(project, "customer", "--by", "Ann Lee", "--lang", "es")
    shown = again.until("Por qué se pregunta: .*\n")
    assert f"{done + 2} de {total}; decididas: {done + 1}" in shown, shown
    assert "Indicios: " in shown
    assert "≠ distintas" in shown
    assert all(record in shown for record in pairs[1]), shown
    again.press("\x03")
    assert again.end() == 0
    with (project / "pipelines/judgements/customer.csv").open(encoding="utf-8") as stream:
        last = list(csv.DictReader(stream))[-1]
    assert last["decided_by"] == "Ann Lee"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", last["decided_at"])


def test_values_are_masked_unless_asked_for(sample: Path) -> None:
    masked, clear = (waiting_pairs(load_project(sample), "customer", 30, unmasked=say) for say in (False, True))
    mails = {
        (str(hidden["left"]), str(shown["left"]))
        for one, other in zip(masked.pairs, clear.pairs, strict=True)
        for hidden, shown in zip(one["fields"], other["fields"], strict=True)
        if shown["column"] == "email" and shown["left"]
    }
    assert mails
    assert all("•••@" in hidden and hidden != shown and "@" in shown for hidden, shown in mails)


def test_without_a_terminal_it_says_what_to_use(sample: Path) -> None:
    answer = call("review", "decide", "customer", "--project", sample)
    assert answer.code == 2
    assert "needs a terminal" in answer.text
    assert "dq review export" in answer.text
