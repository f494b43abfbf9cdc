"""`dq train`."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option, waiting

_COMPARED = {
    "model": "with the old model",
    "run": "in the last run (the old model cannot be used on the records now)",
}


@dq.command()
@project_option
@click.argument("entity", required=False)
@click.option("--use-judgements", is_flag=True, help="Learn from the pairs that stewards judged as well.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Weights shown; 0 shows all.")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@click.option("--json", "as_json", is_flag=True, help="Print what changes as JSON, and ask nothing.")
def train(
    project_path: Path,
    entity: str | None,
    use_judgements: bool,
    dry_run: bool,
    yes: bool,
    limit: int,
    unmasked: bool,
    as_json: bool,
) -> None:
    """Train a linkage model anew.

    On the last run's records, for ENTITY or for all entities. Shows the weights and clusters that change, asks (on a
    terminal), and writes the model file. `dq run` trains where there is no model and never changes one that exists.

    \b
    Examples:
      dq train customer
      dq train --dry-run
      dq train customer --use-judgements
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.training import train_models

    project = load_project(project_path)
    with waiting("training, and linking the last run's records anew"):
        proposals = train_models(project, entity, unmasked=unmasked, use_judgements=use_judgements)
    if as_json:
        written = [] if dry_run else [str(proposal.write()) for proposal in proposals]
        out.print_json(json.dumps({"models": [_document(one) for one in proposals], "written": written}, default=str))
        return
    for proposal in proposals:
        _print(proposal, limit)
    if dry_run:
        out.print("nothing was written")
        return
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not yes
    if asks and not click.confirm("Write?", default=True):
        out.print("nothing was written")
        return
    for proposal in proposals:
        out.print(f"wrote {escape(str(proposal.write()))}; review it, then run `dq run`")


def _document(proposal: Any) -> dict[str, Any]:
    return {
        "entity": proposal.entity,
        "records": proposal.model["records"],
        "profiles": proposal.model["profiles"],
        "levels": [vars(one) | {"change": one.change} for one in proposal.levels],
        "compared_with": proposal.compared_with,
        "clusters": proposal.counts,
        "examples": proposal.examples,
    }


def _print(proposal: Any, limit: int) -> None:
    """What changes with one model."""
    model = proposal.model
    records = f"{model['records']:,} records, {model['profiles']:,} of them distinct"
    out.print(f"[bold]{proposal.entity}[/bold]: trained on {records}")
    before, now = proposal.learned_before, model.get("judgements")
    if before or now:
        out.print(f"learned from {_learned(now)}; the old model from {_learned(before)}")
    if "evaluation" in model:
        judged = model["evaluation"]
        figures = ", ".join(
            f"{name} {judged[name]:.1%}" for name in ("precision", "recall") if judged[name] is not None
        )
        out.print(f"on {judged['judged_same'] + judged['judged_different']:,} judged pairs: {figures}")
    _print_levels([change for change in proposal.levels if abs(change.change) >= 0.0005], limit)
    counts = proposal.counts
    if not counts:
        return
    before = f"{counts['clusters_before']:,} {_COMPARED[proposal.compared_with]}"
    out.print(
        f"clusters: {before}, {counts['clusters_after']:,} now; "
        f"{counts['created']:,} created, {counts['merged']:,} merged of several, {counts['split']:,} split; "
        f"{counts['records_moved']:,} records moved, {counts['pairs_joined']:,} pairs joined, "
        f"{counts['pairs_parted']:,} parted"
    )
    for example in proposal.examples[:limit] if limit else proposal.examples:
        fields = "; ".join(f"{name}: {_both(field)}" for name, field in example["fields"].items())
        out.print(f"  {example['event']}  {escape(example['record_id_l'])} and {escape(example['record_id_r'])}")
        out.print(f"      {escape(fields)}")


def _learned(judged: dict[str, Any] | None) -> str:
    """The judged pairs that a model learned from."""
    if not judged:
        return "no judged pair"
    pairs = f"{judged['same']:,} pairs judged the same and {judged['different']:,} different"
    return f"{pairs}, each worth {judged['weight']:g} pairs"


def _print_levels(changes: list[Any], limit: int) -> None:
    """The weights that change, the biggest change first."""
    if not changes:
        out.print("no weight changes")
        return
    table = Table("comparison", "level", box=None, pad_edge=False)
    for name in ("old bits", "new bits", "change"):
        table.add_column(name, justify="right")
    for one in changes[:limit] if limit else changes:
        table.add_row(one.comparison, one.level, _bits(one.old), _bits(one.new), f"{one.change:+.2f}")
    out.print(table)
    if limit and len(changes) > limit:
        out.print(f"… and {len(changes) - limit:,} smaller changes; --limit 0 shows all")


def _bits(weight: float | None) -> str:
    return "none" if weight is None else f"{weight:.2f}"


def _both(field: dict[str, Any]) -> str:
    return str(field["l"]) if field["agree"] else f"{field['l'] or '-'} | {field['r'] or '-'}"
