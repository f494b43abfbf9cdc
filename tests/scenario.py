"""The hand-written scenario of tests/cases/scenario as a project: its rows filled in, written as extracts, and run."""

import csv
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from dq_pipeline.config import load_project
from tests.conftest import CHECKOUT, call, copy_project

SCENARIO = CHECKOUT / "tests/cases/scenario"
NIGHTS = ("2026-11-19", "2026-11-20")
Row = dict[str, Any]
Rows = dict[str, list[Row]]

ACCOUNT = {"customer_type": "person", "country": "US", "channel": "web", "status": "active"}
ACCOUNT |= {"created_at": "2025-01-10 10:00:00", "updated_at": "2026-11-01 10:00:00"}
STOCK = {"location": "WH-EAST", "received": 0, "shipped": 0, "adjusted": 0, "discontinued": "false"}
STOCK |= {"counted_at": "2026-11-01 06:00:00"}
OFFER = {"valid_from": "2024-01-01 00:00:00", "discontinued": "false"}
# Column of an order <- column of the account it names.
SHIP_TO = {"line1": "address_line1", "line2": "address_line2", "city": "city", "state": "state"}
SHIP_TO |= {"postal_code": "postal_code"}


def scenario_rows(night: str = NIGHTS[-1]) -> Rows:
    """Every source's rows of that night, with everything that the file leaves out filled in."""
    return filled_in(yaml.safe_load((SCENARIO / "night.yml").read_text(encoding="utf-8")), night)


def filled_in(written: Rows, night: str = NIGHTS[-1]) -> Rows:
    """Rows that say only what matters, with the rest filled in, as the head of night.yml tells."""
    tonight = {
        source: [row for row in rows if str(row.pop("until", NIGHTS[-1])) >= night] for source, rows in written.items()
    }
    accounts = {row["customer_id"]: row for row in written["crm_customers"]}
    orders = [_order(row, accounts) for row in tonight["orders"]]
    ordered = {row["order_id"]: row for row in orders}
    shipments = [_shipment(number, row, ordered) for number, row in enumerate(tonight["shipments"])]
    inventory = [_stock(row) for row in tonight["inventory"]]
    return {
        "crm_customers": [_account(row) for row in tonight["crm_customers"]],
        "crm_interactions": tonight["crm_interactions"],
        "catalog": [_offer(row, inventory) for row in tonight["catalog"]],
        "inventory": inventory,
        "orders": orders,
        "order_lines": [line for row in orders for line in _order_lines(row)] + tonight["order_lines"],
        "shipments": shipments,
        "shipment_lines": [line for row in shipments for line in _shipment_lines(row, ordered)],
    }


def scenario_project(folder: Path) -> Path:
    """The sample project with the extracts of the last night; gates and contracts are what so few rows can meet."""
    copy_project(folder)
    project = folder / "pipelines/nightly.yml"
    settings = yaml.safe_load(project.read_text(encoding="utf-8"))
    settings["gates"] |= {"quarantine_share": 1.0, "id_churn": 1.0}
    project.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    for path in (folder / "pipelines/sources").glob("*.yml"):
        contract = yaml.safe_load(path.read_text(encoding="utf-8"))
        contract |= {"rows": {"min": 1}, "freshness": None}
        path.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    deliver(folder, scenario_rows())
    return folder


def run_scenario(folder: Path) -> Path:
    """The scenario's project after both nights."""
    scenario_project(folder)
    for night in NIGHTS:
        deliver(folder, scenario_rows(night))
        answer = call("run", "--project", folder, "--date", night)
        assert answer.code == 0, answer.text
    return folder


def deliver(folder: Path, rows: Rows) -> None:
    """Write every source's extract."""
    data = folder / "data/sample"
    data.mkdir(parents=True, exist_ok=True)
    for source in load_project(folder).sources:
        with (data / source.location.path).open("w", encoding="utf-8", newline="") as file:
            lines = csv.DictWriter(file, list(source.columns), restval="", extrasaction="ignore", lineterminator="\n")
            lines.writeheader()
            lines.writerows(_typed(rows[source.name]))


def _typed(rows: Iterable[Row]) -> Iterable[Row]:
    for row in rows:
        yield {name: "" if value is None else value for name, value in row.items()}


def _account(row: Row) -> Row:
    name = {"full_name": f"{row['first_name']} {row['last_name']}"}
    return ACCOUNT | name | row


def _stock(row: Row) -> Row:
    moved = row.get("received", 0) - row.get("shipped", 0) + row.get("adjusted", 0)
    books = {"product_name": f"Article {row['sku'][-4:]}", "opening_on_hand": row["on_hand"] - moved}
    return STOCK | books | row


def _offer(row: Row, inventory: list[Row]) -> Row:
    left = sum(stock["on_hand"] - stock["allocated"] for stock in inventory if stock["sku"] == row["sku"])
    return OFFER | ({} if "valid_to" in row else {"available": max(left, 0)}) | row


def _order(row: Row, accounts: dict[str, Row]) -> Row:
    account = _account(accounts[row["customer_id"]]) if row.get("customer_id") in accounts else {}
    buyer = {"customer_name": account.get("full_name"), "email": account.get("email"), "phone": account.get("phone")}
    place = {f"ship_to_{ours}": account.get(theirs) for ours, theirs in SHIP_TO.items()}
    if "ship_to_line1" in row:
        place = {}
    promised = datetime.fromisoformat(row["ordered_at"]) + timedelta(days=10)
    summed = sum(pieces * price for _, pieces, price in row["lines"])
    rest = {"channel": "web", "status": "delivered", "promised_at": f"{promised:%Y-%m-%d} 18:00:00"}
    order = buyer | place | rest | {"order_total": f"{summed:.2f}"} | row
    return {"ship_to_name": order["customer_name"]} | order


def _order_lines(order: Row) -> list[Row]:
    return [
        {"order_id": order["order_id"], "line_no": number, "sku": sku, "quantity": pieces, "unit_price": f"{price:.2f}"}
        for number, (sku, pieces, price) in enumerate(order["lines"], start=1)
    ]


def _shipment(number: int, row: Row, orders: dict[str, Row]) -> Row:
    order = orders.get(row["order_id"], {})
    label = {"recipient_name": order.get("ship_to_name")}
    label |= {ours: order.get(f"ship_to_{ours}") for ours in SHIP_TO}
    way = {"carrier": "UPS", "tracking_number": f"1Z9V84E2{number:010d}", "status": "delivered"}
    condition = {} if row.get("status", "delivered") != "delivered" else {"condition": "ok"}
    return label | way | condition | row


def _shipment_lines(shipment: Row, orders: dict[str, Row]) -> list[Row]:
    order = orders.get(shipment["order_id"], {"lines": []})
    whole = [(number, sku, pieces) for number, (sku, pieces, _) in enumerate(order["lines"], start=1)]
    return [
        {
            **{name: shipment[name] for name in ("shipment_id", "order_id")},
            "line_no": line,
            "sku": sku,
            "quantity": pieces,
        }
        for line, sku, pieces in shipment.get("lines", whole)
    ]


def expected_findings() -> dict[str, dict[str, date | None]]:
    """Issue check -> the keys that it must find, with the day since when where that is said."""
    written = yaml.safe_load((SCENARIO / "issues.yml").read_text(encoding="utf-8"))
    return {
        check: {str(key): keys[key] for key in keys} if isinstance(keys, dict) else dict.fromkeys(map(str, keys))
        for check, keys in written.items()
    }
