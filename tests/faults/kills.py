"""Nights that are killed: at each stage, at each step that changes the disk, and at random moments."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import small
from tests.faults.lab import (
    CLOCK,
    NIGHTS_BEFORE,
    TRAINED,
    Lab,
    contents,
    differences,
    digests,
    forked,
    kill_after,
    pointer,
    run_night,
    worked,
)
from tests.faults.moments import Moment, hook

SECOND, FIRST, AGAIN, RESUMED = "a night", "the first night", "the same night again", "a night, resumed"
Step = tuple[str, str]


@dataclass(frozen=True)
class Killed:
    """What became of one kill. `trouble` is empty where all promises held."""

    scene: str
    moment: str
    kind: str
    was_killed: bool
    is_new: bool
    trouble: str


@dataclass(frozen=True)
class Scene:
    """A kind of night: what was there before, which night it is, what it does to the disk, and what it publishes."""

    name: str
    base: Path
    number: int
    except_for: dict[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    work: float
    expected: dict[str, str]


def make_scene(lab: Lab, name: str) -> Scene:
    """A clean night of that kind, watched: its steps, its processor time, and its published tables."""
    number = 0 if name == FIRST else NIGHTS_BEFORE
    base = lab.empty if name == FIRST else lab.base
    except_for = TRAINED if name == FIRST else CLOCK
    if name == AGAIN:
        project = lab.fresh(lab.base, number)
        done = forked(lambda: run_night(project, number), lab.folder / "again.txt")
        assert done.code == 0, done.text
        base = Path(shutil.copytree(project, lab.folder / "again", symlinks=True))
    project = lab.fresh(base, number)
    seen: list[float] = []

    def clean() -> Any:
        steps: list[Step] = []
        hook(None, project, lambda kind, what: steps.append((kind, what)))
        code = run_night(project, number)
        return {"code": code, "steps": steps, "tables": contents(pointer(project), except_for)}

    def watch(pid: int) -> None:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            seen.append(worked(pid))
            time.sleep(0.01)

    ended = forked(clean, lab.folder / "clean.txt", watch=watch)
    assert ended.value, ended.text
    assert ended.value["code"] == 0, ended.text
    steps = tuple((kind, what) for kind, what in ended.value["steps"])
    return Scene(name, base, number, except_for, steps, seen[-1], ended.value["tables"])


def moments(scene: Scene) -> Iterator[Moment]:
    """Every stage boundary, both sides of every step, and half of everything that is written at once."""
    counts = {"step": 0, "torn": 0}
    for kind, what in scene.steps:
        if kind == "stage":
            yield Moment("stage", what)
            continue
        number, counts[kind] = counts[kind], counts[kind] + 1
        for side in ("before", "after") if kind == "step" else ("torn",):
            yield Moment(side, number, what)


def chosen(scene: Scene) -> list[Moment]:
    """Of a usual night every moment; of the others each stage, and the steps that only they have or that publish."""
    if scene.name == SECOND:
        return list(moments(scene))
    if scene.name == RESUMED:
        return [moment for moment in moments(scene) if moment.kind == "stage"]
    own = ("pipelines/", "published", "working.duckdb", "manifest.json")
    return [moment for moment in moments(scene) if moment.kind == "stage" or any(part in moment.what for part in own)]


def random_moments(scene: Scene, count: int, seed: int) -> list[Moment]:
    """Seeded moments of a night, even over its work."""
    chance = random.Random(f"{seed} {scene.name}")
    return [Moment("work", round(chance.uniform(0, scene.work), 3)) for _ in range(count)]


def kill_one(lab: Lab, scene: Scene, moment: Moment) -> Killed:
    """Kill the night at that moment, look at what is published, run it again, and compare with the clean night."""
    project = lab.fresh(scene.base, scene.number)
    before = digests(project)

    def night() -> int:
        hook(moment, project, lambda *_: None)
        return run_night(project, scene.number)

    watch = kill_after(float(moment.at)) if moment.kind == "work" else None
    ended = forked(night, lab.folder / "killed.txt", watch=watch)
    if not ended.is_killed and moment.kind != "work":
        return _told(scene, moment, False, False, f"the moment never came: {ended.text}")
    after = digests(project)
    is_new = after != before
    looked = forked(lambda: look_and_repeat(project, scene, is_new), lab.folder / "repeated.txt")
    trouble = looked.text.strip() if looked.value is None else str(looked.value["trouble"])
    return _told(scene, moment, ended.is_killed, is_new, trouble)


def look_and_repeat(project: Path, scene: Scene, is_new: bool, *, is_other: bool = False) -> dict[str, str]:
    """Whether the published file opens and is whole, and whether a plain `dq run` then gives what it should.

    `is_other`: what was read before was something else, so that the repeated run is the second of its day.
    """
    trouble = []
    published = pointer(project)
    if published.exists():
        # Unchanged to the byte is looked at by its hashes; a new one must be the complete new one.
        found = contents(published, scene.except_for)
        if is_new and differences(found, scene.expected):
            trouble.append(f"half published: {differences(found, scene.expected)}")
    elif published.is_symlink() or scene.number:
        trouble.append("nothing is published any more")
    code = run_night(project, scene.number, *(["--resume"] if scene.name == RESUMED else []))
    if code == 2 and scene.name == RESUMED:
        # It said why it cannot: no stage was complete, or all of them were.
        code = run_night(project, scene.number)
    if code:
        trouble.append(f"the next run ended with {code}")
    else:
        day = small.night(scene.number)
        found = contents(pointer(project), scene.except_for, (f"{day}-2", f"{day}-1") if is_other else None)
        different = differences(found, scene.expected)
        # Once its night is published, a run has that night before it, and so writes other numbers of rows on the way.
        different = [name for name in different if not (is_new and name == "ops.stages")]
        trouble += [f"other than a clean night: {different}"] if different else []
    trouble += [f"left behind: {name}" for name in _leftovers(project)]
    return {"trouble": "; ".join(trouble)}


def _leftovers(project: Path) -> list[str]:
    """Half-written files that a repeated night must have swept."""
    files = (path for path in project.rglob("*") if path.name.endswith((".part", ".new", ".tmp", ".wal")))
    return sorted(str(path.relative_to(project)) for path in files)


def _told(scene: Scene, moment: Moment, was_killed: bool, is_new: bool, trouble: str) -> Killed:
    return Killed(scene.name, str(moment), moment.kind, was_killed, is_new, trouble)
