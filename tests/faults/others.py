"""What else befalls a night: no room, no memory, no right, a moving extract, a wrong clock, two starts at once."""

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.faults.kills import Scene, look_and_repeat
from tests.faults.lab import Lab, digests, forked, run_night

Change = Callable[[Path], None]
NOBODY = 65534
_LIBC = ctypes.CDLL(None, use_errno=True)


def _nothing(project: Path) -> None:
    """Where nothing is to be done."""


@dataclass(frozen=True)
class Case:
    """A fault. `before` and `after` change the project around the night, `within` the process that runs it.

    `codes` are the exit codes that are right, and `says` what must be printed. `as_nobody` runs without root's rights,
    `own_disk` with a small disk for the outputs; both need root to begin with.
    """

    name: str
    codes: tuple[int, ...]
    says: str
    within: Change = _nothing
    before: Change = _nothing
    after: Change = _nothing
    as_nobody: bool = False
    own_disk: bool = False
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
    if case.own_disk:
        _mount_small_disk(project)
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
    if code < 0:
        return wrong
    if not re.search(case.says, flat):
        wrong.append(f"did not say /{case.says}/ but: {flat[-1500:]}")
    if "Traceback" in text or ("unforeseen" in text and "unforeseen" not in case.says):
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


@cache
def can_mount() -> bool:
    """Whether this user may mount a disk: root may, but not in every container."""
    if os.geteuid():
        return False
    pid = os.fork()
    if pid == 0:
        with tempfile.TemporaryDirectory() as folder:
            is_refused = any(_mount(Path(folder)))
            if not is_refused:
                _LIBC.umount(folder.encode())
        os._exit(int(is_refused))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _mount(folder: Path) -> list[int]:
    """A small disk on a folder, that only this process and its children see; numbers that are 0 if all went well."""
    new_namespace, private, recursive = 0x00020000, 1 << 18, 1 << 14
    return [
        _LIBC.unshare(new_namespace),
        _LIBC.mount(b"none", b"/", None, recursive | private, None),
        _LIBC.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=64m,mode=0700"),
    ]


def _mount_small_disk(project: Path) -> None:
    kept = project.with_name("kept")
    shutil.copytree(project / "output", kept, symlinks=True)
    if any(_mount(project / "output")):
        raise OSError(ctypes.get_errno(), "no small disk can be mounted")
    shutil.copytree(kept, project / "output", symlinks=True, dirs_exist_ok=True)


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
