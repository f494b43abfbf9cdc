"""One execution: what every stage is given (`Run`) and what it gives back (`StageReport`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from dq_pipeline.config import Project
from dq_pipeline.errors import Breach, DqError
from dq_pipeline.extracts.inputs import Delivery
from dq_pipeline.warehouse import Warehouse

__all__ = ["Breach", "Outcome", "Run", "StageReport"]

Verdict = Literal["running", "published", "held", "failed", "cancelled", "stopped"]
PUBLISHED_FILE = "truth.duckdb"
WORKING_FILE = "working.duckdb"


@dataclass(frozen=True)
class Run:
    """One execution of a project for one date.

    `directory` is this attempt's own folder; `previous` is the published file of the night before, if there is one:
    the only state that a night inherits. `deliveries` are the snapshots of each source's files: all that is read.
    """

    project: Project
    run_id: str
    run_date: date
    warehouse: Warehouse
    directory: Path
    previous: Path | None = None
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)


@dataclass(frozen=True)
class StageReport:
    """What a stage made: table -> rows, and the gates it found breached.

    A breach never stops later stages by itself (the report shall be whole); `can_continue` False does, where the
    next stage has nothing to work on. Publishing is refused after any breach.
    """

    rows: dict[str, int] = field(default_factory=dict)
    breaches: tuple[Breach, ...] = ()
    can_continue: bool = True
    warnings: tuple[str, ...] = ()


@dataclass
class Outcome:
    """How a run ended: `published`, `held` (a gate was breached), `failed`, `cancelled`, or `stopped` (by `--until`).

    `sequence` counts the attempts of an output folder; `breached` is stage -> how many of `breaches`, in their order.
    """

    run_id: str
    run_date: date
    directory: Path
    started_at: datetime
    fingerprint: str
    inputs: tuple[str, ...] = ()
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    snapshots: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    verdict: Verdict = "running"
    sequence: int = 1
    breaches: list[Breach] = field(default_factory=list)
    breached: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    stages: list[tuple[str, int, float]] = field(default_factory=list)
    error: DqError | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """What the command ends with: 0 published or stopped as asked, 3 held, else the error's own code."""
        return self.error.exit_code if self.error else 0
