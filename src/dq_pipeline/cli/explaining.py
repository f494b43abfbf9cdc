"""`dq explain`: why two records are, or are not, one; what holds a master together."""

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option
from dq_pipeline.errors import ConfigError
from dq_pipeline.private import write_private


@dq.command()
@project_option
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@click.option("--entity", help="The entity, where both names are known to several.")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture: .svg, .html or .dot."
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the picture as a page.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def explain(
    project_path: Path,
    first: str,
    second: str | None,
    entity: str | None,
    unmasked: bool,
    picture: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Show why two are, or are not, one.

    A and B are records (`<source>:<key>`) or master ids: every comparison with its weight, the prior, rules,
    conflicts, judgements, and what the run decided. A alone, a master id (or a record of it): what holds it together.

    \b
    Examples:
      dq explain crm_customers:C000017 orders:O0000004
      dq explain CUS-00A510165FF113D0 --picture cluster.svg
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.explaining import explain as explanation

    document = explanation(load_project(project_path), first, second, entity=entity, unmasked=unmasked)
    for path in (path for path in (picture, html) if path):
        _write(path, document, as_page=path == html, is_private=unmasked)
    if as_json:
        out.print_json(json.dumps(document, default=str))
    elif document["kind"] == "pair":
        _print_pair(document)
    else:
        _print_cluster(document)


def _write(path: Path, document: dict[str, Any], *, as_page: bool, is_private: bool) -> None:
    from dq_pipeline import charts

    kind = ".html" if as_page else path.suffix.lower()
    if kind == ".dot" and document["kind"] == "cluster":
        text = charts.dot(document)
    elif kind in {".html", ".htm"}:
        text = charts.page(document)
    elif kind == ".svg":
        text = charts.picture(document)
    else:
        raise ConfigError(
            f"a picture cannot be written as {path.name}", remedy="name it .svg or .html; a cluster also .dot"
        )
    if is_private:
        write_private(path, text)
    else:
        path.write_text(text, encoding="utf-8")


def _print_pair(pair: dict[str, Any]) -> None:
    verdict = "one" if pair["is_one"] else "two"
    out.print(f"{escape(pair['record_id_l'])} and {escape(pair['record_id_r'])}: [bold]{verdict}[/bold]")
    out.print(f"  {escape(pair['because'])}")
    masters = dict.fromkeys([pair["master_l"], pair["master_r"]])
    out.print(f"  {pair['entity']} {' and '.join(str(one) for one in masters)}\n")
    table = Table("comparison", "level", "values", box=None, pad_edge=False)
    for name in ("bits", "rarity", "sum"):
        table.add_column(name, justify="right", no_wrap=True)
    reached = pair["prior"]
    table.add_row("prior", "", "", f"{pair['prior']:+.2f}", "", f"{reached:+.2f}")
    for one in pair["comparisons"]:
        reached += one["total"]
        rarity = f"{one['frequency']:+.2f}" if abs(one["frequency"]) >= 0.005 else ""
        values = "; ".join(_values(both, one["agree"][column]) for column, both in one["values"].items())
        table.add_row(
            f"{one['name']}{' *' if one['strong'] else ''}",
            one["level"],
            escape(values),
            f"{one['weight']:+.2f}",
            rarity,
            f"{reached:+.2f}",
        )
    for name, bits in pair["related"].items():
        table.add_row(f"or {name}", "related, not the same", f"odds of it {bits:+.1f} bits", "", "", "")
    if pair["related"]:
        table.add_row("of all these", "", "", f"{pair['correction']:+.2f}", "", f"{pair['match_weight']:+.2f}")
    out.print(table)
    _print_decision(pair)


def _print_decision(pair: dict[str, Any]) -> None:
    """What stands beside the weight: limits, shield, blocking, conflicts, rules, judgements."""
    limits = ", ".join(f"{name} from {bits:+.2f}" for name, bits in pair["thresholds"].items())
    out.print(f"\nthe pair alone: {pair['match_weight']:+.2f} bits, {pair['match_probability']:.4%} ({limits})")
    if pair["shield"]:
        shield = pair["shield"]
        rare = f"; the names are rare: or the pair from {shield['rare_needed']:+.2f}" if shield["is_rare"] else ""
        out.print(f"strong evidence (*): {shield['reached']:+.2f} bits, needed {shield['needed']:+.2f}{rare}")
    out.print(f"compared because of: {escape(pair['found_by'] or 'nothing; it was not compared')}")
    for name in ("conflicts", "rules", "review", "confusable"):
        if pair[name]:
            out.print(f"{name}: {escape(', '.join(pair[name]))}")
    if pair["edge"]:
        out.print(f"decision on the pair: {pair['edge']['decision']} ({escape(str(pair['edge']['match_reason']))})")
    if pair["merge"]:
        step = pair["merge"]
        weight = step["reason"] or f"{step['match_weight']:+.2f} bits"
        clusters = f"{step['cluster_l']} and {step['cluster_r']}"
        out.print(f"joined in round {step['round']}: the clusters of {escape(clusters)} ({escape(str(weight))})")
    for row in pair["judgements"]:
        said = f"{row['record_id_l']} and {row['record_id_r']}: {row['judgement']}"
        said += f", {row['decided_by']} {row['decided_at']} ({row['status']})"
        out.print(f"judgement: {escape(said)}")


def _print_cluster(cluster: dict[str, Any]) -> None:
    from dq_pipeline.charts import link_text

    out.print(f"[bold]{cluster['master_id']}[/bold]: {len(cluster['records']):,} records of {cluster['entity']}")
    for record in cluster["records"]:
        alike = cluster["copies"].get(record)
        out.print(f"  {escape(record)}{f'  (alike {alike})' if alike else ''}")
    if cluster["links"]:
        out.print("\nbest links that hold it")
    for link in cluster["links"]:
        mark = "  [bold red]weakest[/bold red]" if link == cluster["weakest"] else ""
        pair = f"{link['record_id_l']} and {link['record_id_r']}"
        out.print(f"  {escape(pair)}  {escape(link_text(link))}{mark}")
    if cluster["parts"]:
        out.print(f"without the weakest it falls into {cluster['parts'][0]:,} and {cluster['parts'][1]:,} records")
    if cluster["steps"]:
        out.print("\norder of joins")
    for step in cluster["steps"]:
        weight = step["reason"] or f"{step['match_weight']:+.2f} bits"
        both = f"{step['cluster_l']} and {step['cluster_r']} ({weight})"
        out.print(f"  round {step['round']}: {escape(both)}")


def _values(both: list[Any], agree: bool) -> str:
    if agree:
        return str(both[0]) if both[0] is not None else ""
    return f"{both[0] if both[0] is not None else '-'} | {both[1] if both[1] is not None else '-'}"
