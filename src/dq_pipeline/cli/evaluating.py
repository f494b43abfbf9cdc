"""`dq evaluate`: the last run's clusters against a truth."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option, waiting

if TYPE_CHECKING:
    from dq_pipeline.evaluating import Judged
    from dq_pipeline.linkage.losses import Losses
    from dq_pipeline.linkage.worst import WrongPair

MOST_SYSTEM_PAIRS = 20
_ORIGINS = {
    "alike": "alike in every compared column",
    "scored": "by the evidence of the pair (match weight of at least 0)",
    "rule": "by a deterministic rule or a judgement",
    "weak": "by their clusters, though the pair itself spoke against it",
    "unseen": "by their clusters, though never compared",
}
_LOSSES = {
    "found": "together, by the evidence of the pair",
    "gained": "together, gained by their clusters beyond it",
    "lost_before": "lost before linkage (a record is not in the run)",
    "lost_in_blocking": "lost in blocking (never compared)",
    "lost_in_scoring": "lost in scoring (match weight below 0)",
    "lost_in_clustering": "lost in clustering (evident, not together)",
}


@dq.command()
@project_option
@click.argument("entity")
@click.option(
    "--truth",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV: a column of record ids and one of entity ids.",
)
@click.option("--id-column", help="Its column of record ids; record_id, source_record_id or source_key if left out.")
@click.option(
    "--truth-column", help="Its column of entity ids; entity_id, person_id, place_id or the last if left out."
)
@click.option(
    "--worst", type=click.IntRange(min=0), default=5, show_default=True, help="How many errors of each kind to show."
)
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def evaluate(
    project_path: Path,
    entity: str,
    truth: Path,
    id_column: str | None,
    truth_column: str | None,
    worst: int,
    unmasked: bool,
    as_json: bool,
) -> None:
    """Judge ENTITY's clusters by a truth.

    Precision, recall and F1 over all true pairs, the step at which pairs were lost, and the worst errors explained.
    Ids in the truth are record ids (`<source>:<key>`) or keys of the source. Personal values are masked.

    \b
    Examples:
      dq evaluate customer --truth truth.csv
      dq evaluate address --truth data/sample/truth/addresses.csv --worst 20 --json
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.evaluating import evaluate_entity
    from dq_pipeline.recording import last_warehouse

    project = load_project(project_path)
    chosen = project.entity(entity)
    warehouse = last_warehouse(project)
    try:
        with waiting("judging every true pair"):
            judged = evaluate_entity(
                warehouse,
                project,
                chosen,
                truth,
                id_column=id_column,
                truth_column=truth_column,
                worst=worst,
                unmasked=unmasked,
            )
    finally:
        warehouse.close()
    if as_json:
        out.print_json(json.dumps(judged.document(), default=str))
        return
    _print_figures(judged)
    _print_losses(judged.losses)
    _print_missed(judged.missed_by_reason)
    _print_false_pairs(judged.false_pairs)
    _print_systems(judged)
    for title, pairs in (("Worst false merges", judged.worst_merges), ("Worst misses", judged.worst_misses)):
        if pairs:
            out.print(f"\n[bold]{title}[/bold]")
        for pair in pairs:
            _print_pair(pair)


def _print_figures(judged: "Judged") -> None:
    figures = judged.figures
    out.print(
        f"{judged.entity}: {figures.records:,} records, {figures.entities:,} in truth, {figures.clusters:,} clusters"
    )
    if figures.missing:
        out.print(f"  {figures.missing:,} records of the truth are not in the run; their pairs count as missed")
    if judged.unjudged:
        out.print(f"  {judged.unjudged:,} records of the run are not in the truth; they count for nothing")
    table = _table("", "precision", "recall", "F1")
    shares = {
        "pairs": (figures.precision, figures.recall, figures.f1),
        "B-cubed": (figures.b_cubed_precision, figures.b_cubed_recall, figures.b_cubed_f1),
    }
    for name, values in shares.items():
        table.add_row(name, *(f"{value:.4f}" for value in values))
    out.print(table)
    out.print(
        f"false merges: {figures.found_pairs - figures.right_pairs:,} of {figures.found_pairs:,} found pairs; "
        f"missed: {figures.true_pairs - figures.right_pairs:,} of {figures.true_pairs:,} true pairs"
    )


def _print_losses(lost: "Losses") -> None:
    table = _table("\nwhat became of the true pairs", "\npairs", "\nshare")
    for name, title in _LOSSES.items():
        pairs = getattr(lost, name)
        table.add_row(title, f"{pairs:,}", _percent(pairs, lost.true))
    table.add_row("all true pairs", f"{lost.true:,}", _percent(lost.true, lost.true))
    out.print(table)


def _print_missed(reasons: dict[str, int]) -> None:
    if not reasons:
        return
    table = _table("\nwhy two clusters of one entity are apart", "\nmissed pairs", "\nshare")
    for reason, pairs in reasons.items():
        table.add_row(escape(reason), f"{pairs:,}", _percent(pairs, sum(reasons.values())))
    out.print(table)


def _print_false_pairs(pairs: dict[str, int]) -> None:
    total = sum(pairs.values())
    if not total:
        return
    table = _table("\nhow false pairs came together", "\npairs", "\nshare")
    for origin, title in _ORIGINS.items():
        table.add_row(title, f"{pairs[origin]:,}", _percent(pairs[origin], total))
    out.print(table)


def _print_systems(judged: "Judged") -> None:
    if len(judged.systems) < 2:
        return
    table = _table("\nsystems", *(f"\n{name}" for name in ("true pairs", "false", "missed", "precision", "recall")))
    for pair in judged.systems[:MOST_SYSTEM_PAIRS]:
        table.add_row(
            escape(f"{pair.system_l} + {pair.system_r}" if pair.system_l != pair.system_r else pair.system_l),
            f"{pair.true_pairs:,}",
            f"{pair.found_pairs - pair.right_pairs:,}",
            f"{pair.true_pairs - pair.right_pairs:,}",
            f"{pair.precision:.4f}",
            f"{pair.recall:.4f}",
        )
    out.print(table)
    if len(judged.systems) > MOST_SYSTEM_PAIRS:
        out.print(f"and {len(judged.systems) - MOST_SYSTEM_PAIRS} more pairs of systems; --json has all")


def _print_pair(pair: "WrongPair") -> None:
    if pair.kind == "false_merge":
        what = f"of {pair.parts:,} entities in one cluster: {pair.pairs:,} false pairs"
    else:
        what = f"of one entity in {pair.parts:,} clusters: {pair.pairs:,} missed pairs"
    out.print(f"\n{escape(pair.record_id_l)}  {escape(pair.record_id_r)}\n  {pair.records:,} records {what}")
    for line in _reasons(pair):
        out.print(f"  {escape(line)}")
    for one in pair.comparisons:
        if one.agrees is None:
            continue
        values = [
            " ".join(str(value) for value in side.values() if value is not None) for side in (one.left, one.right)
        ]
        sign = "+" if one.agrees else "-"
        out.print(f"    {sign} {one.name:<14} {escape(one.outcome)}: {escape(values[0])} | {escape(values[1])}")


def _reasons(pair: "WrongPair") -> list[str]:
    """Why the pair is together, or not, as sentences."""
    lines = []
    if pair.origin == "alike":
        lines.append("alike in every column that is compared")
    elif pair.match_weight is None:
        lines.append("never compared")
    else:
        lines.append(f"match weight {pair.match_weight:+.1f}, compared because of {pair.found_by}")
    if pair.edge:
        said = [f"{name.replace('_', ' ')} {value}" for name, value in pair.edge.items() if _tells(name, value)]
        lines.append(f"decision on the pair: {pair.edge['decision']} ({', '.join(said)})")
    if pair.merge:
        step = pair.merge
        because = f" ({step['reason']})" if step["reason"] else ""
        lines.append(
            f"their clusters were joined in round {step['round']} at weight {step['match_weight']:+.1f}{because}"
        )
    if pair.review:
        lines.append(f"in the review queue: {', '.join(pair.review)}")
    if pair.confusable:
        lines.append(f"known to be easily confused: {', '.join(pair.confusable)}")
    return lines


def _tells(name: str, value: Any) -> bool:
    return value is not None and name in {"match_reason", "strong", "conflict"}


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else ""
