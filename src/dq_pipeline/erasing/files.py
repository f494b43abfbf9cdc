"""The files below the output folder, and what becomes of each when a person is erased."""

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.erasing.people import ERASED, Erased, alternatives, spellings
from dq_pipeline.errors import StageError
from dq_pipeline.run import PUBLISHED_FILE

CERTIFICATES, UNDER_WAY = "erasures", "erasure.pending.json"
TEXTS = frozenset({".html", ".json", ".jsonl", ".log", ".md", ".prom", ".txt"})
# Copies in clear that a command made for somebody: they go whole.
COPIES = ("exports", "private")
LOCKS = (".lock", ".lock.json")
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One line of the certificate: a file, what was done with it, and how many places of it were the person's."""

    file: str
    action: str
    places: int = 0


def databases(output: Path) -> list[Path]:
    """The published file of every attempt, the one in force last: by it the person is known until all is done."""
    published = archive.published_file(output)
    found = sorted((output / "runs").glob(f"*/*/{PUBLISHED_FILE}"))
    return sorted(found, key=lambda path: (path.resolve() == published, str(path)))


def remove_caches(project: Project, *, write: bool = True) -> Iterator[Entry]:
    """Remove what the next run makes again, copies in clear, and whatever else is no file of a run."""
    output = project.output
    for path in sorted(output.rglob("*"), key=str):
        relative = path.relative_to(output)
        if path.is_dir() and not path.is_symlink():
            continue
        is_copy = relative.parts[0] in COPIES
        if not is_copy and (path.is_symlink() or _is_kept(relative)):
            continue
        if write:
            path.unlink(missing_ok=True)
        yield Entry(str(relative), "removed")
    for name in (*COPIES, "spill") if write else ():
        shutil.rmtree(output / name, ignore_errors=True)


def _is_kept(relative: Path) -> bool:
    """Whether a file is looked through by itself, or holds nothing of anybody."""
    name, place = relative.name, relative.parts[0]
    if place in {"snapshots", CERTIFICATES}:
        return not name.startswith(".")
    if str(relative) in {*LOCKS, UNDER_WAY}:
        return True
    is_whole = not name.startswith(".")
    return is_whole and (name == PUBLISHED_FILE or relative.suffix in TEXTS)


def redact_texts(output: Path, erased: Erased, *, write: bool = True) -> Iterator[Entry]:
    """Replace the person's values and ids in reports, logs and every other text below the output."""
    pattern = text_pattern(erased)
    for path in texts(output):
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        changed, places = pattern.subn(ERASED, text)
        if places and write:
            mode = path.stat().st_mode & 0o777
            staged = path.with_name(f".{path.name}.new")
            staged.write_text(changed, encoding="utf-8", errors="surrogateescape")
            staged.chmod(mode)
            os.replace(staged, path)
        if places:
            yield Entry(str(path.relative_to(output)), "rewritten", places)


def texts(output: Path) -> list[Path]:
    """Reports, logs, manifests and every other text below the output that is looked through."""
    apart = {"snapshots", CERTIFICATES, UNDER_WAY}
    found = (path for path in output.rglob("*") if path.suffix in TEXTS and path.is_file() and not path.is_symlink())
    return sorted(path for path in found if path.relative_to(output).parts[0] not in apart)


def text_pattern(erased: Erased) -> re.Pattern[str]:
    """The person's values and ids in every spelling of a report."""
    return re.compile(
        alternatives(*({one for value in held for one in spellings(value)} for held in (erased.values, erased.ids)))
    )


def clean_sheets(project: Project, erased: Erased) -> Iterator[Entry]:
    """Take the person's records out of the project's judgements and releases."""
    paths = [project.judgements_path(entity.name) for entity in project.entities]
    paths += [project.releases_path(source.name) for source in project.sources]
    for path in paths:
        if not path.exists():
            continue
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        kept = [row for row in rows if erased.records.isdisjoint(row)]
        if len(kept) < len(rows):
            held = io.StringIO(newline="")
            csv.writer(held, lineterminator="\n").writerows(kept)
            staged = path.with_name(f".{path.name}.new")
            staged.write_text(held.getvalue(), encoding="utf-8", newline="")
            os.replace(staged, path)
            yield Entry(_within(path, project.root), "rewritten", len(rows) - len(kept))


def left_in_project(project: Project, erased: Erased) -> list[str]:
    """Files of the project, models and suites among them, that name the person: people write those."""
    pattern = text_pattern(erased)
    found = (path for path in project.files() if pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    return [_within(path, project.root) for path in found]


def _within(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def prove(output: Path, erased: Erased) -> int:
    """Search every byte below the output for the person's values, in UTF-8 and UTF-16; the number of files searched.

    Raises StageError that names the files where one is left.
    """
    wanted = {one for value in erased.values for one in (value.lower(), value.upper(), value)}
    # Bytes are folded as ASCII before they are searched, in UTF-16 too.
    needles = sorted({one.encode(code).lower() for one in wanted for code in ("utf-8", "utf-16-le", "utf-16-be")})
    if not needles:
        return 0
    searched, left = 0, []
    for path in sorted(output.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name == UNDER_WAY:
            continue
        searched += 1
        if _holds(path, needles):
            left.append(str(path.relative_to(output)))
    if left:
        raise StageError(
            f"the person is still found in {', '.join(left)}",
            where=output,
            remedy="remove these files, then `dq erase --resume`",
        )
    return searched


def _holds(path: Path, needles: list[bytes]) -> bool:
    overlap = max(map(len, needles))
    tail = b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            held = tail + chunk.lower()
            if any(needle in held for needle in needles):
                return True
            tail = held[-overlap:]
    return False
