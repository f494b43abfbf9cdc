"""What else befalls a night: no room, no memory, no right, a moving extract, a wrong clock, two starts at once."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.kills import Scene, look_and_repeat
from tests.faults.lab import Lab, digests, forked, run_night

Change = Callable[[Path], None]
NOBODY = 65534


def _nothing(project: Path) -> None:
    """Where nothing is to be done."""


@dataclass(frozen=True)
class Case:
    """A fault. `before` and `after` change the project around the night, `within` the process that runs it.

    `codes` are the exit codes that are right, and `says` what must be printed. `as_nobody` runs without root's rights.
    """

    name: str
    codes: tuple[int, ...]
    says: str
    within: Change = _nothing
    before: Change = _nothing
    after: Change = _nothing
    as_nobody: bool = False
    night: Callable[[Path, int], int] = run_night


@dataclass(frozen=True)
class Found:
    """What came of a fault. `trouble` is empty where all promises held."""

    fault: str
    code: int
    said: str
    is_new: bool
    trouble: str


def try_case(lab: Lab, scene: Scene, case: Case) -> Found:
    """The night with its fault, what is published after it, and the next night, in a process of its own."""
    ended = forked(lambda: _try(lab, scene, case), lab.folder / "case.txt")
    if ended.value is None:
        return Found(case.name, ended.code, "", False, f"the test broke: {ended.text[-2000:]}")
    return Found(**ended.value)


def _try(lab: Lab, scene: Scene, case: Case) -> dict[str, Any]:
    project = lab.fresh(scene.base, scene.number)
    if case.as_nobody:
        _give_to_nobody(lab, project)
    published = digests(project)
    case.before(project)

    def night() -> int:
        if case.as_nobody:
            _become_nobody()
        case.within(project)
        return case.night(project, scene.number)

    ended = forked(night, lab.folder / "night.txt")
    trouble = _wrong_with(ended.code, ended.text, case)
    case.after(project)
    is_new = digests(project) != published
    if is_new and 0 not in case.codes:
        trouble.append("something was published")

    def look() -> dict[str, str]:
        if case.as_nobody:
            _become_nobody()
        return look_and_repeat(project, scene, is_new, is_other=3 in case.codes)

    looked = forked(look, lab.folder / "repeated.txt")
    after = looked.text if looked.value is None else looked.value["trouble"]
    trouble += [f"{after}\n{looked.text[-600:]}"] if after else []
    found = Found(case.name, ended.code, _first_line(ended.text), is_new, "; ".join(trouble))
    return vars(found)


def _wrong_with(code: int, text: str, case: Case) -> list[str]:
    flat = " ".join(text.split())
    wrong = [] if code in case.codes else [f"ended with {code}: {flat[-1500:]}"]
    if not re.search(case.says, flat):
        wrong.append(f"did not say /{case.says}/ but: {flat[-1500:]}")
    if "Traceback" in text or "unforeseen" in text:
        wrong.append("no clear error")
    if code and "What to do:" not in flat:
        wrong.append("no word of what to do")
    return wrong


def _first_line(text: str) -> str:
    told = [line.strip() for line in text.splitlines() if line.startswith(("error", "failed", "breach"))]
    return told[0] if told else ""


def _give_to_nobody(lab: Lab, project: Path) -> None:
    for folder in (lab.folder, lab.folder.parent, project.parent):
        folder.chmod(folder.stat().st_mode | 0o011)
    for path in [project, *project.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
