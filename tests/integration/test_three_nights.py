"""A story of three nights: a defect and what it costs, its repair and what that brought, and its return.

A small company of forty customers. Twelve parcels are booked as delivered far too late; three orders have no sound
total. Everything else is faultless and stays as it is.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import Answer, call, published
from tests.scenario import Rows, deliver, filled_in, scenario_project

NIGHTS = ("2026-11-20", "2026-11-21", "2026-11-22")
CUSTOMERS, LATE, WITHOUT_TOTAL = 40, 12, 3
FIRST = ("Alma", "Boris", "Celia", "Dario", "Edda", "Fabian", "Gerda", "Hugo")
LAST = ("Ashworth", "Bellamy", "Castellan", "Dunmore", "Eastwick")
TOWNS = (
    ("Nashville", "TN", "37203"),
    ("Portland", "OR", "97209"),
    ("Boise", "ID", "83702"),
    ("Houston", "TX", "77098"),
)
STREETS = ("Willow Creek Rd", "Harding Pl", "Burnside St", "Lyndale Ave", "Cedar Ln")


def account(number: int) -> dict[str, Any]:
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST)]
    city, state, postal_code = TOWNS[number % len(TOWNS)]
    return {
        "customer_id": f"C{number:06}",
        "first_name": first,
        "last_name": last,
        "date_of_birth": f"{1950 + number}-{1 + number % 12:02}-{1 + number % 27:02}",
        "email": f"{first}.{last}@gmail.com".lower(),
        "phone": f"615-{300 + number}-{1000 + 137 * number}",
        "address_line1": f"{11 + 37 * number} {STREETS[number % len(STREETS)]}",
        "city": city,
        "state": state,
        "postal_code": postal_code,
    }


def company() -> Rows:
    """Everything as it should be: each customer has ordered twice and was served in full and in time."""
    orders, shipments = [], []
    for number in range(2 * CUSTOMERS):
        day = f"{10 + number % 2:02}-{1 + number % 18:02}"
        order = {"order_id": f"O{number:07}", "customer_id": f"C{number % CUSTOMERS:06}"}
        orders.append(order | {"ordered_at": f"2026-{day} 10:00:00", "lines": [["SKU-0001", 1 + number % 3, 10.0]]})
        parcel = {"shipment_id": f"S{number:07}", "order_id": order["order_id"]}
        left = f"2026-{day} 15:00:00"
        arrived = f"2026-{day[:2]}-{int(day[3:]) + 2:02} 12:00:00"
        shipments.append(parcel | {"shipped_at": left, "delivered_at": arrived})
    contact = {"touchpoint": "web", "reason": "question", "outcome": "resolved", "satisfaction": 5}
    contacts = [
        contact
        | {"interaction_id": f"I{n:07}", "customer_id": f"C{n:06}", "occurred_at": f"2026-11-{1 + n % 18:02} 09:00:00"}
        for n in range(CUSTOMERS)
    ]
    stock = {"sku": "SKU-0001", "list_price": 10.0, "on_hand": 500, "allocated": 0}
    return filled_in(
        {
            "crm_customers": [account(number) for number in range(CUSTOMERS)],
            "crm_interactions": contacts,
            "catalog": [{"sku": "SKU-0001", "product_name": "Lamp", "list_price": 10.0}],
            "inventory": [stock],
            "orders": orders,
            "order_lines": [],
            "shipments": shipments,
            "shipment_lines": [],
        }
    )


def with_late_parcels(rows: Rows) -> Rows:
    """The same rows; the first parcels, of October, are booked as delivered in November."""
    faulty = deepcopy(rows)
    october = [row for row in faulty["shipments"] if row["shipped_at"] < "2026-10-31"]
    for row in october[:LATE]:
        row["delivered_at"] = "2026-11-16 12:00:00"
    return faulty


def without_totals(rows: Rows) -> Rows:
    """The same rows; the totals of the last orders are no numbers."""
    faulty = deepcopy(rows)
    for row in faulty["orders"][-WITHOUT_TOTAL:]:
        row["order_total"] = "a lot"
    return faulty


@dataclass(frozen=True)
class Story:
    """The project after its three nights, and the published file of each."""

    project: Path
    nights: tuple[Warehouse, ...]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = scenario_project(tmp_path_factory.mktemp("story"))
    sound = company()
    delivered = (without_totals(with_late_parcels(sound)), sound, with_late_parcels(sound))
    readers = []
    for night, rows in zip(NIGHTS, delivered, strict=True):
        deliver(folder, rows)
        answer = call("run", "--project", folder, "--date", night)
        assert answer.code == 0, answer.text
        readers.append(published(folder))
    yield Story(folder, tuple(readers))
    for reader in readers:
        reader.close()


def top(night: Warehouse) -> dict[str, Any]:
    return night.records("select * from quality.action_plan order by rank")[0]


def action(night: Warehouse, action_id: str) -> dict[str, Any]:
    return night.records("select * from quality.action_plan where action_id = ?", [action_id])[0]


def overall(night: Warehouse) -> float:
    return float(night.value("select score from quality.scorecard where cut = 'overall'"))


def perfect(night: Warehouse) -> int:
    return int(night.value("select count(*) from master.order_service where perfect"))


def test_the_first_night_ranks_the_late_parcels_first(story: Story) -> None:
    first = top(story.nights[0])
    assert first["title"] == "A shipment arrived after the promised day"
    assert (first["status"], str(first["first_seen"]), first["nights"]) == ("new", NIGHTS[0], 1)
    assert (first["rows"], first["failed_orders"], first["predicted_orders"]) == (LATE, LATE, LATE)
    assert first["predicted_score_gain"] > 0
    assert first["arrived_score_gain"] is first["arrived_orders"] is None
    rows = "select count(*) from quality.action_plan join quality.issue_rows using (code) where action_id = ?"
    assert story.nights[0].value(rows, [first["action_id"]]) == LATE


def test_the_late_orders_trace_to_the_late_parcels(story: Story) -> None:
    query = """select failed.failure, attribution.code, attribution.through, count(distinct failed.order_id)
        from quality.failed_orders as failed join quality.attribution using (order_id, failure)
        where failed.failure = 'late' group by all"""
    assert story.nights[0].rows(query) == [("late", top(story.nights[0])["code"], "shipment", LATE)]
    query = "select orders, newly_explained, explained from quality.attribution_summary order by rank limit 1"
    assert story.nights[0].rows(query) == [(LATE, LATE, LATE)]
    assert story.nights[1].count("quality.attribution_summary") == 0


def test_the_gain_that_was_foretold_arrives_and_is_written_down(story: Story) -> None:
    before, after, _ = story.nights
    foretold = top(before)
    done = action(after, foretold["action_id"])
    assert (done["status"], done["rows"], done["rows_before"], done["nights"]) == ("done", 0, LATE, 1)
    assert str(done["last_seen"]) == NIGHTS[0]
    # The orders that the plan named are perfect now; the orders with sound totals are, too.
    assert done["arrived_orders"] == done["predicted_orders"] == LATE
    assert perfect(after) == perfect(before) + LATE + WITHOUT_TOTAL
    # What was foretold for the score is what it rose by, but for the totals that were repaired beside it.
    assert done["arrived_score_gain"] == pytest.approx(foretold["predicted_score_gain"], abs=1e-6)
    query = "select coalesce(sum(arrived_score_gain), 0) from quality.action_history where run_date = ?"
    assert overall(after) - overall(before) == pytest.approx(float(after.value(query, [NIGHTS[0]])), abs=2e-4)
    query = """select predicted_score_gain, arrived_score_gain, predicted_orders, arrived_orders
        from quality.action_history where action_id = ? and run_date = ?"""
    written = after.rows(query, [foretold["action_id"], NIGHTS[0]])
    assert written == [(foretold["predicted_score_gain"], done["arrived_score_gain"], LATE, LATE)]


def test_repaired_rows_leave_the_quarantine_by_themselves(story: Story) -> None:
    query = "select status, count(distinct record_id) from quality.quarantine where source = 'orders' group by all"
    assert story.nights[0].rows(query) == [("open", WITHOUT_TOTAL)]
    assert story.nights[1].rows(query) == [("repaired", WITHOUT_TOTAL)]
    assert story.nights[1].count("master.orders") == story.nights[0].count("master.orders") + WITHOUT_TOTAL


def test_what_comes_back_is_said_to_have_come_back(story: Story) -> None:
    foretold, again = top(story.nights[0]), top(story.nights[2])
    assert (again["action_id"], again["status"], again["rows"]) == (foretold["action_id"], "came_back", LATE)
    assert (str(again["first_seen"]), str(again["last_seen"]), again["nights"]) == (NIGHTS[0], NIGHTS[2], 2)
    query = "select status from quality.action_history where action_id = ? order by run_date"
    assert story.nights[2].rows(query, [foretold["action_id"]]) == [("new",), ("done",), ("came_back",)]


def test_a_night_with_half_an_extract_publishes_nothing(story: Story) -> None:
    sound = company()
    half = sound | {"orders": sound["orders"][: len(sound["orders"]) // 2]}
    deliver(story.project, half)
    where = (story.project / "output/published").readlink()
    answer: Answer = call("run", "--project", story.project, "--date", "2026-11-23")
    assert answer.code == 3, answer.text
    assert "orders" in answer.text
    assert (story.project / "output/published").readlink() == where
    masters = story.nights[2].count("master.customer")
    reader = published(story.project)
    assert reader.count("master.customer") == masters
    reader.close()
