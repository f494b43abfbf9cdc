"""python -m bench: the whole pipeline at several sizes, stage by stage, and its ratio to a plain Splink script."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from bench.measure import measure, told
from bench.project import ROOT, make_extracts, make_project, write_customers

# The stages that say what is wrong, as against those that resolve who is who.
QUALITY_STAGES = ("validate", "score")


def run_size(folder: Path, customers: int, form: str, with_plain: bool) -> dict[str, Any]:
    """Measure one size in `folder`: the pipeline, then the plain script, each in a fresh process."""
    extracts = folder / f"extracts-{customers}-{form}"
    make_extracts(extracts, customers, form)
    work = folder / f"project-{customers}"
    shutil.rmtree(work, ignore_errors=True)
    make_project(work, extracts, form)
    whole = measure([sys.executable, "-m", "dq_pipeline", "run", "--quiet"], work)
    manifest = _manifest(work)
    if whole.exit_code:
        raise click.ClickException(f"dq run ended with {whole.exit_code}:\n{whole.output}")
    stages = {stage["stage"]: stage["seconds"] for stage in manifest["stages"]}
    rows = sum(source["rows_read"] for source in manifest["inputs"])
    figures: dict[str, Any] = {"customers": customers, "raw_rows": rows, "stages": stages, "pipeline": whole.figures()}
    if with_plain:
        table = work / "customers.parquet"
        write_customers(extracts, form, table)
        plain = measure([sys.executable, str(ROOT / "bench" / "plain_splink.py"), str(table)], work)
        if plain.exit_code:
            raise click.ClickException(f"the plain Splink script ended with {plain.exit_code}:\n{plain.output}")
        figures["plain"] = plain.figures() | {"says": plain.output.strip().splitlines()[-1]}
        figures["ratio"] = whole.seconds / plain.seconds
        figures["cpu_ratio"] = whole.cpu_seconds / plain.cpu_seconds
        figures["memory_ratio"] = whole.peak_bytes / plain.peak_bytes
    return figures


def _manifest(work: Path) -> dict[str, Any]:
    found = sorted((work / "output" / "runs").glob("*/*/manifest.json"))
    loaded: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8")) if found else {}
    return loaded


def describe(size: dict[str, Any]) -> str:
    """The figures of one size as text, ratios first."""
    whole, rows, stages = size["pipeline"], size["raw_rows"], dict(size["stages"])
    lines = [f"{size['customers']:,} customers, {2 * size['customers']:,} orders: {rows:,} raw rows"]
    if "plain" in size:
        plain = size["plain"]
        lines += [
            f"  whole run : plain Splink script   {size['ratio']:.2f} on the clock, "
            f"{size['cpu_ratio']:.2f} in processor time, {size['memory_ratio']:.2f} in memory",
            f"  plain Splink script               {told(plain)}",
            f"    of these, {plain['says']}",
        ]
    lines += [f"  whole run                         {told(whole)}, {rows / whole['seconds']:,.0f} rows/s"]
    stages["start, report"] = max(whole["seconds"] - sum(stages.values()), 0.001)
    lines += [f"    {'stage':<15} {'share':>6} {'seconds':>9} {'raw rows/s':>12}"]
    lines += [
        f"    {name:<15} {seconds / whole['seconds']:>6.0%} {seconds:>9.1f} {rows / max(seconds, 0.001):>12,.0f}"
        for name, seconds in stages.items()
    ]
    judging = sum(stages[name] for name in QUALITY_STAGES)
    lines += [
        f"    {' + '.join(QUALITY_STAGES)}: {judging / whole['seconds']:.0%} of the whole run "
        f"(aim: under 25 %), {rows / max(judging, 0.001):,.0f} raw rows/s"
    ]
    return "\n".join(lines)


def growth(sizes: list[dict[str, Any]]) -> str:
    """How much longer each stage takes a raw row at the largest size than at the smallest; 1 is linear."""
    small, large = sizes[0], sizes[-1]
    more = large["raw_rows"] / small["raw_rows"]
    lines = [
        f"Time a raw row, {large['customers']:,} : {small['customers']:,} customers (1 is linear, below is better)"
    ]
    pairs = {name: (small["stages"][name], seconds) for name, seconds in large["stages"].items()}
    pairs["whole run"] = (small["pipeline"]["seconds"], large["pipeline"]["seconds"])
    pairs["whole run, processor time"] = (small["pipeline"]["cpu_seconds"], large["pipeline"]["cpu_seconds"])
    lines += [f"  {name:<26} {after / max(before, 0.001) / more:.2f}" for name, (before, after) in pairs.items()]
    return "\n".join(lines)


@click.command()
@click.option(
    "--customers",
    "sizes",
    multiple=True,
    type=click.IntRange(min=100),
    default=(10_000, 100_000),
    show_default=True,
    help="CRM customers; orders are twice as many. Repeat it for several sizes.",
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Work here, use the extracts that are here already, and leave everything behind.",
)
@click.option("--plain/--no-plain", default=True, show_default=True, help="Measure the plain Splink script too.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(sizes: tuple[int, ...], form: str, keep: Path | None, plain: bool, as_json: bool) -> None:
    """Measure `dq run`, each time as a fresh process on a fresh copy of the sample project with generated extracts.

    The plain Splink script (bench/plain_splink.py) resolves the same CRM customers and nothing else. Generating the
    extracts is not measured. Figures are printed; none is asserted.
    """
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="dq-bench-"))
    done = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not as_json:
            click.echo(
                f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores\n"
            )
        for customers in sorted(sizes):
            done.append(run_size(folder, customers, form, plain))
            if not as_json:
                click.echo(describe(done[-1]) + "\n")
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        click.echo(json.dumps(done, indent=2))
    elif len(done) > 1:
        click.echo(growth(done))


if __name__ == "__main__":
    main()
