"""Work in several processes: none of them outlives a run that is killed."""

import subprocess
import sys
import time
from pathlib import Path


def test_workers_end_when_the_run_that_leads_them_is_killed() -> None:
    code = """
import time
from dq_pipeline.parsing.pool import in_processes
list(in_processes(time.sleep, [120.0] * 4, 2))
"""
    run = subprocess.Popen([sys.executable, "-c", code])
    try:
        workers = _until(lambda: {pid for pid in _children(run.pid) if _is_worker(pid)}, lambda found: len(found) == 2)
    finally:
        run.kill()
        run.wait()
    assert _until(lambda: {pid for pid in workers if _is_worker(pid)}, lambda found: not found) == set()


def _until(look, is_there):  # type: ignore[no-untyped-def]
    """What `look` finds once it is as it should be, or after a minute."""
    until = time.monotonic() + 60
    while not is_there(found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def _children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))


def _is_worker(pid: int) -> bool:
    """A process of the pool, once it has begun to work: it listens for its parent's end in a thread of its own."""
    try:
        begun = b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        return begun and state != "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False
