"""Rules of the master tables and of sources beside each other: still on the sample, and each fires on a wrong row."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from dq_pipeline.quality.checker import Checker
from dq_pipeline.quality.suites import read_suite
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

SUITES = {
    (path.parent.name, path.stem): read_suite(path)
    for path in sorted((CHECKOUT / "expectations").glob("*/*.json"))
    if path.parent.name != "raw"
}
DAY = date(2026, 11, 20)

# Suite, code, and the statement that makes one row (or a few) wrong.
WRONG = [
    ("validated.shipment_lines", "unknown_shipment", "set shipment_id = 'S9999999' where line_no = 1"),
    ("validated.shipment_lines", "order_differs", "set order_id = 'O9999999' where line_no = 1"),
    ("validated.inventory", "not_in_catalog", "set sku = 'SKU-9999' where location = 'WH-EAST'"),
    ("validated.inventory", "name_differs_from_catalog", "set product_name = 'Umbrella, broken'"),
    ("mastered.address", "bad_records", "set records = 0"),
    ("mastered.address", "bad_country", "set country = 'Germany'"),
    ("mastered.address", "odd_id", "set address_id = 'X' || address_id"),
    ("mastered.address", "deliverable_without_street", "set line1 = null where is_deliverable"),
    ("mastered.address", "repeated_key", "set address_id = 'ADR-same'"),
    ("mastered.customer", "missing_key", "set customer_id = null"),
    ("mastered.customer", "repeated_key", "set customer_id = 'CUS-same'"),
    ("mastered.customer", "odd_id", "set customer_id = 'C1'"),
    ("mastered.customer", "bad_customer_type", "set customer_type = 'robot'"),
    ("mastered.customer", "unknown_address", "set address_id = 'ADR-none'"),
    ("mastered.customer", "unknown_household", "set household_id = 'HH-none'"),
    ("mastered.customer", "bad_email", "set email = 'nobody at home'"),
    ("mastered.customer", "bad_phone", "set phone = '12'"),
    ("mastered.customer", "bad_birth_date", "set birth_date = date '2030-01-01'"),
    ("mastered.customer", "bad_records", "set records = 0"),
    ("mastered.customer", "bad_accounts", "set accounts = records + 1"),
    ("mastered.customer", "updated_before_created", "set updated_at = created_at - interval 1 day"),
    ("mastered.household", "wrong_members", "set members = members + 1"),
    ("mastered.household", "bad_members", "set members = 1"),
    ("mastered.household", "unknown_address", "set address_id = 'ADR-none'"),
    ("mastered.household_member", "unknown_household", "set household_id = 'HH-none'"),
    ("mastered.household_member", "unknown_customer", "set customer_id = 'CUS-none'"),
    ("mastered.customer_tier", "lost_row", "set customer_id = 'CUS-none'"),
    ("mastered.customer_tier", "bad_stage", "set stage = 'asleep'"),
    ("mastered.customer_tier", "tier_without_rank", "set tier_rank = null where tier is not null"),
    ("mastered.customer_tier", "orders_without_day", "set last_ordered_on = null where orders > 0"),
    ("mastered.customer_name", "repeated_key", "set name = 'Same', kind = 'name'"),
    ("mastered.customer_name", "several_latest", "set is_latest = true"),
    ("mastered.customer_name", "last_before_first", "set last_said_on = first_said_on - 1"),
    ("mastered.customer_contact", "several_working", "set is_working = true"),
    ("mastered.customer_contact", "works_and_invalid", "set is_valid = false"),
    ("mastered.customer_last_word", "repeated_key", "set customer_id = 'CUS-same', field = 'email'"),
    ("mastered.customer_preference", "repeated_key", "set customer_id = 'CUS-same', touchpoint = 'web'"),
    ("mastered.customer_preference", "differs_from_itself", "set touchpoint = newest_touchpoint"),
    ("mastered.customer_address", "several_homes", "set is_home = true"),
    ("mastered.customer_address", "unknown_address", "set address_id = 'ADR-none'"),
    ("mastered.product", "wrong_stock", "set on_hand = on_hand + 1"),
    ("mastered.product", "wrong_allocated", "set allocated = allocated + 1"),
    ("mastered.product", "bad_list_price", "set list_price = 0"),
    ("mastered.inventory", "wrong_available", "set available = available + 1"),
    ("mastered.inventory", "unknown_sku", "set sku = 'SKU-none'"),
    ("mastered.orders", "lost_row", "set order_id = order_id || 'x'"),
    ("mastered.orders", "unknown_customer", "set customer_id = 'CUS-none'"),
    ("mastered.orders", "unknown_address", "set ship_to_address_id = 'ADR-none'"),
    ("mastered.orders", "bad_status", "set status = 'lost'"),
    ("mastered.orders", "future_ordered_at", "set ordered_at = timestamp '2026-11-21 00:00:01'"),
    ("mastered.order_lines", "lost_row", "set line_no = 77"),
    ("mastered.order_lines", "wrong_amount", "set amount = amount + 1"),
    ("mastered.shipments", "lost_row", "set shipment_id = shipment_id || 'x'"),
    ("mastered.shipments", "unknown_customer", "set recipient_customer_id = 'CUS-none'"),
    ("mastered.shipment_lines", "lost_row", "set line_no = 77"),
    ("mastered.interactions", "lost_row", "set interaction_id = interaction_id || 'x'"),
    ("mastered.interactions", "unknown_touchpoint", "set touchpoint = 'dream'"),
    ("mastered.shipment_service", "unknown_order", "set order_id = 'O9999999'"),
    ("mastered.shipment_service", "arrived_without_day", "set arrived = null"),
    ("mastered.shipment_service", "undamaged_before_arrival", "set arrived = false"),
    ("mastered.order_line_service", "wrong_perfect", "set perfect = not perfect"),
    ("mastered.order_line_service", "wrong_otif", "set otif = null where in_full"),
    ("mastered.order_line_service", "more_received_than_shipped", "set received = shipped + 1"),
    ("mastered.order_line_service", "lost_row", "set line_no = 77"),
    ("mastered.order_service", "wrong_perfect", "set perfect = not perfect"),
    ("mastered.order_service", "wrong_otif", "set otif = not otif"),
    ("mastered.order_service", "wrong_lines", "set lines = lines + 1"),
    ("mastered.order_service", "cancelled_and_judged", "set in_full = true where status = 'cancelled'"),
    ("mastered.order_service", "lost_row", "set order_id = 'O9999999'"),
    ("mastered.order_outcome", "failed_and_not", "set failure = null where failure = 'late'"),
    ("mastered.order_outcome", "repeated_key", "set failure = 'late', order_id = 'O0000001'"),
    ("mastered.order_links", "hangs_on_nothing", "set record_id = null, master_id = null"),
    ("mastered.order_links", "bad_through", "set through = 'luck'"),
    ("mastered.customer_address", "repeated_key", "set customer_id = 'CUS-same', address_id = 'ADR-same'"),
    ("mastered.customer_contact", "repeated_key", "set customer_id = 'CUS-same', kind = 'email', value = 'same'"),
    ("mastered.order_links", "repeated_key", "set order_id = 'O1', through = 'stock', record_id = 'x'"),
    ("mastered.household_member", "unknown_address", "set address_id = 'ADR-none'"),
    ("mastered.shipments", "unknown_address", "set address_id = 'ADR-none'"),
    ("mastered.order_service", "unknown_address", "set ship_to_address_id = 'ADR-none'"),
    ("mastered.customer_last_word", "unknown_order", "set order_id = 'O9999999'"),
    ("mastered.order_links", "unknown_order", "set order_id = 'O9999999'"),
    ("mastered.order_outcome", "unknown_order", "set order_id = 'O9999999'"),
    ("mastered.order_service", "unknown_order", "set order_id = 'O9999999'"),
    ("mastered.shipment_service", "unknown_shipment", "set shipment_id = 'S9999999'"),
    *(
        (f"mastered.{table}", "unknown_customer", "set customer_id = 'CUS-none'")
        for table in (
            *("customer_address", "customer_contact", "customer_name", "customer_tier", "interactions", "order_lines"),
            *("order_outcome", "order_service", "customer_last_word", "customer_preference"),
        )
    ),
]  # fmt: skip
# Warnings that the sample's planted rows cause in what is made of them.
PLANTED = {("interactions", "bad_satisfaction"), ("customer", "updated_before_created")}
PLANTED |= {("address", "missing_line1"), ("address", "missing_postal_code"), ("customer", "missing_name")}


@pytest.fixture(scope="module")
def tables(sample: Path) -> Iterator[Warehouse]:
    """A copy of what the suites look at."""
    warehouse = Warehouse(threads=1)
    load_macros(warehouse)
    set_run_values(warehouse, "r", DAY)
    warehouse.attach(sample / "output/working.duckdb", "night")
    wanted = {f"{state}.{table}" for state, table in SUITES} | {"validated.catalog", "validated.shipments"}
    wanted |= {"validated.orders", "validated.order_lines", "validated.crm_interactions"}
    wanted |= {"raw.shipments", "raw.catalog"}
    for table in sorted(wanted):
        warehouse.build(table, f"select * from night.{table}")
    warehouse.detach("night")
    yield warehouse
    warehouse.close()


def failing(warehouse: Warehouse, state: str, table: str) -> set[str]:
    key = next(iter(warehouse.columns(f"{state}.{table}"))) if state == "mastered" else "record_id"
    with Checker(warehouse, DAY) as checker:
        results = checker.check(f"{state}.{table}", SUITES[state, table], key=key)
    assert [result.error for result in results if result.error] == []
    return {result.code for result in results if result.failed}


@pytest.mark.parametrize(("state", "table"), sorted(SUITES))
def test_on_the_sample_only_planted_rows_are_found(tables: Warehouse, state: str, table: str) -> None:
    assert {(table, code) for code in failing(tables, state, table)} <= PLANTED


@pytest.mark.parametrize(("table", "code", "change"), WRONG)
def test_a_rule_fires(tables: Warehouse, table: str, code: str, change: str) -> None:
    state, name = table.split(".")
    tables.execute("begin transaction")
    try:
        tables.execute(f"update {table} {change}")
        assert code in failing(tables, state, name)
    finally:
        tables.execute("rollback")


def test_every_critical_rule_in_sql_is_made_to_fire() -> None:
    """A rule that only its author read is none: each SELECT among the critical rules has its wrong row above."""
    tried = {(table, code) for table, code, _ in WRONG}
    rules = {
        (f"{state}.{table}", one["meta"]["code"])
        for (state, table), suite in SUITES.items()
        for one in suite.expectations
        if one["type"] == "unexpected_rows_expectation" and one["severity"] == "critical"
    }
    assert sorted(rules - tried) == []
