"""Service, tiers and the standard on the sample: what was planted is seen where the customer feels it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT, published

# Planted defect -> column of order_service -> what it must say of the order. Orders that never left have no documents.
SEEN: dict[str, tuple[str, set[bool | None]]] = {
    "late_delivery": ("on_time", {False}),
    "past_promise_unshipped": ("is_overdue", {True}),
    "ship_to_mismatch": ("misdelivery_risk", {True}),
    "namesake_delivery": ("misdelivery_risk", {True}),
    "shipped_sku_not_ordered": ("documents_right", {False}),
    "shipped_quantity_mismatch": ("in_full", {False}),
    "line_shipped_twice": ("in_full", {False}),
    "order_total_mismatch": ("documents_right", {False, None}),
    "oversold": ("oversold", {True}),
    "sold_out_of_stock": ("oversold", {True}),
}
# Issues of an order that is not perfect, once anything left.
SPOILS = ("L03", "O02", "P01", "P02", "P03", "S04", "S06")

# What has a row for each order, contact, parcel or customer, and the customer that the plan is asked about.
LARGE = frozenset(
    {
        *("customer", "customer_tier", "customer_name", "customer_contact", "customer_address"),
        *("order_service", "interactions"),
    }
)
ASKED = "customer_id = 'CUS-1'"


@pytest.fixture(scope="module")
def night(sample: Path) -> Iterator[Warehouse]:
    reader = published(sample)
    yield reader
    reader.close()


def planted(code: str) -> list[str]:
    path = CHECKOUT / "data/sample/truth/planted.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row["source_key"] for row in csv.DictReader(file) if row["code"] == code]


@pytest.mark.parametrize("code", SEEN)
def test_a_planted_defect_is_felt_by_the_order(night: Warehouse, code: str) -> None:
    column, allowed = SEEN[code]
    orders = dict(night.rows("select shipment_id, order_id from master.shipments"))
    judged = dict(night.rows(f"select order_id, {column} from master.order_service where status <> 'cancelled'"))
    keys = [key.split("/")[0] for key in planted(code)]
    found = [judged[order_id] for order_id in (orders.get(key, key) for key in keys) if order_id in judged]
    assert found
    assert set(found) <= allowed


def test_no_order_with_a_defect_of_its_own_is_perfect(night: Warehouse) -> None:
    codes = ", ".join(f"'{code}'" for code in SPOILS)
    hurt = f"select order_id from quality.issue_rows where code in ({codes})"
    assert night.value(f"select count(*) from master.order_service where order_id in ({hurt})") > len(SPOILS)
    assert night.rows(f"select order_id from master.order_service where perfect and order_id in ({hurt})") == []


def test_every_order_line_and_customer_is_judged_once(night: Warehouse) -> None:
    for judged, all_of_them in (
        ("order_service", "orders"),
        ("order_line_service", "order_lines"),
        ("customer_tier", "customer"),
        ("customer_360", "customer"),
    ):
        assert night.count(f"master.{judged}") == night.count(f"master.{all_of_them}")
    assert night.count("quality.customer_quality") == night.count("master.customer")


def test_every_cut_of_a_metric_adds_up(night: Warehouse) -> None:
    """What has no value of a cut is under `unknown`, never lost."""
    summed = night.rows(
        """select metric, "by", sum(good), sum(bad), sum(unknown) from quality.service_metrics group by metric, "by" """
    )
    of_all = {metric: counts for metric, by, *counts in summed if by == "all"}
    assert len(of_all) == night.value("select count(distinct metric) from quality.service_metrics")
    assert {"touchpoint", "channel", "carrier", "location", "tier"} <= {row[1] for row in summed}
    for metric, by, *counts in summed:
        assert counts == of_all[metric], (metric, by)


def test_every_tier_and_stage_has_customers_and_a_tier_is_no_pass(night: Warehouse) -> None:
    """The minimum standard is told apart from tiers: in each tier some meet it and some do not."""
    found = night.rows(
        "select tier, bool_or(standard_met), bool_or(not standard_met) from master.customer_360 group by 1"
    )
    assert sorted(found) == [(tier, True, True) for tier in ("gold", "prospect", "silver", "standard")]
    stages = night.rows("select distinct stage from master.customer_tier order by stage")
    assert [stage for (stage,) in stages] == ["active", "lapsing", "lost", "new", "prospect"]


def test_the_timeline_tells_everything_of_one_customer(night: Warehouse) -> None:
    """Counted by kind, it is what the view of the customer counts."""
    customer_id, orders, lines, shipments, interactions = night.rows(
        """select customer_id, orders, lines, shipments, interactions from master.customer_360
        where interactions > 0 and failed_orders > 0 order by orders desc, customer_id limit 1"""
    )[0]
    query = "select kind, count(*) from master.customer_timeline where customer_id = ? group by kind"
    kinds = dict(night.rows(query, [customer_id]))
    found = tuple(kinds.get(kind, 0) for kind in ("ordered", "line", "shipped", "contact"))
    assert found == (orders, lines, shipments, interactions)
    assert kinds["promised"] <= orders
    irregular = night.value(
        "select count(*) from quality.issue_rows where entity = 'customer' and master_id = ?", [customer_id]
    )
    assert kinds.get("irregularity", 0) == irregular


def test_the_filter_on_one_customer_reaches_every_large_table(night: Warehouse) -> None:
    """So the view stays quick among a million customers: no group is made of what is not asked for."""
    plan = json.loads(night.rows(f"explain (format json) select * from master.customer_360 where {ASKED}")[-1][1])
    scans = list(scans_of(plan))
    read = {table for table, _ in scans}
    assert {f"master.{table}" for table in LARGE} <= read
    for table, filters in scans:
        if table.removeprefix("master.") in LARGE:
            assert ASKED in filters, f"{table} is read whole"


def scans_of(nodes: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Table and filters of every scan of a plan."""
    for node in nodes:
        table = node.get("extra_info", {}).get("Table")
        if table:
            yield ".".join(table.split(".")[-2:]), str(node["extra_info"].get("Filters", ""))
        yield from scans_of(node.get("children", []))
