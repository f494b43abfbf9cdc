"""One decision at a time on the pairs of the review queue: which wait, written at once, taken back."""

import csv
import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError, LockError
from dq_pipeline.linkage.judgements import KINDS, Judgement
from dq_pipeline.recording import last_warehouse
from dq_pipeline.reviewing import add_decision, decided_pairs
from dq_pipeline.scorecard.night import Night
from dq_pipeline.scorecard.pairs import pairs
from dq_pipeline.sheets import plain

Pair = tuple[str, str]
# Others hold the lock for the moment of one decision, or for a whole run.
PATIENCE_SECONDS = 3.0
_PAUSE_SECONDS = 0.05


class DecidedOtherwiseError(ConfigError):
    """Somebody else decided the pair meanwhile; `judgement` is what holds: same, different, unsure, or nothing."""

    def __init__(self, judgement: str, decided_by: str) -> None:
        super().__init__(
            f"this pair was decided meanwhile: {judgement or 'taken back'} ({decided_by or 'somebody else'})",
            remedy="look at it again, and decide anew if you know better",
        )
        self.judgement = judgement


@dataclass(frozen=True)
class Waiting:
    """The pairs of the queue, as `dq_pipeline.scorecard.pairs` shows them, and the judgements there are on them."""

    pairs: Sequence[dict[str, Any]]
    decided: dict[tuple[str, str, str], Judgement]

    def judgement(self, pair: dict[str, Any]) -> str:
        """What was decided on a pair; empty where it waits."""
        one = self.decided.get((pair["entity"], *pair_of(pair)))
        return one.judgement if one else ""


def pair_of(pair: dict[str, Any]) -> Pair:
    """The two record ids in the order of the judgement file."""
    left, right = sorted((pair["record_id_l"], pair["record_id_r"]))
    return left, right


def waiting_pairs(project: Project, entity: str | None, limit: int, *, unmasked: bool = False) -> Waiting:
    """The pairs of the last run's queue, at most `limit` of an entity, in the report's order. Raises ConfigError."""
    chosen = [project.entity(entity).name] if entity else [one.name for one in project.entities]
    with patient_lock(project.output):
        manifest = archive.last_attempt(project.output)
        warehouse = last_warehouse(project)
        try:
            if not warehouse.has("mastered.review_queue"):
                raise ConfigError("the last run did not get to the review queue", remedy="run `dq run` first")
            day = datetime.fromisoformat(manifest["run_date"]).date()
            night = Night(warehouse, manifest["run_id"], day, project.personal_columns(), None, unmasked)
            queues = pairs(night, limit)["queues"]
        finally:
            warehouse.close()
        found = [pair for queue in queues if queue["entity"] in chosen for pair in queue["listing"].rows]
        decided = {(name, *pair): one for name in chosen for pair, one in decided_pairs(project, name).items()}
    return Waiting(found, decided)


def decisions(project: Project) -> list[dict[str, str]]:
    """What is decided on each pair of records now, without the reasons: those may name people."""
    with patient_lock(project.output):
        return [
            {"entity": entity.name, "left": pair[0], "right": pair[1], "judgement": one.judgement, "at": one.decided_at}
            for entity in project.entities
            for pair, one in decided_pairs(project, entity.name).items()
        ]


def decide(
    project: Project, entity: str, pair: Pair, judgement: str, *, decided_by: str, why: str = "", before: str = ""
) -> Judgement:
    """Write one decision at the end of the project's judgement file, and return it.

    `before` is what the one who decides took the pair for; what is already written as wanted is not written again.
    Raises DecidedOtherwiseError where the file says something else, ConfigError where the decision cannot be, and
    LockError while a run is going on.
    """
    name = project.entity(entity).name
    if judgement not in KINDS or not decided_by.strip():
        raise ConfigError(
            f"{judgement!r} is none of {', '.join(KINDS)}, or nobody is named",
            remedy="say which it is, and who decided",
        )
    left, right = sorted(pair)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = Judgement(left, right, judgement, str(plain(decided_by)), now, str(plain(why)), 0)
    with patient_lock(project.output):
        held = decided_pairs(project, name).get((left, right))
        said = held.judgement if held else ""
        if held is not None and said == judgement and (not wanted.why or wanted.why == held.why):
            return held
        if said not in (before, judgement):
            raise DecidedOtherwiseError(said, held.decided_by if held else "")
        add_decision(project, name, wanted)
    return wanted


def take_back(project: Project, entity: str, decided: Judgement) -> None:
    """Take the line of a decision out of the file again, as long as it is what holds on its pair.

    Raises DecidedOtherwiseError where it does not hold any more, and LockError while a run is going on.
    """
    path = project.judgements_path(project.entity(entity).name)
    with patient_lock(project.output):
        held = decided_pairs(project, entity).get(decided.pair)
        if held is None or replace(held, line=0) != replace(decided, line=0):
            raise DecidedOtherwiseError(held.judgement if held else "", held.decided_by if held else "")
        _remove_line(path, decided)


def _remove_line(path: Path, decided: Judgement) -> None:
    """A decision's texts are on one line each, so that its last line in the file is the one to remove."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerow(
        [*decided.pair, decided.judgement, decided.decided_by, decided.decided_at, decided.why]
    )
    lines = path.read_bytes().decode("utf-8").splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if line == stream.getvalue()]
    if not places:
        raise ConfigError("the decision is not in the file any more", where=path, remedy="decide the pair again")
    del lines[places[-1]]
    try:
        archive.write_text(path, "".join(lines))
    except OSError as error:
        raise ConfigError(
            f"the judgements cannot be written: {error.strerror}", where=path, remedy="give this user the right to"
        ) from error


@contextmanager
def patient_lock(output: Path) -> Iterator[None]:
    """The lock of the output folder, waited for as long as another decision may hold it. Raises LockError."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        held = archive.lock(output)
        try:
            held.__enter__()
        except LockError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE_SECONDS)
            continue
        break
    try:
        yield
    finally:
        held.__exit__(None, None, None)
