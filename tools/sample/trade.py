"""The trade: products in stock, orders with their lines, shipments with theirs; all of it consistent."""

from dataclasses import dataclass

import numpy as np

from tools.sample.customers import Customers
from tools.sample.draw import (
    Flags,
    Floats,
    Ints,
    Rng,
    Texts,
    between,
    chance,
    choose,
    ids,
    pick,
    running_count,
    stream,
    texts,
)  # fmt: skip
from tools.sample.people import People
from tools.sample.places import streets
from tools.sample.tables import Columns
from tools.sample.typed import COMMON, MISSING, OTHER, OWN, WRONG, type_times

OPEN, SHIPPED, DELIVERED, CANCELLED = range(4)
IN_TRANSIT, ARRIVED, LOST = range(3)
ORDER_STATUSES = texts(["open", "shipped", "delivered", "cancelled"])
PARCEL_STATUSES = texts(["in_transit", "delivered", "lost"])
DAY = 86400
NOUNS = ("Lamp", "Kettle", "Backpack", "Blanket", "Drill", "Tent", "Mug", "Chair", "Desk", "Bottle", "Toaster",
         "Pillow", "Hammer", "Rug", "Clock", "Shelf", "Fan", "Grill", "Scale", "Heater")  # fmt: skip
ADJECTIVES = ("Classic", "Compact", "Deluxe", "Folding", "Cordless", "Ceramic", "Steel", "Oak", "Travel", "Outdoor",
              "Smart", "Vintage")  # fmt: skip


@dataclass(frozen=True)
class Products:
    """One row a SKU; the first `sold` are on sale, the others have no orders. Prices in cents."""

    price: Ints
    sold: int


@dataclass(frozen=True)
class Orders:
    """One row an order; the first `with_lines` have lines; `record` is the CRM record named or -1; times in seconds."""

    number: Ints
    with_lines: int
    record: Ints
    buyer: Ints
    recipient: Ints
    place: Ints
    email: Ints
    phone: Ints
    ordered: Ints
    promised: Ints
    status: Ints
    first_line: Ints
    lines: Ints


@dataclass(frozen=True)
class Lines:
    """One row an order line; prices in cents."""

    order: Ints
    line_no: Ints
    sku: Ints
    quantity: Ints
    price: Ints


@dataclass(frozen=True)
class Parcels:
    """One row a shipment; `delivered` 0 is not delivered."""

    order: Ints
    place: Ints
    recipient: Ints
    carrier: Ints
    tracking: Ints
    shipped: Ints
    delivered: Ints
    status: Ints


@dataclass(frozen=True)
class ParcelLines:
    """One row a shipment line: which parcel holds how many of which order line."""

    parcel: Ints
    line: Ints
    sku: Ints
    quantity: Ints


def stock_products(seed: int, orders: int) -> Products:
    """SKUs in proportion to the root of the orders; an eighth of them is not on sale."""
    rng = stream(seed, "products")
    number = int(min(9000, max(60, 200 * (orders / 6000) ** 0.5)))
    price = np.round(np.exp(rng.normal(3.3, 0.8, number))).astype(np.int64).clip(3, 400) * 100 - 1
    return Products(price, number - number // 8)


def locate(seed: int, products: Products) -> tuple[Ints, Ints]:
    """SKU and warehouse (0 east, 1 west) of each inventory row."""
    rng = stream(seed, "locations")
    both = chance(rng, len(products.price), 0.5)
    where = between(rng, 0, 1, len(products.price))
    sku = np.r_[np.arange(len(products.price)), np.flatnonzero(both)]
    return sku.astype(np.int64), np.r_[where, 1 - where[both]]


def render_inventory(rng: Rng, products: Products, sku: Ints, where: Ints, as_of: int) -> Columns:
    """The delivered columns of the inventory; opening + received - shipped + adjusted is on hand."""
    size = len(sku)
    on_hand, received, shipped = between(rng, 5, 900, size), between(rng, 0, 400, size), between(rng, 0, 400, size)
    adjusted = np.where(chance(rng, size, 0.3), between(rng, -5, 5, size), 0)
    shipped = np.maximum(shipped, received + adjusted - on_hand)
    numbers = {
        "on_hand": on_hand, "allocated": (on_hand * rng.random(size) * 0.6).astype(np.int64), "received": received,
        "shipped": shipped, "adjusted": adjusted, "opening_on_hand": on_hand - received + shipped - adjusted,
    }  # fmt: skip
    named = np.arange(len(products.price)) * 7
    series = [f" {i // 240 + 1}" if i >= 240 else "" for i in range(len(named))]
    names = texts([f"{ADJECTIVES[n % 12]} {NOUNS[n // 12 % 20]}{series[i]}" for i, n in enumerate(named.tolist())])
    discontinued = (sku >= products.sold) & (sku % 2 == 0)
    return {
        "sku": ids("SKU-", sku + 1, 4), "product_name": names[sku],
        "location": np.where(where == 0, texts(["WH-EAST"]), texts(["WH-WEST"])),
        "list_price": money(products.price[sku]),
        **{name: texts([str(n) for n in values.tolist()]) for name, values in numbers.items()},
        "discontinued": np.where(discontinued, texts(["true"]), texts(["false"])),
        "counted_at": type_times(as_of - between(rng, 6 * 3600, 30 * DAY, size)),
    }  # fmt: skip


def money(cents: Ints) -> Texts:
    """Amounts with two decimals."""
    return texts([f"{'-' if n < 0 else ''}{abs(n) // 100}.{abs(n) % 100:02d}" for n in cents.tolist()])


def _buyers(rng: Rng, people: People, customers: Customers, size: int) -> tuple[Ints, Ints]:
    """CRM record named (or -1) and buyer of each order: four in five by id, a tenth known nowhere else."""
    at_home = streets().country[people.places.street[people.homes.place[people.household]]] == "US"
    eligible = rng.permutation(np.flatnonzero(~customers.is_unlisted & at_home[customers.person]))
    drawn = eligible[(rng.random(size) ** 1.6 * len(eligible)).astype(np.int64)]
    kind = choose(rng, size, (80, 10, 10))
    strangers = np.arange(people.in_crm, len(people.first))
    stranger = strangers[(rng.random(size) * len(strangers) * 0.6).astype(np.int64)]
    record = np.where(kind == 0, drawn, -1)
    return record, np.where(kind == 2, stranger, customers.person[drawn])


def _recipients(rng: Rng, people: People, buyer: Ints) -> Ints:
    """The buyer, or for one order in eight somebody of another household, half of them known nowhere else."""
    size = len(buyer)
    at_home = streets().country[people.places.street[people.homes.place[people.household]]] == "US"
    persons = ~people.is_organization & at_home
    known = np.flatnonzero(persons[: people.in_crm])
    strangers = np.arange(people.in_crm, len(people.first))
    strangers = strangers[int(len(strangers) * 0.6) :]
    other = np.where(
        chance(rng, size, 0.5),
        strangers[between(rng, 0, len(strangers) - 1, size)],
        known[between(rng, 0, len(known) - 1, size)],
    )
    is_gift = chance(rng, size, 0.125) & (people.household[other] != people.household[buyer])
    return np.where(is_gift, other, buyer)


def _order_times(rng: Rng, size: int, status: Ints, lost: Flags, as_of: int) -> tuple[Ints, Ints]:
    """Ordered and promised: most in the last 18 months; open and shipped ones lately."""
    old = chance(rng, size, 0.12)
    ordered = as_of - np.where(old, between(rng, 548 * DAY, 1095 * DAY, size), between(rng, 10 * DAY, 548 * DAY, size))
    ordered = np.where(lost, np.minimum(ordered, as_of - 30 * DAY), ordered)
    ordered = np.where(status == OPEN, as_of - between(rng, 3600, 15 * DAY, size), ordered)
    ordered = np.where((status == SHIPPED) & ~lost, as_of - between(rng, 3 * DAY, 7 * DAY, size), ordered)
    promised = (ordered // DAY + between(rng, 8, 12, size)) * DAY + 18 * 3600
    later = (as_of // DAY + between(rng, 1, 25, size)) * DAY + 18 * 3600
    return ordered, np.where(status == OPEN, later, promised)


def take_orders(seed: int, people: People, customers: Customers, number: int, bare: int, as_of: int) -> Orders:
    """The orders; the last `bare` of them get no lines and are never shipped."""
    rng = stream(seed, "orders")
    record, buyer = _buyers(rng, people, customers, number)
    recipient = _recipients(rng, people, buyer)
    status = choose(rng, number, (8, 8, 77, 7))
    status[number - bare :] = CANCELLED
    lost = (status == SHIPPED) & chance(rng, number, 0.08)
    ordered, promised = _order_times(rng, number, status, lost, as_of)
    homes, household = people.homes, people.household[recipient]
    before_move = (homes.old_place[household] >= 0) & (ordered < homes.moved_at[household])
    place = np.where(before_move, homes.old_place[household], homes.place[household])
    kinds = np.asarray((OWN, OTHER, MISSING, WRONG, COMMON))
    email = kinds[choose(rng, number, (80, 7, 11, 1, 0.6))]
    phone = kinds[choose(rng, number, (72, 6, 20, 1, 0.8))]
    email[((email == MISSING) | (email == COMMON)) & (phone != OWN)] = OWN
    lines = choose(rng, number, (50, 28, 14, 8)) + 1
    lines[number - bare :] = 0
    return Orders(
        rng.permutation(number).astype(np.int64) + 1, number - bare, record, buyer, recipient, place, email, phone,
        ordered, promised, status, np.cumsum(lines) - lines, lines,
    )  # fmt: skip


def fill_lines(seed: int, orders: Orders, products: Products) -> Lines:
    """One to four lines an order, each another product at its list price."""
    rng = stream(seed, "lines")
    order = np.repeat(np.arange(len(orders.lines)), orders.lines)
    size = len(order)
    line_no = running_count(order) + 1
    start = (rng.random(len(orders.lines)) ** 1.5 * products.sold).astype(np.int64)
    step = between(rng, 1, products.sold // 5, len(orders.lines))
    sku = (start[order] + (line_no - 1) * step[order]) % products.sold
    quantity = choose(rng, size, (60, 20, 9, 6, 3, 2)) + 1
    return Lines(order, line_no, sku, quantity, products.price[sku])


def ship(seed: int, orders: Orders, lines: Lines, as_of: int) -> tuple[Parcels, ParcelLines]:
    """Shipments of shipped and delivered orders: mostly one, in 6 % two; delivered by the promised day."""
    rng = stream(seed, "shipments")
    sent = np.flatnonzero((orders.status == SHIPPED) | (orders.status == DELIVERED))
    double = chance(rng, len(sent), 0.06) & ((orders.lines[sent] > 1) | (lines.quantity[orders.first_line[sent]] > 1))
    order = np.repeat(sent, 1 + double)
    size = len(order)
    second = running_count(order) == 1
    lost = (orders.status[order] == SHIPPED) & (orders.ordered[order] < as_of - 20 * DAY)
    delay: Floats = 0.15 + rng.random(size) * np.where(orders.status[order] == SHIPPED, 1.8, 2.3)
    shipped = orders.ordered[order] + ((delay + np.where(second, 0.1, 0)) * DAY).astype(np.int64)
    early = np.r_[second[1:], False] & (orders.status[order] == SHIPPED) & ~lost & chance(rng, size, 0.4)
    travel = np.where(early, 0.5 + 0.4 * rng.random(size), 1 + 3 * rng.random(size))
    status = np.where((orders.status[order] == DELIVERED) | early, ARRIVED, np.where(lost, LOST, IN_TRANSIT))
    delivered = np.where(status == ARRIVED, shipped + (travel * DAY).astype(np.int64), 0)
    tracking = rng.permutation(size).astype(np.int64) * 7919 + between(rng, 0, 7918, size)
    parcels = Parcels(order, orders.place[order], orders.recipient[order], choose(rng, size, (40, 30, 30)), tracking,
                      shipped, delivered, status)  # fmt: skip
    first_parcel = np.full(len(orders.lines), -1, dtype=np.int64)
    first_parcel[sent] = np.cumsum(1 + double) - (1 + double)
    is_double = np.zeros(len(orders.lines), dtype=bool)
    is_double[sent] = double
    return parcels, _pack(orders, lines, first_parcel, is_double)


def _pack(orders: Orders, lines: Lines, first_parcel: Ints, is_double: Flags) -> ParcelLines:
    """The later lines (or the later pieces of an only line) go into the second shipment."""
    line = np.flatnonzero(first_parcel[lines.order] >= 0)
    order = lines.order[line]
    parcel, quantity = first_parcel[order].copy(), lines.quantity[line].copy()
    single = is_double[order] & (orders.lines[order] == 1)
    parcel[is_double[order] & (lines.line_no[line] > (orders.lines[order] + 1) // 2)] += 1
    rest = np.flatnonzero(single)
    left = quantity[rest] - 1
    quantity[rest] = 1
    return ParcelLines(
        np.r_[parcel, parcel[rest] + 1], np.r_[line, line[rest]], np.r_[lines.sku[line], lines.sku[line[rest]]],
        np.r_[quantity, left],
    )  # fmt: skip


def payment_columns(rng: Rng, orders: Orders, rows: Ints) -> Columns:
    """Channel, times and status columns of some orders."""
    return {
        "channel": pick(rng, len(rows), ("web", "phone", "store"), (68, 15, 17)),
        "ordered_at": type_times(orders.ordered[rows]),
        "promised_at": type_times(orders.promised[rows]),
        "status": ORDER_STATUSES[orders.status[rows]],
    }
