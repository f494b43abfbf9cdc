"""Which files are a source's extract tonight."""

import re
from datetime import date
from pathlib import Path

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach

_RUN_DATE = re.compile(r"\{run_date(?::([^}]*))?\}")


def locate(source: Source, folder: Path, run_date: date) -> list[Path] | Breach:
    """The files to read, in order of name, or the breach that there are none."""
    pattern = _RUN_DATE.sub(lambda found: run_date.strftime(found.group(1) or "%Y-%m-%d"), source.location.path)
    absolute = Path(pattern)
    base, relative = (
        (Path(absolute.anchor), pattern[len(absolute.anchor) :]) if absolute.is_absolute() else (folder, pattern)
    )
    try:
        if (base / relative).is_file():
            return [base / relative]
        files = sorted(path for path in base.glob(relative) if path.is_file())
    except (OSError, ValueError, NotImplementedError) as error:
        return Breach(
            "missing_extract", str(base / relative), f"the place cannot be searched: {error}", "correct `location.path`"
        )
    if not files:
        return Breach(
            "missing_extract",
            str(base / relative),
            f"the extract of {source.name} is missing",
            f"ask {source.owner} for it, or correct `location.path` in sources/{source.name}.yml",
        )
    return files[-1:] if source.location.pick == "newest" else files
