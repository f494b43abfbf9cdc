"""Service by truth table: every promise of tests/cases/service/promises.yml, and what the metrics make of them all."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from dq_pipeline.scorecard.service import compute_service
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT
from tests.unit.test_queries import PROJECT, empty_night, fill

CASES: list[dict[str, Any]] = yaml.safe_load(
    (CHECKOUT / "tests/cases/service/promises.yml").read_text(encoding="utf-8")
)
METRIC_CASES: list[dict[str, Any]] = yaml.safe_load(
    (CHECKOUT / "tests/cases/queries/service_metrics.yml").read_text(encoding="utf-8")
)
ORDERS = {f"O{number:03}": case for number, case in enumerate(CASES)}
JUDGED = ("in_full", "on_time", "documents_right", "undamaged", "perfect", "filled", "backordered", "oversold")
SIGNS = {True: "T", False: "F", None: "?"}
TABLES = ("orders", "order_lines", "shipments", "shipment_lines", "inventory", "catalog")
MADE = ("orders", "order_lines", "inventory", "shipments", "shipment_lines", "shipment_service")
PLACES = {"own": ("P1", "12 main st"), "slip": ("P2", "12 mian st"), "other": ("P3", "99 oak ave")}
Rows = dict[str, list[dict[str, Any]]]


def of_order(order_id: str, case: dict[str, Any]) -> Rows:
    """The rows of the sources that one case is about."""
    lines, price = case.get("lines", [["S1", 2]]), case.get("price", 10)
    said = {"status": "delivered", "ordered_at": "2026-10-01", "promised_at": "2026-10-10", "channel": "web"}
    said |= {"customer_name": "Anna Brooks", "ship_to_name": "Anna Brooks"}
    total = {"order_total": sum(pieces * price for _, pieces in lines)}
    rows: Rows = {table: [] for table in ("orders", "order_lines", "shipments", "shipment_lines")}
    rows["orders"].append({"order_id": order_id} | said | total | case.get("order", {}))
    for number, (sku, pieces) in enumerate(lines, start=1):
        line = {"order_id": order_id, "line_no": number, "sku": sku, "quantity": pieces, "unit_price": price}
        rows["order_lines"].append(line)
    whole = [(number, sku, pieces) for number, (sku, pieces) in enumerate(lines, start=1)]
    for number, parcel in enumerate(case.get("parcels", [])):
        shipment = {"shipment_id": f"{order_id}-{number}", "order_id": order_id, "carrier": "UPS"}
        way = {"status": "delivered", "condition": "ok", "recipient_name": "Anna Brooks"}
        said = {name: value for name, value in parcel.items() if name not in ("day", "holds", "place")}
        way = way | said if parcel.get("status") in (None, "delivered") else {"recipient_name": "Anna Brooks"} | said
        rows["shipments"].append(shipment | {"shipped_at": "2026-10-01", "delivered_at": parcel.get("day")} | way)
        for line_no, sku, pieces in parcel.get("holds", whole):
            held = {"shipment_id": f"{order_id}-{number}", "order_id": order_id}
            rows["shipment_lines"].append(held | {"line_no": line_no, "sku": sku, "quantity": pieces})
    return rows


def stock() -> Rows:
    """What the warehouses and the catalog say."""
    left = {"S1": 100, "S2": 100, "S3": 100, "S4": 100, "S5": 5, "S6": 0, "S8": 9}
    counted = {"list_price": 10, "received": 0, "shipped": 0, "adjusted": 0, "counted_at": "2026-11-01 06:00:00"}
    rows = [{"sku": sku, "location": "NORTH", "on_hand": n, "allocated": 0} for sku, n in left.items()]
    rows += [{"sku": "S3", "location": "SOUTH", "on_hand": 100, "allocated": 0}]
    rows += [{"sku": "S7", "location": "NORTH", "on_hand": 5, "allocated": 8}]
    prices = [
        {"sku": "S4", "list_price": 8, "valid_from": "2026-01-01", "valid_to": "2026-10-15"},
        {"sku": "S4", "list_price": 10, "valid_from": "2026-10-15"},
    ]
    return {"inventory": [counted | {"opening_on_hand": row["on_hand"]} | row for row in rows], "catalog": prices}


def deliver(warehouse: Warehouse, order_id: str, case: dict[str, Any]) -> None:
    """Raw and validated rows of a case; what is kept out is raw alone."""
    rows = of_order(order_id, case)
    kept_out = case.get("kept_out")
    fill(warehouse, {f"raw.{table}": found for table, found in rows.items()})
    if kept_out == "shipments":
        rows["shipments"] = []
    elif kept_out is not None:
        extra = rows[kept_out][0] | {"line_no": 5}
        fill(warehouse, {f"raw.{kept_out}": [extra]})
    fill(warehouse, {f"validated.{table}": found for table, found in rows.items()})


def locate(warehouse: Warehouse) -> None:
    """Every order goes to 12 Main St; a label says its own place."""
    labels = {
        f"shipments:{order_id}-{number}": PLACES.get(parcel.get("place", "own"))
        for order_id, case in ORDERS.items()
        for number, parcel in enumerate(case.get("parcels", []))
    }
    places = {f"orders:{order_id}": PLACES["own"] for order_id in ORDERS} | labels
    known = {record: place for record, place in places.items() if place is not None}
    xref = [{"entity": "address", "record_id": record, "master_id": place[0]} for record, place in known.items()]
    texts = [{"record_id": record, "line1": place[1], "postal_code5": "37203"} for record, place in known.items()]
    fill(warehouse, {"mastered.xref": xref, "standardized.address": texts})


def judge(warehouse: Warehouse, early_days: int | None, late_days: int) -> None:
    """Run the project's SELECTs on what was delivered, with the window of the tests."""
    warehouse.execute("delete from mastered.declared_window")
    fill(warehouse, {"mastered.declared_window": [{"early_days": early_days, "late_days": late_days}]})
    for table in (*MADE, "order_line_service", "order_service"):
        warehouse.build(f"mastered.{table}", PROJECT.sql("mastered", table))


@pytest.fixture(scope="module")
def night() -> Iterator[Warehouse]:
    warehouse = empty_night()
    fill(warehouse, {f"{state}.{table}": rows for state in ("raw", "validated") for table, rows in stock().items()})
    fill(warehouse, {"raw.inventory": [{"sku": "S8", "location": "SOUTH"}]})
    for order_id, case in ORDERS.items():
        deliver(warehouse, order_id, case)
    locate(warehouse)
    judge(warehouse, early_days=5, late_days=1)
    yield warehouse
    warehouse.close()


def signs(row: dict[str, Any]) -> str:
    found = "".join(SIGNS[row[name]] for name in JUDGED)
    return f"{found[:4]} {found[4]} {found[5:]}"


@pytest.mark.parametrize(("order_id", "case"), ORDERS.items(), ids=[case["case"] for case in CASES])
def test_a_promise(night: Warehouse, order_id: str, case: dict[str, Any]) -> None:
    lines = night.records("select * from mastered.order_line_service where order_id = ? and line_no = 1", [order_id])
    orders = night.records("select * from mastered.order_service where order_id = ?", [order_id])
    assert [signs(row) for row in lines] == ([case["is"]] if "is" in case else [])
    assert [signs(row) for row in orders] == [case.get("order_is", case.get("is"))]


def test_unknown_is_never_perfect_and_perfect_is_all_four(night: Warehouse) -> None:
    tables = "select * from mastered.order_service union all by name select * from mastered.order_line_service"
    for row in night.records(tables):
        four = [row[name] for name in JUDGED[:4]]
        assert row["perfect"] is (False if False in four else None if None in four else True), row
        assert row["otif"] is (False if False in four[:2] else None if None in four[:2] else True), row


def test_overdue_is_what_is_not_all_there_when_the_window_is_over(night: Warehouse) -> None:
    found = night.rows("select order_id from mastered.order_service where is_overdue order by order_id")
    assert [ORDERS[order_id]["case"] for (order_id,) in found] == [
        "open, the window ended yesterday",
        "on its way, and overdue",
        "one of two, the rest is overdue",
        "lost, and not replaced",
    ]


def test_early_may_count_as_on_time_whatever_the_day(night: Warehouse) -> None:
    """Without `early_days` any day before the promised one is in time: two cases were too early, and are not now."""
    early = [order_id for order_id, case in ORDERS.items() if "too early" in case["case"]]
    try:
        judge(night, early_days=None, late_days=1)
        asked = ", ".join(f"'{order_id}'" for order_id in early)
        found = night.rows(f"select on_time, perfect from mastered.order_service where order_id in ({asked})")
    finally:
        judge(night, early_days=5, late_days=1)
    assert found == [(True, True)] * len(early)
    assert len(early) == 2


def counted(judged: list[str]) -> tuple[int, int, int]:
    """Good, bad and unknown: an order is as bad as its worst sign and as unknown as its least known."""
    worst = Counter("F" if "F" in one else "?" if "?" in one else "T" for one in judged)
    return worst["T"], worst["F"], worst["?"]


def test_a_metric_counts_what_the_truth_table_says_and_leaves_out_the_cancelled(night: Warehouse) -> None:
    kept = [case for case in CASES if case.get("order", {}).get("status") != "cancelled"]
    assert len(CASES) - len(kept) == 3
    orders = [str(case.get("order_is", case.get("is"))).replace(" ", "") for case in kept]
    compute_service(night, PROJECT)
    query = """select metric, good, bad, unknown from scored.service_metrics where "by" = 'all'"""
    found = {metric: (good, bad, unknown) for metric, good, bad, unknown in night.rows(query)}
    places = {"delivered_in_full": [0], "delivered_on_time": [1], "documents_right": [2], "perfect_condition": [3]}
    places |= {"perfect_order": [0, 1, 2, 3], "on_time_in_full": [0, 1], "order_fill": [5]}
    for metric, positions in places.items():
        assert found[metric] == counted(["".join(one[place] for place in positions) for one in orders]), metric


def test_every_metric_has_a_case_with_good_bad_unknown_and_cancelled() -> None:
    """The cases of each metric's own SELECT are in tests/cases/queries/service_metrics.yml."""
    for metric in PROJECT.settings.service.metrics:
        cases = [case for case in METRIC_CASES if case["query"] == f"service/{metric.name}"]
        expected = [row for case in cases for row in case["expect"]]
        for name in ("good", "bad", "unknown"):
            assert any(row[name] for row in expected), f"{metric.name}: no case has anything {name}"
        if metric.unit != "record":
            assert any("cancelled" in str(case["given"]) for case in cases), metric.name
