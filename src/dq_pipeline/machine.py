"""What this machine has: cores, memory, disk, schedulers, and the terminal it is used from."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

_WRITTEN = 32_000_000
_UNITS = {"": 1, "B": 1} | {
    f"{letter}{middle}B": base**power
    for power, letter in enumerate("KMGT", start=1)
    for middle, base in (("", 1000), ("I", 1024))
}
_DQ = re.compile(r"(?<![\w-])(?:dq|dq_pipeline)[\"']?\s+(?:[\w./=-]+\s+)*run\b")
_CRON = ("/etc/crontab", "/etc/cron.d/*", "/etc/cron.daily/*", "/etc/anacrontab")
_TIMERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "~/.config/systemd/user")


def cores() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def memory() -> int | None:
    """Bytes of memory, or fewer where the container says so; None where the system does not tell."""
    found = []
    with suppress(ValueError, OSError, AttributeError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found.append(int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii")))
    return min(found, default=None)


def bytes_of(text: str) -> int | None:
    """A size as DuckDB writes it (`4GB`, `512 MiB`) in bytes; None for a share of the memory (`80%`)."""
    parts = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]*)\s*", text)
    unit = _UNITS.get(parts[2].upper()) if parts else None
    return int(float(parts[1]) * unit) if parts and unit else None


def free_space(folder: Path) -> int:
    """Bytes that this user may still write there."""
    return shutil.disk_usage(folder).free


def write_speed(folder: Path) -> float:
    """Bytes a second that reach the disk in this folder, by one file that is deleted again. Raises OSError."""
    block = os.urandom(1_000_000)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".speed-") as file:
        began = time.perf_counter()
        for _ in range(_WRITTEN // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return _WRITTEN / max(time.perf_counter() - began, 1e-6)


def schedules() -> list[str]:
    """Where a cron table or a systemd timer starts `dq run`, as far as this user can see."""
    found = [str(path) for path in _cron_files() if _names_dq(path)]
    found += [str(path) for path in _timed_services() if _names_dq(path)]
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(["crontab", "-l"], capture_output=True, text=True, timeout=5, check=False).stdout
        if starts_dq(listed):
            found.append("this user's crontab")
    return found


def _cron_files() -> Iterator[Path]:
    for pattern in _CRON:
        yield from sorted(Path("/").glob(pattern.removeprefix("/")))


def _timed_services() -> Iterator[Path]:
    """The services that a timer of the same name starts."""
    for folder in map(os.path.expanduser, _TIMERS):
        for timer in sorted(Path(folder).glob("*.timer")):
            yield timer.with_suffix(".service")


def _names_dq(path: Path) -> bool:
    try:
        return starts_dq(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False


def starts_dq(text: str) -> bool:
    """Whether a line of a cron table or a service, that is no remark, starts a night."""
    return any(_DQ.search(line) for line in text.splitlines() if not line.lstrip().startswith(("#", ";")))


def timezone() -> str | None:
    """The name of this machine's time zone, as `America/Chicago`; None where it does not tell."""
    named = os.environ.get("TZ", "").removeprefix(":")
    with suppress(OSError):
        linked = str(Path("/etc/localtime").resolve(strict=True))
        named = named or linked.partition("/zoneinfo/")[2]
    with suppress(OSError, UnicodeDecodeError):
        named = named or Path("/etc/timezone").read_text(encoding="ascii").strip()
    with suppress(KeyError, ValueError, OSError):
        return ZoneInfo(named).key if named else None
    return None


def user() -> str | None:
    """The name of the user who asks; None for root, and where there is no name."""
    with suppress(KeyError, OSError):
        return pwd.getpwuid(os.getuid()).pw_name if os.getuid() else None
    return None


def terminal() -> str:
    """How text reaches whoever reads: encoding, language, colors."""
    encoding = getattr(sys.stdout, "encoding", None) or "unknown encoding"
    language = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "no language")
    is_terminal = hasattr(sys.stdout, "isatty") and sys.stdout.isatty()
    colors = "colors" if is_terminal and not os.environ.get("NO_COLOR") else "no colors"
    return f"{encoding}, {language}, {'a terminal' if is_terminal else 'not a terminal'}, {colors}"
