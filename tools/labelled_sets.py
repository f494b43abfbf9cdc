"""Every labelled set through the same door: `dq init --source`, `dq run --until link`, judged; plain Splink beside it.

The sets are no part of the project: they lie in `shared/data/er` beside the checkout, or where DQ_SHARED_DATA says.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Measured, measure
from bench.project import write_conformed
from dq_pipeline.config import load_project
from dq_pipeline.evaluating import evaluate_entity
from dq_pipeline.recording import last_warehouse

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("DQ_SHARED_DATA") or os.environ.get("DQ_SHARED") or ROOT.parent / "shared/data").resolve()
SAMPLE_DATE = "2026-11-20"
SOURCE = "crm"
_ALWAYS = ("source_record_id", "source_system")
_NAMES = ("first_name", "last_name", "full_name", "date_of_birth")
_PLACES = ("full_name", "address_line1", "address_line2", "city", "state", "postal_code")
_PLAIN_FIGURES = re.compile(r"precision ([\d.]+), recall ([\d.]+), F1 ([\d.]+)")


@dataclass(frozen=True)
class LabelledSet:
    """One set: `kept` names the columns that stay filled (all where empty); targets are the least that is asked for."""

    name: str
    folder: str
    f1: float
    precision: float | None = None
    kept: tuple[str, ...] = ()
    entity: str = "customer"


SETS = (
    LabelledSet("pseudopeople_2030", "pseudopeople_2030", 0.98, 0.985),
    LabelledSet("historical_50k", "historical_50k", 0.945, 0.965),
    LabelledSet("fake_1000", "fake_1000", 0.985, 0.99),
    LabelledSet("fodors_zagat", "fodors_zagat", 0.955, 0.93),
    LabelledSet("febrl3", "febrl3", 0.999, 0.999),
    LabelledSet("febrl4", "febrl4", 0.999, 0.999),
    LabelledSet("sample", "", 0.97, 0.995),
    LabelledSet("febrl4, names and birth date", "febrl4", 0.97, kept=_NAMES),
    LabelledSet("febrl3, names and birth date", "febrl3", 0.95, kept=_NAMES),
    LabelledSet("fake_1000, names and birth date", "fake_1000", 0.88, kept=_NAMES),
    LabelledSet("fodors_zagat, name and address", "fodors_zagat", 0.92, kept=_PLACES),
)


@dataclass(frozen=True)
class Result:
    """What came of one set: the document of `dq evaluate`, what the run took, and the same of the plain script."""

    labelled: LabelledSet
    judged: dict[str, Any]
    ours: Measured
    plain: Measured | None

    @property
    def plain_figures(self) -> tuple[float, float, float] | None:
        """Precision, recall and F1 of the plain script; None where it was not run or failed."""
        found = _PLAIN_FIGURES.search(self.plain.output) if self.plain else None
        return (float(found[1]), float(found[2]), float(found[3])) if found else None

    @property
    def is_reached(self) -> bool:
        """Whether precision and F1 are at least what is asked for."""
        pairs, asked = self.judged["pairwise"], self.labelled
        return bool(pairs["f1"] >= asked.f1 and pairs["precision"] >= (asked.precision or 0))


class SetFailedError(Exception):
    """A set could not be measured; the message is what the command printed."""


def chosen_sets(names: str | None) -> list[LabelledSet]:
    """The sets named, with commas between; `fodors_zagat*` and the like take their blanked copies too; all for None."""
    if not names or names == "all":
        return list(SETS)
    wanted = [name.strip() for name in names.split(",")]
    found = [
        one
        for one in SETS
        if any(one.name == name or (name.endswith("*") and one.name.startswith(name[:-1])) for name in wanted)
    ]
    unknown = [name for name in wanted if not any(one.name.startswith(name.rstrip("*")) for one in SETS)]
    if unknown:
        raise SystemExit(f"no set is named {', '.join(unknown)}; there are {'; '.join(one.name for one in SETS)}")
    return found


def is_here(labelled: LabelledSet) -> bool:
    """Whether the set's files are on this machine."""
    return not labelled.folder or (SHARED / "er" / labelled.folder / "truth.csv").is_file()


def run_set(labelled: LabelledSet, folder: Path, *, with_plain: bool = True, worst: int = 0) -> Result:
    """Make a project of the set in `folder`, run it until link, judge it; the plain script on the same records.

    Raises SetFailedError with what a command printed where it failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project = folder / "project"
    if labelled.folder:
        table, truth = folder / "customers.csv", SHARED / "er" / labelled.folder / "truth.csv"
        write_customers(SHARED / "er" / labelled.folder / "customers.csv", table, labelled.kept)
        source = ["--source", f"{SOURCE}={table}", "--entity", labelled.entity, "--yes", "--link"]
        _dq(folder, "init", project, *source)
        dated: list[str] = []
    else:
        table, truth = folder / "customers.parquet", project / "data/sample/truth/customers.csv"
        _dq(folder, "init", project)
        dated = ["--date", SAMPLE_DATE]
    ours = measure([sys.executable, "-m", "dq_pipeline", "run", "--until", "link", "--quiet", *dated], project)
    if ours.exit_code:
        raise SetFailedError(f"{labelled.name}: dq run ended with {ours.exit_code}:\n{ours.output}")
    judged = _judge(project, labelled.entity, truth, worst)
    if not labelled.folder:
        write_conformed(project, labelled.entity, table)
    script = [sys.executable, str(ROOT / "bench" / "plain_splink.py"), str(table), str(truth)]
    return Result(labelled, judged, ours, measure(script, folder) if with_plain else None)


def write_customers(source: Path, target: Path, kept: tuple[str, ...]) -> None:
    """Copy a set's customers; where `kept` names columns, all others but key and system are emptied."""
    if not kept:
        shutil.copyfile(source, target)
        return
    filled = {*_ALWAYS, *kept}
    with source.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as write:
        rows = csv.DictReader(read)
        writer = csv.DictWriter(write, list(rows.fieldnames or ()))
        writer.writeheader()
        writer.writerows({name: value if name in filled else "" for name, value in row.items()} for row in rows)


def _dq(folder: Path, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", "dq_pipeline", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetFailedError(f"dq {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _judge(project_folder: Path, entity: str, truth: Path, worst: int) -> dict[str, Any]:
    project = load_project(project_folder)
    warehouse = last_warehouse(project)
    try:
        judged = evaluate_entity(warehouse, project, project.entity(entity), truth, worst=worst)
    finally:
        warehouse.close()
    document: dict[str, Any] = json.loads(json.dumps(judged.document(), default=str))
    return document
