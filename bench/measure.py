"""A command in a process of its own: how long it took, and how much memory it and its helpers held."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1
PROC = Path("/proc")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds on the clock, seconds of all processors, and bytes of memory at the peak."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    output: str

    def figures(self) -> dict[str, float]:
        """What it took, rounded, for a table or JSON."""
        return {
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "peak_megabytes": round(self.peak_bytes / MEGABYTE),
        }


def told(figures: dict[str, float]) -> str:
    """Such figures as text."""
    return (
        f"{figures['seconds']:.1f} s, {figures['cpu_seconds']:.1f} s of processors, "
        f"{figures['peak_megabytes']:,.0f} MB at the peak"
    )


def measure(command: Sequence[str], folder: Path, log: Path | None = None) -> Measured:
    """Run a command in `folder` and wait for it; its output and errors are returned as one text, and kept in `log`.

    Memory is that of the process and all its helpers together, sampled ten times a second (pages that they share are
    counted once); where the system does not tell, it is the peak of the largest single process.
    """
    log = log or folder / "bench.log"
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT)
        seen = _Peak(process.pid)
        seen.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            seen.stop()
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        seconds,
        usage.ru_utime + usage.ru_stime,
        max(seen.bytes, usage.ru_maxrss * 1024),
        process.returncode,
        log.read_text(encoding="utf-8"),
    )


class _Peak(threading.Thread):
    """Watches a process and its descendants until told to stop; `bytes` is the most that they held together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.bytes = pid, 0
        self._done = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self._done.wait(SAMPLE_SECONDS):
            self.bytes = max(self.bytes, sum(_held(pid) for pid in _family(self.pid)))

    def stop(self) -> None:
        """End the watch."""
        self._done.set()
        self.join()


def _family(pid: int) -> list[int]:
    """A process and all its descendants, as far as the system tells."""
    family = [pid]
    for member in family:
        try:
            for task in (PROC / str(member) / "task").iterdir():
                family.extend(int(child) for child in (task / "children").read_text().split())
        except OSError:
            continue
    return family


def _held(pid: int) -> int:
    """Bytes of memory of one process, its part of shared pages; 0 where the system does not tell."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
