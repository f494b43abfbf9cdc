"""Rows written one by one: articles, orders, parcels and contacts that follow the drawn ones, all of it consistent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tools.sample.catalog import SINCE
from tools.sample.draw import stream
from tools.sample.people import People
from tools.sample.places import write_places
from tools.sample.tables import More, Plan
from tools.sample.typed import type_times

DAY = 86400
Marks = tuple[tuple[str, str], ...]
Line = tuple[str, int, int]
LABEL = ("line1", "line2", "city", "state", "postal_code")


@dataclass(frozen=True)
class Buyer:
    """Somebody who orders: what the CRM says of them, who they are and where they live."""

    values: Mapping[str, str]
    person: int
    place: int


@dataclass
class Desk:
    """Writes rows into the plans of the sources. Times are days before today, money is in cents."""

    people: People
    as_of: int
    plans: Mapping[str, Plan]
    first_number: int
    first_article: int
    counts: dict[str, int] = field(default_factory=dict)
    written: dict[str, tuple[dict[str, str], Sequence[Line], int, int]] = field(default_factory=dict)

    def number(self, prefix: str, width: int = 7) -> str:
        """The next key of its kind."""
        at = self.counts.get(prefix, self.first_article if prefix == "SKU-" else self.first_number)
        self.counts[prefix] = at + 1
        return f"{prefix}{at:0{width}d}"

    def time(self, days: float) -> str:
        """A moment so many days ago."""
        return str(type_times(np.asarray([self.as_of - int(days * DAY)]))[0])

    def place_of(self, place: int) -> dict[str, str]:
        """How somebody careful writes a place."""
        written = write_places(stream(place, "write a place"), self.people.places, np.asarray([place]), 1.0)
        return {name: str(written[name][0] or "") for name in LABEL}

    def article(
        self, price: int, on_hand: int = 100_000, allocated: int = 0, marks: Marks = (), **more: str
    ) -> tuple[str, str]:
        """A new article at one location; (sku, name)."""
        sku = self.number("SKU-", 4)
        name = f"Special {sku.removeprefix('SKU-')}"
        values = {
            "sku": sku, "product_name": name, "location": "WH-EAST", "list_price": money(price),
            "on_hand": str(on_hand), "allocated": str(allocated), "received": "0", "shipped": "0", "adjusted": "0",
            "opening_on_hand": str(on_hand), "discontinued": "false", "counted_at": self.time(20),
        }  # fmt: skip
        self.plans["inventory"].more.append(More(values | more, marks))
        return sku, name

    def offer(self, article: tuple[str, str], price: int, available: int, marks: Marks = (), **more: str) -> None:
        """A period of an article in the catalog; what is over offers nothing."""
        values = {
            "sku": article[0], "product_name": article[1], "list_price": money(price), "valid_from": SINCE,
            "available": "" if "valid_to" in more else str(available), "discontinued": "false",
        }  # fmt: skip
        self.plans["catalog"].more.append(More(values | more, marks))

    def order(
        self,
        buyer: Buyer,
        days: float,
        lines: Sequence[Line],
        status: str = "delivered",
        place: int = -1,
        marks: Marks = (),
        line_marks: Mapping[int, Marks] | None = None,
        **more: str,
    ) -> str:
        """An order and its lines (sku, pieces, price a piece); returns its number."""
        order_id = self.number("O")
        goes = self.place_of(place) if place >= 0 else {name: buyer.values[name] for name in LABEL}
        total = sum(pieces * price for _, pieces, price in lines)
        promised = days - 10 if status != "open" else -10
        values = {
            "order_id": order_id, "customer_id": buyer.values["customer_id"],
            "customer_name": buyer.values["full_name"], "email": buyer.values["email"],
            "phone": buyer.values["phone"], "ship_to_name": buyer.values["full_name"],
            **{f"ship_to_{name}": text for name, text in goes.items()}, "channel": "web", "ordered_at": self.time(days),
            "promised_at": self.time(promised)[:10] + " 18:00:00", "status": status, "order_total": money(total),
        } | more  # fmt: skip
        at = place if place >= 0 else buyer.place
        self.plans["orders"].more.append(More(values, marks, buyer.person, at))
        self.written[order_id] = (values, lines, buyer.person, at)
        for number, (sku, pieces, price) in enumerate(lines, start=1):
            line = {"order_id": order_id, "line_no": str(number), "sku": sku, "quantity": str(pieces)}
            found = (line_marks or {}).get(number, ())
            self.plans["order_lines"].more.append(More(line | {"unit_price": money(price)}, found))
        return order_id

    def parcel(
        self, order_id: str, days: float, marks: Marks = (), line_marks: Marks = (), status: str = "delivered"
    ) -> str:
        """A parcel with all lines of the order, three days on its way; returns its number."""
        values, lines, person, place = self.written[order_id]
        shipment_id = self.number("S")
        here = status == "delivered"
        label = {
            "shipment_id": shipment_id, "order_id": order_id, "carrier": "UPS",
            "tracking_number": f"1Z9V84E2{90_000_000_000 + self.counts['S']:011d}",
            "recipient_name": values["ship_to_name"], **{name: values[f"ship_to_{name}"] for name in LABEL},
            "shipped_at": self.time(days), "delivered_at": self.time(days - 3) if here else "", "status": status,
            "condition": "ok" if here else "",
        }  # fmt: skip
        self.plans["shipments"].more.append(More(label, marks, person, place))
        for number, (sku, pieces, _) in enumerate(lines, start=1):
            line = {"shipment_id": shipment_id, "order_id": order_id, "line_no": str(number)}
            packed = line | {"sku": sku, "quantity": str(pieces)}
            self.plans["shipment_lines"].more.append(More(packed, line_marks))
        return shipment_id

    def contact(self, buyer: Buyer, touchpoint: str, days: float, marks: Marks = (), **more: str) -> None:
        """A contact in which the customer says how they want to be treated."""
        values = {
            "interaction_id": self.number("I"), "customer_id": buyer.values["customer_id"], "touchpoint": touchpoint,
            "reason": "preferences", "outcome": "resolved", "occurred_at": self.time(days),
        }  # fmt: skip
        self.plans["crm_interactions"].more.append(More(values | more, marks))


def money(cents: int) -> str:
    """An amount with two decimals."""
    return f"{cents // 100}.{cents % 100:02d}"


def account(crm: pa.Table, row: int, person: int, place: int) -> Buyer:
    """The buyer that a CRM record is about."""
    read = {name: value or "" for name, value in crm.slice(row, 1).to_pylist()[0].items()}
    at = {"line1": "address_line1", "line2": "address_line2"}
    return Buyer(read | {name: read[at.get(name, name)] for name in LABEL}, person, place)
