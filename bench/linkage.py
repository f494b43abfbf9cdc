"""python -m bench.linkage: linkage alone, step by step, and its ratio to a plain Splink script on the same accounts.

The CRM's customers of the generated sample become a project by `dq init --source` and are standardized by
`dq run --until standardize`; that is not measured. Then linkage (training, candidates, scoring, clusters) and the plain
script (train, predict, cluster) each run in a fresh process.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bench.measure import Measured, measure, told
from bench.project import ROOT, make_extracts, write_conformed, write_truth

SOURCE, ENTITY = "crm_customers", "customer"
# Step -> the functions of dq_pipeline.linkage that make it up; what is called within training counts as training.
STEPS = {
    "prepare": ("linkage.prepare",),
    "train": ("linkage.train",),
    "profiles": ("linkage.scoring.build_profiles",),
    "candidates": ("linkage.scoring.build_candidates",),
    "scoring": ("linkage.scoring.build_weighed",),
    "completion": ("linkage.clusters.complete",),
    "clustering": ("linkage.cluster",),
}
WHOLE = frozenset({"train"})


class StepTimes:
    """Seconds of each step; time within another step (other than training) counts for the inner one."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)
        self._open: list[str] = []
        self._since = time.perf_counter()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def wrap(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time counted for a step."""

        def timed(*arguments: Any, **options: Any) -> Any:
            if self._open and self._open[-1] in WHOLE:
                return function(*arguments, **options)
            self._turn()
            self._open.append(step)
            try:
                return function(*arguments, **options)
            finally:
                self._turn()
                self._open.pop()

        return timed


def link_in_steps(project_folder: Path) -> dict[str, Any]:
    """Link the standardized records of a project in this process; seconds of each step and sizes of its tables."""
    import importlib

    from dq_pipeline import archive, linkage
    from dq_pipeline.config import load_project
    from dq_pipeline.warehouse import Warehouse

    times = StepTimes()
    for step, names in STEPS.items():
        for name in names:
            place, _, attribute = name.rpartition(".")
            module = importlib.import_module(f"dq_pipeline.{place}")
            setattr(module, attribute, times.wrap(step, getattr(module, attribute)))
    project = load_project(project_folder)
    limits = project.settings.resources
    warehouse = Warehouse(
        archive.working_file(project.output), memory_limit=limits.memory_limit, threads=limits.threads
    )
    try:
        began = time.perf_counter()
        linkage.link_entity(warehouse, project.entity(ENTITY))
        whole = time.perf_counter() - began
        sizes = {
            name: warehouse.count(f"linked.{ENTITY}_{table}")
            for name, table in {"records": "input", "compared pairs": "scored", "edges": "edges"}.items()
        }
    finally:
        warehouse.close()
    return {"seconds": whole, "steps": times.seconds, "sizes": sizes}


def run_size(folder: Path, customers: int) -> dict[str, Any]:
    """Measure one size in `folder`."""
    extracts, work = folder / f"extracts-{customers}", folder / f"accounts-{customers}"
    make_extracts(extracts, customers, "csv")
    shutil.rmtree(work, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    dq = [sys.executable, "-m", "dq_pipeline"]
    source = f"{SOURCE}={extracts / SOURCE}.csv"
    _done(measure([*dq, "init", str(work), "--source", source, "--entity", ENTITY, "--yes", "--link"], folder))
    _done(measure([*dq, "run", "--until", "standardize", "--quiet"], work))
    ours = _done(measure([sys.executable, "-m", "bench.linkage", "--link", str(work)], ROOT, log=work / "bench.log"))
    steps = json.loads(ours.output.strip().splitlines()[-1])
    table, truth = work / "accounts.parquet", work / "truth.csv"
    write_conformed(work, ENTITY, table)
    write_truth(extracts / "truth" / "customers.csv", table, truth)
    judged = json.loads(_done(measure([*dq, "evaluate", ENTITY, "--truth", str(truth), "--json"], work)).output)
    script = [sys.executable, str(ROOT / "bench" / "plain_splink.py"), str(table), str(truth)]
    plain = _done(measure(script, work))
    return {
        "customers": customers,
        **steps,
        "ours": ours.figures(),
        "plain": plain.figures() | {"says": plain.output.strip().splitlines()[-2:]},
        "pairwise": judged["pairwise"],
    }


def _done(measured: Measured) -> Measured:
    if measured.exit_code:
        raise click.ClickException(f"a command ended with {measured.exit_code}:\n{measured.output}")
    return measured


def describe(size: dict[str, Any]) -> str:
    """The figures of one size as text, ratios first."""
    ours, plain, sizes, pairs = size["ours"], size["plain"], size["sizes"], size["pairwise"]
    lines = [f"{size['customers']:,} customers: {sizes['records']:,} accounts"]
    lines += [
        f"  linkage : plain Splink script     {ours['seconds'] / plain['seconds']:.2f} on the clock, "
        f"{ours['cpu_seconds'] / plain['cpu_seconds']:.2f} in processor time, "
        f"{ours['peak_megabytes'] / plain['peak_megabytes']:.2f} in memory",
        f"  plain Splink script               {told(plain)}",
        *(f"    {line}" for line in plain["says"]),
        f"  linkage                           {told(ours)}",
        f"    precision {pairs['precision']:.4f}, recall {pairs['recall']:.4f}, F1 {pairs['f1']:.4f}; "
        f"{sizes['compared pairs']:,} pairs compared",
        f"    {'step':<15} {'share':>6} {'seconds':>9}",
    ]
    rest = {"start, the rest": max(ours["seconds"] - sum(size["steps"].values()), 0.0)}
    for step, seconds in (size["steps"] | rest).items():
        lines.append(f"    {step:<15} {seconds / ours['seconds']:>6.0%} {seconds:>9.1f}")
    return "\n".join(lines)


@click.command()
@click.option(
    "--customers",
    "sizes",
    multiple=True,
    type=click.IntRange(min=100),
    default=(10_000, 100_000),
    show_default=True,
    help="CRM customers. Repeat it for several sizes.",
)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Work here and leave it all behind.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--link", "project", type=click.Path(path_type=Path, exists=True), hidden=True)
def main(sizes: tuple[int, ...], keep: Path | None, as_json: bool, project: Path | None) -> None:
    """Measure linkage at several sizes, training included, beside the plain Splink script on the same accounts."""
    if project:
        click.echo(json.dumps(link_in_steps(project)))
        return
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="dq-bench-"))
    done = []
    try:
        for customers in sorted(sizes):
            done.append(run_size(folder, customers))
            if not as_json:
                click.echo(describe(done[-1]) + "\n")
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        click.echo(json.dumps(done, indent=2))


if __name__ == "__main__":
    main()
