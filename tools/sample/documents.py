"""Order, line and shipment rows as delivered."""

import numpy as np

from tools.sample.customers import Customers, customer_ids
from tools.sample.dirt import spoil, typo
from tools.sample.draw import Ints, Rng, Texts, chance, ids, places_where, texts
from tools.sample.people import People
from tools.sample.places import write_places
from tools.sample.tables import Columns
from tools.sample.trade import PARCEL_STATUSES, Lines, Orders, ParcelLines, Parcels, money, payment_columns
from tools.sample.typed import type_emails, type_names, type_phones, type_times

CARRIERS = texts(["UPS", "FedEx", "USPS"])


def order_ids(orders: Orders, rows: Ints) -> Texts:
    """Keys of orders; row numbers past the end give keys that are not delivered."""
    size = len(orders.number)
    known = orders.number[np.minimum(rows, size - 1)]
    return ids("O", np.where(rows < size, known, rows + 1000), 7)


def _recipient_columns(rng: Rng, people: People, person: Ints, place: Ints) -> Columns:
    """Name and address of a recipient; the number, town and ZIP are never mistyped, so that the place stays plain."""
    size = len(person)
    name = type_names(rng, people, person, np.full(size, 0.2))
    short = name.full
    address = write_places(rng, people.places, place, 0.6)
    spoil(rng, address["line1"], chance(rng, size, 0.008), _typo_after_number)
    for i in places_where(chance(rng, size, 0.03)).tolist():
        for column in ("line1", "line2", "city"):
            address[column][i] = address[column][i].upper()
    return {"name": short, **{key: address[key] for key in ("line1", "line2", "city", "state", "postal_code")}}


def _typo_after_number(line: str, draw: int) -> str:
    number, _, street = line.partition(" ")
    return f"{number} {typo(street, draw)}"


def render_orders(rng: Rng, people: People, customers: Customers, orders: Orders, total: Ints, rows: Ints) -> Columns:
    """The delivered columns of some orders; total in cents."""
    size = len(rows)
    ship_to = _recipient_columns(rng, people, orders.recipient[rows], orders.place[rows])
    record = orders.record[rows]
    customer = customer_ids(customers, np.maximum(record, 0))
    customer[record < 0] = ""
    buyer = type_names(rng, people, orders.buyer[rows], np.full(size, 0.25)).full
    same = (orders.buyer[rows] == orders.recipient[rows]) & chance(rng, size, 0.8)
    ship_to["name"][same] = buyer[same]
    timing = payment_columns(rng, orders, rows)
    return {
        "order_id": order_ids(orders, rows), "customer_id": customer, "customer_name": buyer,
        "email": type_emails(rng, people, orders.buyer[rows], orders.email[rows]),
        "phone": type_phones(rng, people, orders.buyer[rows], orders.phone[rows]),
        **{f"ship_to_{key}": value for key, value in ship_to.items()},
        **timing, "order_total": money(total[rows]),
    }  # fmt: skip


def render_lines(orders: Orders, lines: Lines, rows: Ints) -> Columns:
    """The delivered columns of some order lines."""
    return {
        "order_id": order_ids(orders, lines.order[rows]),
        "line_no": texts([str(n) for n in lines.line_no[rows].tolist()]),
        "sku": ids("SKU-", lines.sku[rows] + 1, 4),
        "quantity": texts([str(n) for n in lines.quantity[rows].tolist()]),
        "unit_price": money(lines.price[rows]),
    }


def _tracking(carrier: Ints, number: Ints) -> Texts:
    forms = ("1Z9V84E2{:011d}", "7{:011d}", "9400{:018d}")
    return texts([forms[how].format(n) for how, n in zip(carrier.tolist(), number.tolist(), strict=True)])


def render_parcels(rng: Rng, people: People, orders: Orders, parcels: Parcels, rows: Ints) -> Columns:
    """The delivered columns of some shipments."""
    size = len(rows)
    label = _recipient_columns(rng, people, parcels.recipient[rows], parcels.place[rows])
    is_here = parcels.delivered[rows] > 0
    damaged, blank = chance(rng, size, 0.02), chance(rng, size, 0.03)
    condition = np.where(is_here & ~blank, np.where(damaged, texts(["damaged"]), texts(["ok"])), texts([""]))
    return {
        "shipment_id": ids("S", rows + 1, 7), "order_id": order_ids(orders, parcels.order[rows]),
        "carrier": CARRIERS[parcels.carrier[rows]],
        "tracking_number": _tracking(parcels.carrier[rows], parcels.tracking[rows]),
        "recipient_name": label["name"],
        **{key: label[key] for key in ("line1", "line2", "city", "state", "postal_code")},
        "shipped_at": type_times(parcels.shipped[rows]), "delivered_at": type_times(parcels.delivered[rows]),
        "status": PARCEL_STATUSES[parcels.status[rows]], "condition": condition,
    }  # fmt: skip


def render_parcel_lines(orders: Orders, lines: Lines, parcels: Parcels, packed: ParcelLines, rows: Ints) -> Columns:
    """The delivered columns of some shipment lines."""
    parcel, line = packed.parcel[rows], packed.line[rows]
    return {
        "shipment_id": ids("S", parcel + 1, 7),
        "order_id": order_ids(orders, parcels.order[parcel]),
        "line_no": texts([str(n) for n in lines.line_no[line].tolist()]),
        "sku": ids("SKU-", packed.sku[rows] + 1, 4),
        "quantity": texts([str(n) for n in packed.quantity[rows].tolist()]),
    }
