"""python -m bench.report: how large the report of a published night is, and how long it takes to render.

The night is that of a `dq run` on generated extracts, which is not measured, or the last one of the project that is
named; its pages are rendered again, by the command, from start to end.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from bench.measure import measure, told
from bench.project import make_extracts, make_project

PUBLISHED = Path("output") / "published"
MEGABYTE = 1_000_000


def make_night(folder: Path, customers: int) -> Path:
    """A project whose last night is of so many customers."""
    extracts, project = folder / f"extracts-{customers}-parquet", folder / f"report-{customers}"
    make_extracts(extracts, customers, "parquet")
    shutil.rmtree(project, ignore_errors=True)
    make_project(project, extracts, "parquet")
    done = measure([sys.executable, "-m", "dq_pipeline", "run", "--quiet"], project)
    if done.exit_code:
        raise click.ClickException(f"dq run ended with {done.exit_code}:\n{done.output}")
    return project


def measure_report(project: Path) -> dict[str, Any]:
    """Render the pages of the last night again; what it took, and the bytes of each page."""
    done = measure([sys.executable, "-m", "dq_pipeline", "report"], project, log=project / "output" / "bench.log")
    if done.exit_code:
        raise click.ClickException(f"dq report ended with {done.exit_code}:\n{done.output}")
    manifest = json.loads((project / PUBLISHED / "manifest.json").read_text(encoding="utf-8"))
    pages = sorted((project / PUBLISHED).rglob("*.html"))
    return {
        "rows": sum(source["rows_read"] for source in manifest["inputs"]),
        "rendering": done.figures(),
        "pages": {str(page.relative_to(project / PUBLISHED)): page.stat().st_size for page in pages},
    }


def describe(figures: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [f"a night of {figures['rows']:,} rows: {told(figures['rendering'])} from the command's start to its end"]
    return "\n".join([*lines, *(f"{size / MEGABYTE:9.2f} MB  {page}" for page, size in figures["pages"].items())])


@click.command()
@click.option(
    "--project", type=click.Path(path_type=Path, exists=True), help="A project whose last night is published."
)
@click.option("--customers", default=10_000, show_default=True, help="Without a project: how many to generate.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the generated night here.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(project: Path | None, customers: int, folder: Path | None, as_json: bool) -> None:
    """Measure the report of a published night."""
    with tempfile.TemporaryDirectory() as scratch:
        if project is None:
            home = folder or Path(scratch)
            home.mkdir(parents=True, exist_ok=True)
            project = make_night(home, customers)
        figures = measure_report(project)
    click.echo(json.dumps(figures, indent=2) if as_json else describe(figures))


if __name__ == "__main__":
    main()
