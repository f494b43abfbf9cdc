"""Readers who open and query the published file without pause, and keep it open, while nights are published.

Each night of one run names it in several tables: a reader who sees two runs in one connection saw a mix.
"""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.warehouse import Warehouse
from tests.faults import small
from tests.faults.lab import NIGHTS_BEFORE, Lab, forked, pointer, run_night, start_fork, wait_for

# The run that a file is of, as five of its tables say it.
_ONE_NIGHT = """
select 'scorecard', max(run_id) from quality.scorecard
union all select 'runs', arg_max(run_id, run_date) from ops.runs
union all select 'stages', arg_max(run_id, run_id) from ops.stages
union all select 'trend', arg_max(run_id, run_date) from quality.trend
union all select 'accounts', strftime(max(updated_at), '%Y-%m-%d-1') from master.customer
"""
_WHOLE = """
select count(*), count(distinct (entity, record_id)), count(*) filter (where master_id is null) from identity.xref
"""
# How long a reader keeps a file open: over several publishes.
KEPT_SECONDS = 20.0
# Between two looks: twenty readers leave a night its processor.
PAUSE = 0.1


@dataclass
class Seen:
    """What one reader saw: how often it opened and asked, the runs, and what was wrong."""

    opened: int = 0
    asked: int = 0
    asked_of_kept: int = 0
    runs: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Watched:
    """All readers together, and the publishes they lived through."""

    readers: int
    publishes: int
    swaps: int
    opened: int
    asked: int
    asked_of_kept: int
    nights_seen: int
    errors: int
    mixed: int
    trouble: str


def watch_publishes(lab: Lab, readers: int, nights: int, swaps: int) -> Watched:
    """Publish so many nights one after another, then swap the name `swaps` times more, while the readers read."""
    project = lab.fresh(number=None)
    stop = project.parent / "stop"
    printed = [lab.folder / f"reader{number}.txt" for number in range(readers)]
    started = [
        start_fork(lambda number=number: _read(project, stop, number), path) for number, path in enumerate(printed)
    ]
    trouble = []
    for number in range(NIGHTS_BEFORE, NIGHTS_BEFORE + nights):
        small.deliver(project, number)
        done = forked(lambda number=number: run_night(project, number), lab.folder / "published.txt")
        if done.code:
            trouble.append(f"night {number} ended with {done.code}: {done.text[-500:]}")
    _swap(project, swaps)
    stop.touch()
    found = [wait_for(pid, path, 60) for pid, path in zip(started, printed, strict=True)]
    trouble += [f"a reader ended with {one.code}: {one.text[-500:]}" for one in found if one.value is None]
    seen = [one.value for one in found if one.value is not None]
    trouble += [text for one in seen for text in [*one["errors"], *one["mixed"]][:3]]
    return Watched(
        readers,
        nights,
        swaps,
        *(sum(one[name] for one in seen) for name in ("opened", "asked", "asked_of_kept")),
        len({run for one in seen for run in one["runs"]}),
        *(sum(len(one[name]) for one in seen) for name in ("errors", "mixed")),
        "; ".join(trouble),
    )


def _swap(project: Path, times: int) -> None:
    """Name the last night and the one before in turn, as fast as it goes."""
    known = [Path(one["directory"]) for one in archive.manifests(project / "output") if one["verdict"] == "published"]
    known = [directory for directory in known if (directory / "truth.duckdb").exists()]
    for number in range(times):
        archive.point_to(project / "output", known[-1 - number % 2])


def _read(project: Path, stop: Path, number: int) -> dict[str, Any]:
    """Open, ask, close, until `stop` is there; every second reader keeps a file open besides."""
    # Nights shall go on, however many read.
    os.nice(10)
    seen = Seen()
    kept: tuple[Warehouse, str, float] | None = None
    while not stop.exists():
        try:
            run = _open_and_ask(pointer(project), seen)
            if number % 2:
                kept = _ask_kept(project, kept, seen)
        except Exception as error:
            seen.errors.append(f"{type(error).__name__}: {error}"[:500])
            continue
        seen.runs.add(run)
        time.sleep(PAUSE)
    return asdict(seen) | {"runs": sorted(seen.runs)}


def _open_and_ask(path: Path, seen: Seen) -> str:
    reader = Warehouse(path, read_only=True)
    try:
        seen.opened += 1
        return _ask(reader, seen)
    finally:
        reader.close()


def _ask(reader: Warehouse, seen: Seen) -> str:
    """The run that all tables agree on."""
    told = dict(reader.rows(_ONE_NIGHT))
    rows, records, astray = reader.rows(_WHOLE)[0]
    seen.asked += 2
    if len(set(told.values())) != 1 or rows != records or astray or not rows:
        seen.mixed.append(json.dumps([told, rows, records, astray], default=str))
    return str(told["runs"])


def _ask_kept(project: Path, kept: tuple[Warehouse, str, float] | None, seen: Seen) -> tuple[Warehouse, str, float]:
    """Ask a file that was opened nights ago: it is still the night that it was. After a while take a new one."""
    if kept is None:
        # By its real place: one process that opens one name twice is given the same database by DuckDB.
        reader = Warehouse(pointer(project).resolve(), read_only=True)
        return reader, _ask(reader, seen), time.monotonic()
    reader, run, since = kept
    seen.asked_of_kept += 1
    if _ask(reader, seen) != run:
        seen.mixed.append(f"a file of {run} became another")
    if time.monotonic() - since < KEPT_SECONDS:
        return kept
    reader.close()
    return _ask_kept(project, None, seen)
