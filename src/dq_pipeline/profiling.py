"""`dq profile`: a source's extract is read as a run would read it, and a draft of its suite is made and tried on it."""

import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from dq_pipeline.config import Project, Source
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts import land
from dq_pipeline.extracts.snapshots import fetch
from dq_pipeline.proposing.draft_parts import Expectation, Seen
from dq_pipeline.proposing.drafting import as_suite, draft, look
from dq_pipeline.quality.checker import Checker
from dq_pipeline.quality.contradictions import is_same
from dq_pipeline.quality.quarantine import validate_source
from dq_pipeline.quality.suites import Suite, check_suite, read_suite
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse


@dataclass(frozen=True)
class Drafted:
    """A draft and what it was made of.

    `left_out` are proposals that did not hold on the data; `known` is how many the reviewed suite says word for word.
    """

    source: Source
    seen: tuple[Seen, ...]
    expectations: tuple[Expectation, ...]
    left_out: tuple[Expectation, ...]
    known: int

    def text(self) -> str:
        """The draft as Great Expectations' JSON."""
        return as_suite(self.source, self.expectations)


def draft_path(project: Project, source: str) -> Path:
    """Where a draft is written: beside the reviewed suite, under a name that no run reads."""
    return project.suite_path("raw", source).with_suffix(".draft.json")


def profile_source(project: Project, name: str, run_date: date | None = None) -> Drafted:
    """Draft a suite for a source from its extract. Raises ConfigError where the extract cannot be read."""
    source = project.source(name)
    day = run_date or project.settings.run_date or datetime.now().astimezone().date()
    with tempfile.TemporaryDirectory() as folder:
        resources = project.settings.resources
        warehouse = Warehouse(
            Path(folder) / "profile.duckdb",
            memory_limit=resources.memory_limit,
            threads=resources.threads,
            spill_directory=Path(folder) / "spill",
        )
        try:
            load_macros(warehouse)
            set_run_values(warehouse, "profile", day)
            _land(warehouse, project, source, day, Path(folder))
            seen = look(warehouse, source, project.personal_columns())
            made = draft(warehouse, source, seen, day)
            holds = _hold(warehouse, source, made, day)
        finally:
            warehouse.close()
    path = project.suite_path("raw", name)
    reviewed = read_suite(path).expectations if path.exists() else ()
    kept = tuple(one for one, good in zip(made, holds, strict=True) if good)
    known = sum(any(is_same(one, other) for other in reviewed) for one in kept)
    left_out = tuple(one for one, good in zip(made, holds, strict=True) if not good)
    return Drafted(source, tuple(seen), kept, left_out, known)


def _land(warehouse: Warehouse, project: Project, source: Source, day: date, folder: Path) -> None:
    warehouse.execute(
        """create table raw.unparsed
        (source varchar, source_file varchar, line_number bigint, reason varchar, text varchar)"""
    )
    scratch = folder / "unpacked"
    scratch.mkdir()
    delivery = fetch(project, source, day, folder / "snapshots")
    landed = land(warehouse, source, delivery, day, scratch)
    if not landed.is_complete or not landed.rows:
        breach = landed.breaches[0]
        raise ConfigError(breach.message, where=breach.where, remedy=breach.remedy)


def _hold(warehouse: Warehouse, source: Source, made: list[Expectation], day: date) -> list[bool]:
    """Whether each proposal can be read and holds on the rows that it was made of."""
    suite = Suite(source.name, Path("draft"), tuple(made))
    faults = check_suite(suite)
    if faults:
        raise ConfigError("; ".join(faults), remedy="report this as a bug: the draft is no suite")
    with Checker(warehouse, day) as checker:
        results = validate_source(warehouse, checker, source, suite)
    return [result.success and not result.error for result in results[-len(made) :]]
