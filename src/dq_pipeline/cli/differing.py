"""`dq diff`: what two published nights differ in."""

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import dq, out, project_option

EVENTS = ("created", "retired", "merged", "split", "moved")


@dq.command()
@project_option
@click.argument("before", default="previous")
@click.argument("after", default="current")
@click.option("--entity", help="Look at this entity only.")
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Rows a list; 0 shows all.")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def diff(
    project_path: Path, before: str, after: str, entity: str | None, limit: int, unmasked: bool, as_json: bool
) -> None:
    """Show what two published runs differ in, and why.

    Masters that were created, retired, merged or split, golden values that changed, and the open orders that are
    touched. BEFORE and AFTER are run ids (as `dq runs` lists them), `previous` or `current`.

    \b
    Examples:
      dq diff
      dq diff 2026-11-20-1 2026-11-21-1 --entity customer
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.differing import difference, find_night

    project = load_project(project_path)
    nights = find_night(project, before), find_night(project, after)
    found = difference(project, *nights, entity=entity, unmasked=unmasked)
    if as_json:
        out.print_json(json.dumps(found.document(), default=str))
        return
    _print_summary(found)
    for kind in ("merged", "split", "moved", "retired"):
        _print_events(kind, [event for event in found.events if event["event"] == kind], limit)
    _print_values(found.values, limit)
    _print_orders(found.orders, limit)


def _print_summary(found: Any) -> None:
    from dq_pipeline.differing import CAUSES

    out.print(f"{found.before.name} ({found.before.run_date}) → {found.after.name} ({found.after.run_date})\n")
    table = Table("entity", box=None, pad_edge=False)
    for name in ("masters", *EVENTS, "values", "orders"):
        table.add_column(name, justify="right")
    for row in found.entities:
        touched = len({order["order_id"] for order in found.orders if order["entity"] == row["entity"]})
        masters = f"{row['masters_before']:,} → {row['masters_after']:,}"
        table.add_row(row["entity"], masters, *(f"{row[name]:,}" for name in (*EVENTS, "values")), f"{touched:,}")
    out.print(table)
    if found.models:
        out.print(f"new weights: {', '.join(found.models)}")
    for row in found.entities:
        for cause, count in row["causes"].items():
            out.print(f"{row['entity']}: {count:,} because {CAUSES[cause]}")


def _print_events(kind: str, events: list[dict[str, Any]], limit: int) -> None:
    from dq_pipeline.differing import CAUSES

    if not events:
        return
    out.print(f"\n[bold]{kind}[/bold] ({len(events):,})")
    for event in _first(events, limit):
        into = f" → {event['into_master_id']}" if event["into_master_id"] else ""
        members = ", ".join(event["members"][:5]) + (", …" if len(event["members"]) > 5 else "")
        out.print(f"  {event['master_id']}{into}  {event['records']:,} records: {escape(members)}")
        out.print(f"      {CAUSES[event['cause']]}{escape(_link(event))}")
    _print_rest(events, limit)


def _link(event: dict[str, Any]) -> str:
    """The link that speaks most for an event, in words."""
    if event["record_id_l"] is None:
        return ""
    weight = f", {event['match_weight']:.1f} bits" if event["match_weight"] is not None else ""
    pair = f"; {event['record_id_l']} and {event['record_id_r']} ({event['reason']}{weight})"
    if str(event["reason"]).startswith("judged"):
        return pair
    when = "now" if event["event"] == "split" else "before"
    other = f" at {event['other_weight']:.1f} bits" if event["other_weight"] is not None else ""
    return f"{pair}; {when}: {event['other_decision']}{other}"


def _print_values(values: list[dict[str, Any]], limit: int) -> None:
    from dq_pipeline.differing import CAUSES

    if not values:
        return
    out.print(f"\n[bold]golden values[/bold] ({len(values):,})")
    for value in _first(values, limit):
        change = f"{_shown(value['value_before'])} → {_shown(value['value_after'])}"
        out.print(f"  {value['master_id']}  {value['column']}: {escape(change)}")
        records = " → ".join(
            dict.fromkeys(str(value[side] or "no record") for side in ("record_before", "record_after"))
        )
        out.print(f"      {CAUSES[value['cause']]}; {escape(records)} ({value['rule_after'] or value['rule_before']})")
    _print_rest(values, limit)


def _print_orders(orders: list[dict[str, Any]], limit: int) -> None:
    if not orders:
        return
    out.print(f"\n[bold]open orders touched[/bold] ({len({order['order_id'] for order in orders}):,})")
    for order in _first(orders, limit):
        was = order["master_before"]
        now = order["master_after"] if was in {None, order["master_after"]} else f"{was} → {order['master_after']}"
        out.print(f"  {escape(order['order_id'])}  {order['column_name']} {now}  {order['because']}")
    _print_rest(orders, limit)


def _first(rows: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    return rows[:limit] if limit else rows


def _print_rest(rows: list[dict[str, Any]], limit: int) -> None:
    if limit and len(rows) > limit:
        out.print(f"  … and {len(rows) - limit:,} more; --limit 0 shows all, --json gives all")


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
