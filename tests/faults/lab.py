"""Where nights are broken: each is `dq run` in a fork of one warm process, on a copy of one finished project.

The process forks before it opens a database, for DuckDB's threads would not be in the fork: it looks at published
files in forks of their own, too. A fork does all that `dq run` does but three things that write nothing: the project,
which is always the same, is not checked again, the report's templates are compiled once, and its charts are empty.
"""

# ruff: noqa: E402
import os

# Numerical libraries start threads when they are loaded.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import gc
import hashlib
import json
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

import dq_pipeline.scorecard.render as rendering
from dq_pipeline import cli, pipeline
from dq_pipeline.scorecard import drawing
from dq_pipeline.warehouse import Warehouse, literal, quoted
from tests.faults import small

NIGHTS_BEFORE = 2
# Wall-clock times: all that may differ between a night that was killed and repeated, and one that was not.
CLOCK: dict[str, tuple[str, ...]] = {"ops.runs": ("started_at",), "ops.stages": ("seconds",)}
# The run that trains a model begins without one. Killed after it was written, the next begins with it.
TRAINED: dict[str, tuple[str, ...]] = {**CLOCK, "ops.runs": ("started_at", "fingerprint")}
LONGEST = 300.0
_EMPTY_CHART = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10"></svg>'


@dataclass(frozen=True)
class Ended:
    """How a fork ended: its exit code, or minus the signal; what it printed; what its function returned."""

    code: int
    text: str
    value: Any = None

    @property
    def is_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


class Lab:
    """A folder with a finished project (`base`) and room for copies of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base, self.empty, self.project = folder / "base", folder / "empty", folder / "work" / "project"

    def warm(self) -> None:
        """Import all, compile all, and make the project: afterwards a fork costs a night and nothing else."""
        tqdm.monitor_interval = 0
        drawing._svg = lambda _: _EMPTY_CHART  # type: ignore[assignment]
        rendering.environment = cache(rendering.environment)  # type: ignore[assignment]
        small.make_project(self.base)
        for number in range(NIGHTS_BEFORE):
            if number == 0:
                small.deliver(self.base, number)
                shutil.copytree(self.base, self.empty)
            small.deliver(self.base, number)
            code = dq_run(self.base, "--date", str(small.night(number)))
            assert code == 0, f"night {number} ended with {code}"
        pipeline.check_project = lambda *_: {}  # type: ignore[assignment]
        gc.collect()
        tasks = [Path(f"/proc/self/task/{task}/comm").read_text().strip() for task in os.listdir("/proc/self/task")]
        # The allocator's thread is made for forks: it is started again in them.
        lost = [name for name in tasks if name != "jemalloc_bg_thd"][1:]
        assert not lost, f"a fork would lose threads: {lost} {threading.enumerate()}"

    def fresh(self, base: Path | None = None, number: int | None = NIGHTS_BEFORE) -> Path:
        """A new copy of the project, with the extracts of that night delivered."""
        shutil.rmtree(self.project.parent, ignore_errors=True)
        shutil.copytree(base or self.base, self.project, symlinks=True)
        if number is not None:
            small.deliver(self.project, number)
        return self.project


def dq_run(project: Path, *options: str, quiet: bool = True) -> int:
    """`dq run` in this process, as its entry point does it; the exit code."""
    sys.argv = ["dq", "run", "--project", str(project), *options, *(["--quiet"] if quiet else [])]
    return cli._run()


def run_night(project: Path, number: int = NIGHTS_BEFORE, *options: str) -> int:
    """The night of that number, in this process."""
    return dq_run(project, "--date", str(small.night(number)), *options)


def forked(
    work: Callable[[], Any], printed: Path, *, watch: Callable[[int], None] | None = None, longest: float = LONGEST
) -> Ended:
    """Do `work` in a fork; its value comes back as JSON, an integer is its exit code as well.

    `watch` is given the process id while it runs. What takes longer than `longest` seconds is killed, and so told.
    """
    pid = start_fork(work, printed)
    if watch:
        watch(pid)
    return wait_for(pid, printed, longest)


def start_fork(work: Callable[[], Any], printed: Path) -> int:
    """A fork that does `work`; what it prints goes into that file, and its value beside it."""
    printed.parent.mkdir(parents=True, exist_ok=True)
    answer = printed.with_suffix(".json")
    answer.unlink(missing_ok=True)
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        descriptor = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        # Opened now: `work` may give up the right to.
        with open(answer, "w", encoding="utf-8") as stream:
            value = work()
            code = value if isinstance(value, int) else 0
            json.dump(value, stream, default=str)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait_for(pid: int, printed: Path, longest: float = LONGEST) -> Ended:
    """The end of a fork."""
    until = time.monotonic() + longest
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            break
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return Ended(-signal.SIGALRM, f"hung for {longest} s\n{printed.read_text(encoding='utf-8')}")
        time.sleep(0.004)
    answer = printed.with_suffix(".json")
    told = answer.read_text(encoding="utf-8") if answer.exists() else ""
    value = json.loads(told) if told else None
    return Ended(os.waitstatus_to_exitcode(status), printed.read_text(encoding="utf-8", errors="replace"), value)


def worked(pid: int) -> float:
    """The processor time that a child has used, in seconds."""
    return time.clock_gettime((~pid << 3) | 2)


def kill_after(seconds: float) -> Callable[[int], None]:
    """Watches a fork and kills it when it has worked so long; one that ends before is left alone."""

    def watch(pid: int) -> None:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if worked(pid) >= seconds:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.001)

    return watch


def contents(
    path: Path, except_for: Mapping[str, tuple[str, ...]] = CLOCK, run: tuple[str, str] | None = None
) -> dict[str, str]:
    """Table -> rows and hash of all values of all rows, whatever their order; `except_for` names columns left out.

    `run` is a run's id and the one to take it for. Call it in a fork. Raises StageError where the file is not whole.
    """
    reader = Warehouse(path, read_only=True)
    try:
        found = {}
        for schema in ("master", "identity", "quality", "ops"):
            for table in reader.tables(schema):
                name = f"{schema}.{table}"
                typed = {quoted(column): kind for column, kind in reader.columns(name).items()}
                columns = [column for column in typed if column.strip('"') not in except_for.get(name, ())]
                if run:
                    one, other = (literal(run_id) for run_id in run)
                    columns = [
                        f"replace({column}, {one}, {other})" if typed[column] == "VARCHAR" else column
                        for column in columns
                    ]
                query = f"select count(*), coalesce(sum(hash({', '.join(columns)})::hugeint), 0) from {name}"
                found[name] = str(reader.rows(query)[0])
        return found
    finally:
        reader.close()


def pointer(project: Path) -> Path:
    """The name that readers open."""
    return project / "output/published/truth.duckdb"


def digests(project: Path) -> dict[str, str]:
    """Each file of the attempt that is published -> its hash; nothing where nothing is."""
    folder = project / "output/published"
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differences(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Names of the tables that are not as expected."""
    return sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))


def processor_seconds() -> float:
    """What this process and its finished children have worked so far."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
