"""`dq train`."""

from pathlib import Path

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, out, project_option


@dq.command()
@project_option
@click.argument("entity", required=False)
def train(project_path: Path, entity: str | None) -> None:
    """Train a linkage model anew.

    On the last run's records, for ENTITY or for all entities; the model file is written. `dq run` trains where there
    is no model and never changes one that exists.

    \b
    Example:
      dq train customer
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.training import train_models

    for path in train_models(load_project(project_path), entity):
        out.print(f"wrote {escape(str(path))}; review it, then run `dq run`")
