"""The defects planted in orders, shipments and their lines, so that none makes another row wrong."""

from dataclasses import dataclass, replace

import numpy as np

from tools.sample.draw import Ints, Rng, between, ids, scaled
from tools.sample.people import People
from tools.sample.places import streets
from tools.sample.plant import NOT_EMAILS, NOT_PHONES, NOT_TIMES, other_than
from tools.sample.tables import Plan
from tools.sample.trade import (
    ARRIVED,
    CANCELLED,
    DELIVERED,
    IN_TRANSIT,
    OPEN,
    SHIPPED,
    Lines,
    Orders,
    ParcelLines,
    Parcels,
    Products,
)  # fmt: skip
from tools.sample.typed import MISSING

DAY = 86400


@dataclass
class Trade:
    """Orders, shipments and their lines while defects are planted; `paid` is what a line adds to its order's total."""

    orders: Orders
    lines: Lines
    parcels: Parcels
    packed: ParcelLines
    paid: Ints
    total_off: Ints
    order_plan: Plan
    line_plan: Plan
    parcel_plan: Plan
    packed_plan: Plan


def bare_orders(orders: int) -> tuple[int, int]:
    """How many orders without key and how many without lines; neither has lines or shipments."""
    return scaled(0.0013, orders), scaled(0.0016, orders)


def _rows_of(groups: Ints, wanted: list[int]) -> list[int]:
    """The first row of each wanted group, in the order wanted."""
    order = np.argsort(groups, kind="stable")
    return [int(row) for row in order[np.searchsorted(groups[order], wanted)]]


def _plant_bare_orders(trade: Trade) -> None:
    """The last orders have no lines: some of them no key either."""
    orders, plan = trade.orders, trade.order_plan
    keyless, _ = bare_orders(len(orders.number))
    bare = list(range(orders.with_lines, len(orders.number)))
    plan.taken.update(bare)
    plan.plant("missing_key", bare[:keyless], "order_id", ("",))
    for row in bare[keyless:]:
        plan.mark(row, "order_without_lines", "no line is delivered")
        trade.total_off[row] = 1999 + 100 * (row % 50)


def plant_orders(rng: Rng, trade: Trade, customers: int, as_of: int) -> None:
    """Defects that bar an order only where nothing was shipped."""
    _plant_bare_orders(trade)
    orders, plan = trade.orders, trade.order_plan
    size = len(orders.number)
    filled = np.arange(size) < orders.with_lines
    idle = np.flatnonzero(filled & np.isin(orders.status, (OPEN, CANCELLED)))

    def some(pool: Ints, each_10000: float) -> list[int]:
        return plan.victims(rng, pool, scaled(each_10000 / 10000, size))

    plan.plant("bad_status", some(idle, 16), "status", ("shiped", "done", "OPEN?", "7"))
    plan.plant("bad_total", some(idle, 16), "order_total", ("free", "-12.50", "12,5O", "tbd", "-99.00"))
    plan.plant("bad_ordered_at", some(idle, 13), "ordered_at", NOT_TIMES)
    for row in some(np.flatnonzero(filled & (orders.status == CANCELLED)), 14):
        orders.promised[row] = orders.ordered[row] - int(between(rng, DAY, 6 * DAY, 1)[0])
        plan.mark(row, "promised_before_ordered", "promised_at is before ordered_at")
    for row in some(idle, 14):
        plan.edit(row, "ship_to_line1", "")
        plan.edit(row, "ship_to_line2", "")
        plan.mark(row, "missing_ship_to", "ship_to_line1 is blank")
    anyone = np.flatnonzero(filled)
    plan.plant("bad_email", some(anyone[orders.email[anyone] != MISSING], 20), "email", NOT_EMAILS)
    plan.plant("bad_phone", some(anyone, 20), "phone", NOT_PHONES)
    rows = some(np.flatnonzero(filled & (orders.record >= 0)), 16)
    strangers = ids("C", customers + 5000 + between(rng, 0, 9999, len(rows)), 6).tolist()
    plan.plant("unknown_customer", rows, "customer_id", strangers)
    for row in some(anyone, 18):
        trade.total_off[row] = int(between(rng, 100, 5000, 1)[0])
        plan.mark(row, "order_total_mismatch", f"order_total is {trade.total_off[row] / 100:.2f} too high")
    for row in some(np.flatnonzero(filled & (orders.status == OPEN)), 20):
        orders.ordered[row] = as_of - int(between(rng, 25 * DAY, 60 * DAY, 1)[0])
        orders.promised[row] = as_of - int(between(rng, 2 * DAY, 18 * DAY, 1)[0])
        plan.mark(row, "past_promise_unshipped", "open, promised before today, nothing shipped")
    for i, row in enumerate(some(idle, 16)):
        plan.repeat(row, {"channel": other_than("phone", "web")} if i % 2 else {})


def plant_lines(rng: Rng, trade: Trade, products: Products) -> None:
    """Line defects; the order's total counts what its valid lines say."""
    orders, lines, plan = trade.orders, trade.lines, trade.line_plan
    size = len(lines.order)
    filled = np.arange(len(orders.number)) < orders.with_lines
    idle = filled & np.isin(orders.status, (OPEN, CANCELLED))

    def some(pool: Ints, each_10000: float) -> list[int]:
        return _rows_of(lines.order, trade.order_plan.victims(rng, pool, scaled(each_10000 / 10000, size)))

    several = np.flatnonzero(idle & (orders.lines > 1))
    for code, column, values in (
        ("bad_quantity", "quantity", ("0", "two", "-1", "1 pc", "-3")),
        ("bad_price", "unit_price", ("-9.99", "free", "$?", "-0.50")),
    ):
        rows = some(several, 9)
        plan.plant(code, rows, column, values)
        trade.paid[rows] = 0
    plan.plant("missing_sku", some(several, 6), "sku", ("",))
    unknown = ids("SKU-", 9001 + between(rng, 0, 900, 40), 4).tolist()
    plan.plant("unknown_sku", some(np.flatnonzero(idle), 7), "sku", unknown)
    for row in some(np.flatnonzero(filled), 10):
        lines.price[row] = max(50, lines.price[row] * int(between(rng, 70, 90, 1)[0]) // 100)
        trade.paid[row] = lines.price[row] * lines.quantity[row]
        plan.mark(row, "price_not_list", "unit_price is under the list price")
    equal = {price: np.flatnonzero(products.price[: products.sold] == price) for price in np.unique(products.price)}
    for i, row in enumerate(some(np.flatnonzero(idle & (orders.lines == 1)), 9)):
        twin = [int(sku) for sku in equal[lines.price[row]] if sku != lines.sku[row]]
        plan.repeat(row, {"sku": f"SKU-{twin[0] + 1:04d}"} if i % 2 and twin else {})
    _orphan_lines(rng, trade, products)


def _orphan_lines(rng: Rng, trade: Trade, products: Products) -> None:
    """Extra lines of orders that are never delivered."""
    old, number = trade.lines, scaled(0.0008, len(trade.lines.order))
    first = len(trade.orders.number)
    sku = between(rng, 0, products.sold - 1, number)
    trade.lines = Lines(
        np.r_[old.order, first + np.arange(number)], np.r_[old.line_no, np.ones(number, dtype=np.int64)],
        np.r_[old.sku, sku], np.r_[old.quantity, between(rng, 1, 3, number)], np.r_[old.price, products.price[sku]],
    )  # fmt: skip
    trade.paid = np.r_[trade.paid, np.zeros(number, dtype=np.int64)]
    for row in range(len(old.order), len(old.order) + number):
        trade.line_plan.mark(row, "orphan_line", "its order is not delivered")


def plant_parcels(rng: Rng, trade: Trade, people: People, as_of: int) -> None:
    """Shipment defects; those that bar a row only on parcels under way, of which no full delivery is expected."""
    orders, parcels, plan = trade.orders, trade.parcels, trade.parcel_plan
    size = len(parcels.order)
    count = np.bincount(parcels.order, minlength=len(orders.number))
    lone = count == 1
    first_status = np.full(len(orders.number), -1, dtype=np.int64)
    first_status[parcels.order] = parcels.status
    moving = np.flatnonzero(lone & (orders.status == SHIPPED) & (first_status == IN_TRANSIT))
    arrived = np.flatnonzero(lone & (orders.status == DELIVERED) & (first_status == ARRIVED))

    def some(pool: Ints, each_10000: float) -> list[int]:
        return _rows_of(parcels.order, trade.order_plan.victims(rng, pool, scaled(each_10000 / 10000, size)))

    plan.plant("bad_status", some(moving, 14), "status", ("delivrd", "lost?", "5", "returned to moon"))
    plan.plant("bad_shipped_at", some(moving, 14), "shipped_at", NOT_TIMES)
    for i, row in enumerate(some(moving, 14)):
        plan.repeat(row, {"recipient_name": str.upper} if i % 2 else {})
    for row in some(arrived, 16):
        parcels.shipped[row] = orders.ordered[parcels.order[row]] - int(between(rng, DAY, 5 * DAY, 1)[0])
        plan.mark(row, "shipped_before_ordered", "shipped_at is before ordered_at")
    for row in some(arrived, 16):
        parcels.delivered[row] = parcels.shipped[row] - int(between(rng, DAY // 4, 3 * DAY, 1)[0])
        plan.mark(row, "delivered_before_shipped", "delivered_at is before shipped_at")
    for row in some(arrived[orders.promised[arrived] < as_of - 10 * DAY], 28):
        parcels.delivered[row] = orders.promised[parcels.order[row]] + int(between(rng, DAY, 8 * DAY, 1)[0])
        plan.mark(row, "late_delivery", "delivered after the promised day")
    for row in some(arrived, 16):
        orders.status[parcels.order[row]] = OPEN
        plan.mark(row, "delivered_order_open", "delivered, yet the order is open")
    _misdirect(rng, trade, people, some(arrived, 26))
    rows = some(arrived, 13) + some(arrived, 13)
    for one, other in zip(rows[: len(rows) // 2], rows[len(rows) // 2 :], strict=True):
        parcels.carrier[other], parcels.tracking[other] = parcels.carrier[one], parcels.tracking[one]
        for row in (one, other):
            plan.mark(row, "tracking_reused", "two shipments have this tracking number")
    _extra_parcels(trade, np.asarray(some(arrived, 14)), np.asarray(some(arrived, 16)))


def _misdirect(rng: Rng, trade: Trade, people: People, rows: list[int]) -> None:
    """Labels with somebody else's place: another house number and another ZIP."""
    places, known = people.places, streets()
    homes = people.homes.place[known.country[places.street[people.homes.place]] == "US"]
    zips = np.unique(known.postal_code.astype(str), return_inverse=True)[1]
    here = trade.parcels.place[rows]
    wrong = homes[between(rng, 0, len(homes) - 1, len(rows))]
    while True:
        same = (zips[places.street[wrong]] == zips[places.street[here]]) | (places.number[wrong] == places.number[here])
        if not same.any():
            break
        wrong[same] = homes[between(rng, 0, len(homes) - 1, int(same.sum()))]
    trade.parcels.place[rows] = wrong
    for row in rows:
        trade.parcel_plan.mark(row, "ship_to_mismatch", "the label names another place than the order")


def _extra_parcels(trade: Trade, keyless: Ints, orphans: Ints) -> None:
    """Copies of shipments, without lines: some without key, some of orders that are never delivered."""
    old, size = trade.parcels, len(trade.parcels.order)
    source = np.r_[keyless, orphans]
    parts = {name: np.r_[values, values[source]] for name, values in vars(old).items()}
    fresh = np.arange(size, size + len(source))
    parts["tracking"][fresh] = (int(old.tracking.max()) // 7919 + 1 + np.arange(len(source))) * 7919
    parts["order"][fresh[len(keyless) :]] = len(trade.orders.number) + 500 + np.arange(len(orphans))
    trade.parcels = replace(old, **parts)
    plan = trade.parcel_plan
    plan.plant("missing_key", fresh[: len(keyless)].tolist(), "shipment_id", ("",))
    for row in fresh[len(keyless) :].tolist():
        plan.mark(row, "shipment_without_order", "its order is not delivered")


def plant_parcel_lines(rng: Rng, trade: Trade, products: Products) -> None:
    """Shipment line defects; all but the wrong quantities on parcels under way."""
    orders, packed, plan = trade.orders, trade.packed, trade.packed_plan
    size = len(packed.parcel)
    count = np.bincount(trade.parcels.order[trade.parcels.order < len(orders.number)], minlength=len(orders.number))
    status = np.full(len(orders.number) + 10**6, -1, dtype=np.int64)
    status[trade.parcels.order] = trade.parcels.status
    order_of_row = trade.lines.order[packed.line]
    lone = (count == 1)[order_of_row]
    moving = np.flatnonzero(lone & (orders.status[order_of_row] == SHIPPED) & (status[order_of_row] == IN_TRANSIT))
    arrived = np.flatnonzero(lone & (orders.status[order_of_row] == DELIVERED))

    def some_of(pool: Ints, number: int) -> list[int]:
        wanted = trade.order_plan.victims(rng, np.unique(order_of_row[pool]), number)
        return [int(pool[row]) for row in _rows_of(order_of_row[pool], wanted)]

    def some(pool: Ints, each_10000: float) -> list[int]:
        return some_of(pool, scaled(each_10000 / 10000, size))

    plan.plant("bad_quantity", some(moving, 7), "quantity", ("0", "one", "-2", "?"))
    plan.plant("missing_sku", some(moving, 6), "sku", ("",))
    for row in some(moving, 8):
        first = orders.first_line[order_of_row[row]]
        ordered = set(trade.lines.sku[first : first + orders.lines[order_of_row[row]]].tolist())
        other = int(between(rng, 0, products.sold - 1, 1)[0])
        nearby = (sku % products.sold for sku in range(other, other + 5))
        packed.sku[row] = next(sku for sku in nearby if sku not in ordered)
        plan.mark(row, "shipped_sku_not_ordered", f"SKU-{packed.sku[row] + 1:04d} is not in the order")
    many = packed.quantity > 1
    for row in some(arrived, 6):
        packed.quantity[row] += int(between(rng, 1, 3, 1)[0])
        plan.mark(row, "shipped_quantity_mismatch", "more shipped than ordered")
    for row in some(arrived[many[arrived]], 6):
        packed.quantity[row] -= 1
        plan.mark(row, "shipped_quantity_mismatch", "delivered short")
    # a repeat with one piece fewer is no mismatch while under way, whichever of the two is kept
    half = scaled(3.5 / 10000, size, least=2)
    for row in some_of(moving[many[moving]], half):
        plan.repeat(row, {"quantity": str(int(packed.quantity[row]) - 1)})
    for row in some_of(moving, half):
        plan.repeat(row, {})
