"""`make faults`: nights are killed and starved while readers read; what was found is printed as tables.

    python -m tests.faults                     all of it: some 340 kills, an hour on one processor
    python -m tests.faults --bounded           a seeded part, in a minute
    python -m tests.faults --only kills --seed 7

Ends with 1 where a promise was broken.
"""

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tests.faults import kills, others, readers
from tests.faults.cases import CASES
from tests.faults.lab import Lab
from tests.faults.moments import Moment
from tests.faults.table import show

RANDOM = {kills.SECOND: 130, kills.FIRST: 30, kills.AGAIN: 20, kills.RESUMED: 20}
BOUNDED_KILLS = 6
READERS = {"readers": 20, "nights": 50, "swaps": 1000}
BOUNDED_READERS = {"readers": 4, "nights": 2, "swaps": 200}
BOUNDED_CASES = ("disk full, started publish", "read-only output", "extract changes without end", "five starts at once")


@click.command()
@click.option("--only", type=click.Choice(["kills", "others", "readers"]), help="One part of it.")
@click.option("--bounded", is_flag=True, help="A seeded part that takes a minute.")
@click.option("--named", default="", help="Only faults whose name holds this.")
@click.option("--seed", default=20261120, show_default=True, help="Chooses the random moments.")
@click.option("--jobs", default=os.cpu_count() or 1, help="How many processes.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write what was found here, too.")
def main(only: str | None, bounded: bool, named: str, seed: int, jobs: int, as_json: Path | None) -> None:
    """Break nights, and see that nothing is lost."""
    # Memory, where there is such a folder: hundreds of projects are copied.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=place) as folder:
        lab = Lab(Path(folder))
        lab.warm()
        found: dict[str, list[dict[str, Any]]] = {}
        if only in {None, "kills"}:
            found["kills"] = kill_all(lab, bounded, seed, 1 if bounded else jobs)
            show_kills(found["kills"])
        if only in {None, "others"}:
            found["others"] = try_all(lab, bounded, 1 if bounded else jobs, named)
            show_others(found["others"])
        if only in {None, "readers"}:
            watched = readers.watch_publishes(lab, **(BOUNDED_READERS if bounded else READERS))
            found["readers"] = [asdict(watched)]
            counted = {name: value for name, value in found["readers"][0].items() if name != "trouble"}
            show("Readers", [name.replace("_", " ") for name in counted], [list(counted.values())])
    for row in (row for rows in found.values() for row in rows if row["trouble"]):
        click.echo(f"\nbroken: {row}")
    click.echo(f"\n{time.monotonic() - began:.0f} s, seed {seed}")
    if as_json:
        as_json.parent.mkdir(parents=True, exist_ok=True)
        as_json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    raise SystemExit(int(any(row["trouble"] for rows in found.values() for row in rows)))


def kill_all(lab: Lab, bounded: bool, seed: int, jobs: int) -> list[dict[str, Any]]:
    """Every kill of every kind of night, or a few of a usual night."""
    cases = []
    for name in (kills.SECOND,) if bounded else RANDOM:
        scene = kills.make_scene(lab, name)
        wanted = [*kills.chosen(scene), *kills.random_moments(scene, RANDOM[name], seed)]
        if bounded:
            wanted = random.Random(seed).sample(wanted, BOUNDED_KILLS)
        cases += [(scene, moment) for moment in wanted]

    def one(own: Lab, case: tuple[kills.Scene, Moment]) -> dict[str, Any]:
        return asdict(kills.kill_one(own, *case))

    return shared(lab, cases, one, jobs)


def try_all(lab: Lab, bounded: bool, jobs: int, named: str) -> list[dict[str, Any]]:
    """Every other fault, or those that are quick to try."""
    scene = kills.make_scene(lab, kills.SECOND)
    wanted = [case for case in CASES if named in case.name and (not bounded or case.name in BOUNDED_CASES)]
    cases = [case for case in wanted if is_possible(case)]
    for case in wanted:
        if case not in cases:
            click.echo(f"skipped, for this user may not: {case.name}")
    return shared(lab, cases, lambda own, case: asdict(others.try_case(own, scene, case)), jobs)


def is_possible(case: others.Case) -> bool:
    """Whether this user may do what the fault needs: root may, but not in every container."""
    return (not case.as_nobody or os.geteuid() == 0) and (not case.own_disk or others.can_mount())


def show_others(rows: Sequence[dict[str, Any]]) -> None:
    """One line for each fault."""
    head = ("fault", "exit", "published", "next run right", "said")
    lines = [
        (
            row.get("fault", "?"),
            row.get("code", "?"),
            "the new one" if row.get("is_new") else "untouched",
            "no" if row["trouble"] else "yes",
            row.get("said", "")[:90],
        )
        for row in rows
    ]
    show("Other faults", head, lines)


def shared(
    lab: Lab, cases: Sequence[Any], one: Callable[[Lab, Any], dict[str, Any]], jobs: int
) -> list[dict[str, Any]]:
    """`one` of each case, in several forks of this process, each with a folder of its own."""
    workers = []
    for part in range(jobs):
        own = Lab(Path(tempfile.mkdtemp(prefix="worker", dir=lab.folder)))
        own.base, own.empty = lab.base, lab.empty
        told = own.folder / "told.jsonl"
        pid = os.fork()
        if pid:
            workers.append((pid, told))
            continue
        with told.open("w", encoding="utf-8") as stream:
            for case in cases[part::jobs]:
                row = one(own, case)
                stream.write(f"{json.dumps(row)}\n")
                stream.flush()
        shutil.rmtree(own.project.parent, ignore_errors=True)
        os._exit(0)
    for pid, _ in workers:
        os.waitpid(pid, 0)
    rows = [json.loads(line) for _, told in workers for line in told.read_text(encoding="utf-8").splitlines()]
    if len(rows) < len(cases):
        rows.append({"trouble": f"{len(cases) - len(rows)} cases were not told: a worker broke"})
    return rows


def show_kills(rows: Sequence[dict[str, Any]]) -> None:
    """One line for each kind of night and of moment."""
    named = {"stage": "stage boundaries", "before": "before a step", "after": "after a step"}
    named |= {"torn": "within a write", "work": "random moments"}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row.get("scene", "?"), row.get("kind", "?")), []).append(row)
    lines = [_counted(f"{scene}: {named.get(kind, kind)}", of) for (scene, kind), of in groups.items()]
    lines.append(_counted("all", rows))
    head = ("killed by SIGKILL", "nights", "killed", "untouched", "new one whole", "next run right", "broken")
    show("Kills", head, lines)


def _counted(title: str, rows: Sequence[dict[str, Any]]) -> list[object]:
    whole = [row for row in rows if not row["trouble"]]
    killed = sum(row.get("was_killed", False) for row in rows)
    new = sum(row.get("is_new", False) for row in whole)
    return [title, len(rows), killed, len(whole) - new, new, len(whole), len(rows) - len(whole)]


if __name__ == "__main__":
    main()
