"""The hand-written scenario: every metric of service, tier, stage and condition is what was worked out by hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dq_pipeline.config import load_project
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT, published
from tests.scenario import SCENARIO, scenario_rows

EXPECTED: dict[str, Any] = yaml.safe_load((SCENARIO / "service.yml").read_text(encoding="utf-8"))
SETTINGS = load_project(CHECKOUT).settings
SIGNS = {True: "T", False: "F", None: "?"}


@pytest.fixture(scope="module")
def night(scenario: Path) -> Iterator[Warehouse]:
    reader = published(scenario)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def keys(night: Warehouse) -> dict[str, str]:
    """Master id -> the account, or for a guest the order, by which the scenario names the customer."""
    query = """select master_id, min(source_key) from identity.xref
        where entity = 'customer' and source in ('crm_customers', 'orders') group by master_id"""
    return dict(night.rows(query))


def test_every_order_is_judged_as_worked_out(night: Warehouse) -> None:
    query = "select order_id, in_full, on_time, documents_right, undamaged, perfect from master.order_service"
    found = {row[0]: [SIGNS[value] for value in row[1:]] for row in night.rows(query)}
    written = {row["order_id"] for row in scenario_rows()["orders"]}
    expected = {order_id: EXPECTED["orders"].get(order_id, "TTTT T") for order_id in written}
    assert {order_id: f"{''.join(signs[:4])} {signs[4]}" for order_id, signs in found.items()} == expected


@pytest.mark.parametrize(("column", "expected"), [("misdelivery_risk", "misdelivery_risk"), ("is_overdue", "overdue")])
def test_orders_at_risk(night: Warehouse, column: str, expected: str) -> None:
    found = night.rows(f"select order_id from master.order_service where {column} order by order_id")
    assert [order_id for (order_id,) in found] == EXPECTED[expected]


def test_every_metric_is_exercised() -> None:
    assert list(EXPECTED["metrics"]) == [metric.name for metric in SETTINGS.service.metrics]
    assert sorted(EXPECTED["cuts"]) == sorted(SETTINGS.service.cuts)


@pytest.mark.parametrize("metric", EXPECTED["metrics"])
def test_a_metric(night: Warehouse, metric: str) -> None:
    query = "select good, bad, unknown, rate, rate_of from quality.service_metrics where metric = ? and \"by\" = 'all'"
    ((good, bad, unknown, rate, rate_of),) = night.rows(query, [metric])
    assert [good, bad, unknown] == EXPECTED["metrics"][metric]
    assert rate == pytest.approx((bad if rate_of == "bad" else good) / (good + bad), abs=1e-6)


@pytest.mark.parametrize("cut", EXPECTED["cuts"])
def test_the_perfect_order_by_a_cut(night: Warehouse, cut: str) -> None:
    query = """select value_of, good, bad, unknown from quality.service_metrics
        where metric = 'perfect_order' and "by" = ?"""
    assert {value: counts for value, *counts in night.rows(query, [cut])} == EXPECTED["cuts"][cut]


def test_every_tier_and_stage_is_exercised() -> None:
    tiers, stages = ({row[place] for row in EXPECTED["tiers"].values()} for place in (0, 1))
    assert tiers == {tier.name for tier in SETTINGS.tiers}
    assert stages == {"prospect", "new", "active", "lapsing", "lost"}


def test_tiers_and_stages(night: Warehouse, keys: dict[str, str]) -> None:
    query = "select customer_id, tier, stage, orders, value, recency_days from master.customer_tier"
    found = {keys[row[0]]: [*row[1:4], float(row[4]), row[5]] for row in night.rows(query) if row[0] in keys}
    assert found == EXPECTED["tiers"]


def test_the_minimum_standard(night: Warehouse, keys: dict[str, str]) -> None:
    conditions = SETTINGS.standard.conditions if SETTINGS.standard else ()
    expected = {condition.name: EXPECTED["standard"][condition.name] for condition in conditions}
    found: dict[str, list[str]] = {name: [] for name in expected}
    for condition, member_id in night.rows("select condition, member_id from quality.standard_rows where not met"):
        found[condition].append(keys[member_id])
    assert {name: sorted(members) for name, members in found.items()} == expected
    held = len(EXPECTED["tiers"])
    counted = night.rows("select condition, met, unmet, unknown from quality.minimum_standard order by place")
    assert counted == [(name, held - len(unmet), len(unmet), 0) for name, unmet in expected.items()]


def test_the_best_customer_is_granted_all_and_the_silver_one_is_not(night: Warehouse, keys: dict[str, str]) -> None:
    """Tiers and the standard are told apart."""
    query = "select customer_id, tier, standard_met, standard_unmet from master.customer_360"
    found = {keys.get(row[0]): row[1:] for row in night.rows(query)}
    assert found["C000014"] == ("gold", True, None)
    assert found["C000013"] == ("silver", False, ["no_overdue_promise", "no_unanswered_complaint"])
