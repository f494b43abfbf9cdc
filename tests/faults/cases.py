"""The faults other than kills: what is done to the project or to the process, and what must come of it."""

import os
import re
import resource
import signal
import sys
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from dq_pipeline import pipeline
from tests.faults import small
from tests.faults.lab import dq_run, run_night, start_fork, wait_for
from tests.faults.moments import hook
from tests.faults.others import NOBODY, Case, Change

CRM, SHOP = "data/crm.csv", "data/shop.jsonl"

# Rights ----------------------------------------------------------------------------------------------------------


def _closed(name: str, mode: int, owner: int) -> Change:
    def change(project: Path) -> None:
        os.chown(project / name, owner, owner)
        (project / name).chmod(mode)

    return change


def _rights(title: str, at: str, mode: int, codes: tuple[int, ...], says: str, *, owner: int = 0) -> Case:
    """A file or folder that is another user's (root's), with these rights for the user who runs the night."""
    return Case(title, codes, says, before=_closed(at, mode, owner), after=_usual(at), as_nobody=True)


def _usual(name: str) -> Change:
    def change(project: Path) -> None:
        path = project / name
        _closed(name, 0o700 if path.is_dir() else 0o600, NOBODY)(project)

    return change


# Room and memory -------------------------------------------------------------------------------------------------


def at_stage(event: str, change: Change) -> Change:
    """A change within the night, when the observer is told `event`."""

    def within(project: Path) -> None:
        def told(kind: str, what: str) -> None:
            if kind == "stage" and what == event:
                change(project)

        hook(None, project, told)

    return within


def _fill(project: Path) -> None:
    """Somebody else takes all the room that is left on the disk of the outputs."""
    descriptor = os.open(project / "output/.taken", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for size in (1 << 20, 1 << 12, 1):
        try:
            while True:
                os.write(descriptor, b"\0" * size)
        except OSError:
            continue
    os.close(descriptor)


def _free(project: Path) -> None:
    (project / "output/.taken").unlink(missing_ok=True)


def _full(event: str) -> Case:
    says = r"No space left|no room|has room for|disk is full"
    return Case(f"disk full, {event}", (1,), says, at_stage(event, _fill), after=_free, own_disk=True)


def _largest_file(size: int) -> Change:
    def within(_: Path) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return within


def _no_memory(_: Path) -> None:
    """From now on the process gets no memory beyond what it holds."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    held = int(re.search(r"VmSize:\s+(\d+)", status)[1]) << 10  # type: ignore[index]
    resource.setrlimit(resource.RLIMIT_AS, (held, held))


def _small_database(_: Path) -> None:
    plain = pipeline.Warehouse

    def small_one(*arguments: Any, **options: Any) -> Any:
        return plain(*arguments, **{**options, "memory_limit": "4MB"})

    pipeline.Warehouse = small_one  # type: ignore[assignment, misc]


# Extracts that move ----------------------------------------------------------------------------------------------


def _while_read(name: str, change: Change, times: int) -> Change:
    """Change an extract after it was opened for reading, so many times."""

    def within(project: Path) -> None:
        plain, left = os.fstat, [times]

        def fstat(descriptor: int) -> os.stat_result:
            found = plain(descriptor)
            if left[0] and os.readlink(f"/proc/self/fd/{descriptor}") == str(project / name):
                left[0] -= 1
                change(project)
            return found

        os.fstat = fstat

    return within


def _cut(name: str) -> Change:
    """Leave half of an extract, and the whole beside it."""

    def change(project: Path) -> None:
        whole = (project / name).read_bytes()
        (project / name).with_suffix(".whole").write_bytes(whole)
        (project / name).write_bytes(whole[: len(whole) // 2])

    return change


def _append_rest(name: str) -> Change:
    def change(project: Path) -> None:
        whole = (project / name).with_suffix(".whole").read_bytes()
        with (project / name).open("ab") as stream:
            stream.write(whole[len(whole) // 2 :])

    return change


def _put_whole(name: str) -> Change:
    def change(project: Path) -> None:
        os.replace((project / name).with_suffix(".whole"), project / name)

    return change


def _touch(name: str) -> Change:
    def change(project: Path) -> None:
        with (project / name).open("ab") as stream:
            stream.write(b"\n")

    return change


def _deliver(project: Path) -> None:
    small.deliver(project, 2)


def _lose(name: str) -> Change:
    def change(project: Path) -> None:
        (project / name).unlink()

    return change


# The clock -------------------------------------------------------------------------------------------------------


def _clock(by: timedelta, event: str | None = None) -> Change:
    """The wall clock is off by so much, from the beginning or from an event on."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    def shift(_: Path) -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("dq_pipeline.") and getattr(module, "datetime", None) is datetime:
                setattr(module, "datetime", Shifted)  # noqa: B010

    return at_stage(event, shift) if event else shift


# Two starts at once ----------------------------------------------------------------------------------------------


def _five_at_once(project: Path, number: int) -> int:
    """Five nights start together: one is run, and four are told who runs it."""
    printed = [project.parent / f"start{start}.txt" for start in range(5)]
    started = [start_fork(lambda: run_night(project, number), path) for path in printed]
    ended = [wait_for(pid, path) for pid, path in zip(started, printed, strict=True)]
    codes = sorted(one.code for one in ended)
    told = [one.text for one in ended if one.code == 4]
    assert codes == [0, 4, 4, 4, 4], [codes, [one.text for one in ended]]
    for text in told:
        assert re.search(r"another run is going on here \(process \d+", " ".join(text.split())), text
    sys.stdout.write("\n".join(one.text for one in ended if one.code == 0))
    return 0


def _without_date(project: Path, number: int) -> int:
    del number
    return dq_run(project)


STAGES = ("ingest", "validate", "standardize", "link", "master", "score", "publish")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DENIED = r"(cannot be written|refused to read or write): (Permission denied|Operation not permitted)"
# A compiled library may break in this way where it gets no memory.
NO_MEMORY = r"memory|an unforeseen fault \(SystemError\)"
AGAIN = r"changed each time while it was read"
CASES = (
    *(_full(f"started {stage}") for stage in STAGES),
    _full("finished publish"),
    Case("disk full, before", (1,), r"No space left|no room|has room for", before=_fill, after=_free, own_disk=True),
    *(
        Case(f"files of {size >> 10} kB at most", (1,), r"File too large|too large", _largest_file(size))
        for size in (1 << 10, 64 << 10, 1 << 20)
    ),
    *(
        # A library may end the process when it gets no memory: that is one more kill.
        Case(f"no more memory, from {stage}", (1, -signal.SIGABRT), NO_MEMORY, at_stage(f"started {stage}", _no_memory))
        for stage in ("ingest", "link", "score", "publish")
    ),
    Case("4 MB for the database", (1,), r"raise `resources.memory_limit`", _small_database),
    _rights("unreadable extract", CRM, 0, (3,), r"crm\.csv: the extract cannot be read: Permission denied"),
    _rights("unreadable folder of extracts", "data", 0, (3,), r"Permission denied"),
    _rights("unreadable project file", "pipelines/small.yml", 0, (2,), r"small\.yml: the file cannot be read"),
    _rights("unreadable contract", "pipelines/sources/crm.yml", 0, (2,), r"crm\.yml: the file cannot be read"),
    _rights("unreadable SELECT", "pipelines/sql/standardized/customer.sql", 0, (1, 2), r"customer\.sql"),
    _rights("unreadable model", "pipelines/models/customer.json", 0, (1, 2), r"customer\.json"),
    _rights("unreadable published night", "output/published/truth.duckdb", 0, (1,), r"truth\.duckdb"),
    _rights("no right to enter the published night", "output/published", 0, (1,), r"Permission denied"),
    _rights("own published night without rights", "output/published", 0, (0,), "published", owner=NOBODY),
    _rights("read-only output", "output", 0o555, (1,), DENIED),
    _rights("own read-only output", "output", 0o500, (1,), DENIED, owner=NOBODY),
    _rights("no right to enter the output", "output", 0, (1,), DENIED),
    _rights("read-only runs", "output/runs", 0o555, (1,), DENIED),
    _rights("no right to enter the runs", "output/runs", 0, (1,), DENIED),
    _rights("read-only snapshots", "output/snapshots", 0o555, (1,), DENIED),
    _rights("lock of another user", "output/.lock", 0, (1,), DENIED),
    _rights("working database of another user", "output/working.duckdb", 0, (0,), "published"),
    Case("extract completed while read", (0,), "published", _while_read(CRM, _append_rest(CRM), 1), _cut(CRM)),
    Case("extract replaced while read", (0,), "published", _while_read(SHOP, _put_whole(SHOP), 1), _cut(SHOP)),
    Case("extract changes without end", (3,), AGAIN, _while_read(CRM, _touch(CRM), 99), after=_deliver),
    Case("extract cut while read", (3,), r"breach", _while_read(SHOP, _cut(SHOP), 99), after=_deliver),
    Case(
        "extract removed while read", (3,), r"cannot be read|missing", _while_read(SHOP, _lose(SHOP), 1), after=_deliver
    ),
    Case("clock back by an hour, during link", (0,), "published", _clock(-HOUR, "started link")),
    Case("clock back by three days", (0,), "published", _clock(-3 * DAY)),
    Case(
        "clock back by a year, no date given",
        (2,),
        "the clock of this machine",
        _clock(-365 * DAY),
        night=_without_date,
    ),
    Case("clock forward by a year", (0,), "published", _clock(365 * DAY)),
    Case("five starts at once", (0,), "published", night=_five_at_once),
)
