"""Which files are a source's extract tonight: regular files, and none that a link or `..` smuggles in."""

import re
from datetime import date
from pathlib import Path

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach
from dq_pipeline.regular import kind_of, printable

_RUN_DATE = re.compile(r"(?<!\$)\{run_date(?::([^}]*))?\}")
_MAGIC = re.compile(r"[*?\[]")


def dated(text: str, run_date: date) -> str:
    """`text` with `{run_date}` filled in: YYYY-MM-DD, or as strftime writes it."""
    return _RUN_DATE.sub(lambda found: run_date.strftime(found.group(1) or "%Y-%m-%d"), text)


def locate(source: Source, folder: Path, run_date: date) -> list[Path] | Breach:
    """The files to read, in order of name, or the breach that there are none, or one that may not be read."""
    pattern = dated(source.location.path, run_date)
    absolute = Path(pattern)
    base, relative = (
        (Path(absolute.anchor), pattern[len(absolute.anchor) :]) if absolute.is_absolute() else (folder, pattern)
    )
    place = printable(str(base / relative))
    try:
        is_one = (base / relative).is_file()
        found = [base / relative] if is_one else sorted(base.glob(relative))
        files = [path for path in found if path.is_file()]
    except (OSError, ValueError, NotImplementedError, RuntimeError) as error:
        message = f"the place cannot be searched: {printable(str(error))}"
        return Breach("missing_extract", place, message, "correct `location.path`")
    if not files:
        return _missing(source, place, found[-1] if found else base / relative)
    chosen = files[-1:] if source.location.pick == "newest" else files
    root = _fixed_folder(absolute) if absolute.is_absolute() else folder
    for path in chosen:
        if not source.location.outside and not path.resolve().is_relative_to(root.resolve()):
            return Breach(
                "unreadable_extract",
                printable(str(path)),
                f"it leads out of {root}, to {printable(str(path.resolve()))}",
                f"put the file itself there, or allow it with `location.outside: true` in sources/{source.name}.yml",
            )
    return chosen


def _fixed_folder(pattern: Path) -> Path:
    """The folder of an absolute path that stands before its first wildcard."""
    parts = pattern.parts[:-1]
    fixed = next((place for place, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    return Path(*parts[:fixed])


def _missing(source: Source, place: str, path: Path) -> Breach:
    """The breach that there is no file, or that what is there is none."""
    remedy = f"ask {source.owner} for it, or correct `location.path` in sources/{source.name}.yml"
    kind = kind_of(path)
    if kind:
        message = f"the extract of {source.name} is missing: this is {kind}, not a file"
        return Breach("missing_extract", printable(str(path)), message, remedy)
    return Breach("missing_extract", place, f"the extract of {source.name} is missing", remedy)
