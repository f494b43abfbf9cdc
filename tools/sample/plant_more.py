"""The defects planted in rows that follow all others: of identity, of stock and prices over time, of touchpoints."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tools.sample.customers import Customers
from tools.sample.desk import Buyer, Desk, account
from tools.sample.draw import Flags, Ints, Rng, scaled
from tools.sample.people import OTHER_TOWN, SINGLE, People
from tools.sample.places import streets
from tools.sample.plant_trade import Trade
from tools.sample.tables import Plan
from tools.sample.trade import CANCELLED
from tools.sample.typed import OWN

DAY = 86400
PLANTED = 0.001  # of each kind, as a share of the orders
# What a row says too often to be drawn: other mail homes and family names than the sample's own.
OTHER_NAMES = ("Abernathy", "Quillfeather", "Thistlewood", "Vandermolen", "Oxenbridge", "Pemberley", "Lockridge")


@dataclass
class Buyers:
    """Who may be a buyer of planted rows: `quiet` have not ordered lately, each is used once."""

    quiet: list[Buyer]
    regular: list[Buyer]
    namesakes: list[tuple[Buyer, Buyer]]
    strangers: list[int]

    def take(self) -> Buyer:
        """Somebody who has not ordered lately. Raises ValueError where nobody is left."""
        if not self.quiet:
            raise ValueError(
                "customers without late orders are too few for the planted defects; ask for a larger sample"
            )
        return self.quiet.pop()


def choose_buyers(
    rng: Rng, people: People, customers: Customers, crm: tuple[pa.Table, Plan], trade: Trade, as_of: int
) -> Buyers:
    """Accounts without defect, of people whom the CRM holds once, at home in the United States."""
    orders, parcels, (table, plan) = trade.orders, trade.parcels, crm
    needed = 5 * scaled(PLANTED, len(orders.number))
    seen = np.zeros(len(people.first), dtype=bool)
    for persons in (orders.buyer, orders.recipient, parcels.recipient):
        seen[persons] = True
    places = np.zeros(len(people.places.street), dtype=bool)
    for taken in (orders.place, parcels.place):
        places[taken] = True
    once = np.bincount(customers.person, minlength=len(people.first))[customers.person] == 1
    home = people.homes.place[people.household[customers.person]]
    clean = once & (customers.place == home) & (customers.email == OWN) & (customers.phone == OWN)
    clean &= (streets().country[people.places.street[home]] == "US") & (customers.updated < as_of - 20 * DAY)
    clean[list(plan.taken)] = False
    clean &= ~customers.is_unlisted & np.asarray([bool(text) for text in table.column("full_name").to_pylist()])
    active = np.asarray(table.column("status").to_pylist()) == "active"
    single = clean & active & (people.kind[customers.person] == SINGLE) & (people.form[customers.person] == 0)

    def buyer(row: int) -> Buyer:
        return account(table, row, int(customers.person[row]), int(customers.place[row]))

    lately = np.zeros(len(people.first), dtype=bool)
    lately[orders.buyer[orders.ordered > as_of - 21 * DAY]] = True
    quiet = rng.permutation(np.flatnonzero(single & ~lately[customers.person]))
    # Taken from the end: first those who never ordered, and to whose home nothing went.
    never = ~seen[customers.person[quiet]] & ~places[home[quiet]]
    quiet = np.r_[quiet[~never], quiet[never]]
    regular = np.flatnonzero(single & seen[customers.person])
    pairs = _namesakes(people, customers, clean)
    strangers = np.arange(people.in_crm, len(people.first))
    at = people.homes.place[people.household[strangers]]
    domestic = (streets().country[people.places.street[at]] == "US") & ~people.is_organization[strangers]
    free = domestic & ~seen[strangers] & ~places[at]
    # Rather those of whom nothing is known yet.
    strangers = np.r_[rng.permutation(strangers[free]), rng.permutation(strangers[domestic & ~free])]
    return Buyers(
        [buyer(row) for row in quiet[-needed:].tolist()],
        [buyer(row) for row in rng.permutation(np.setdiff1d(regular, quiet[-needed:]))[:40].tolist()],
        [(buyer(one), buyer(other)) for one, other in rng.permutation(pairs).tolist()],
        strangers.tolist(),
    )


def _namesakes(people: People, customers: Customers, clean: Flags) -> Ints:
    """Pairs of CRM rows of people of one name in two towns."""
    homes = people.homes
    head = np.cumsum(homes.size) - homes.size
    copies = np.flatnonzero((homes.kind == OTHER_TOWN) & (homes.model >= 0))
    row_of = np.full(len(people.first), -1, dtype=np.int64)
    row_of[customers.person[clean]] = np.flatnonzero(clean)
    one, other = row_of[head[copies]], row_of[head[homes.model[copies]]]
    both = (one >= 0) & (other >= 0)
    return np.asarray(np.c_[one[both], other[both]], dtype=np.int64)


def plant_more(desk: Desk, buyers: Buyers, orders: int) -> None:
    """Append the planted rows, each kind a handful."""
    number = scaled(PLANTED, orders)
    plenty = desk.article(1999)
    desk.offer(plenty, 1999, 100_000)
    sku = plenty[0]
    # Keys of articles have four digits, and those from 9001 on are of articles that nobody knows.
    groups = min(number, (9000 - desk.first_article) // 6)
    for i in range(number):
        if i < groups:
            _plant_stock(desk, buyers.regular[i % len(buyers.regular)], i)
        _plant_orders(desk, buyers, sku, i)
        _plant_parcels(desk, buyers, sku, i)
        _plant_contradictions(desk, buyers, sku, i)
        _plant_preferences(desk, buyers.regular[i % len(buyers.regular)], i)


def _plant_stock(desk: Desk, buyer: Buyer, i: int) -> None:
    """Articles that differ by source, are sold beyond what is there, or change their price or end."""
    # One after the other within a day, however many there are.
    hour = i % 100 / 100
    twice = desk.article(1100, 40, marks=(("price_differs", "list_price is 11.00, the catalog has 10.50"),))
    desk.offer(twice, 1050, 40)
    unlike = desk.article(1200, 50)
    desk.offer(unlike, 1200, 75, (("stock_differs", "75 offered, 50 there"),))
    stale = desk.article(1300, 60, marks=(("stale_count", "counted over 90 days ago"),), counted_at=desk.time(95 + i))
    desk.offer(stale, 1300, 60)
    few = desk.article(1400, 10, 7, counted_at=desk.time(6))
    desk.offer(few, 1400, 3)
    desk.order(buyer, 5.5 - hour, [(few[0], 2, 1400)], "open")
    desk.order(buyer, 4.2 - hour, [(few[0], 2, 1400)], "open", line_marks={1: (("oversold", "2 sold, 1 left"),)})
    desk.order(buyer, 4 - hour, [(few[0], 1, 1400)], "cancelled")
    late = (("sold_out_of_stock", "nothing was left"),)
    desk.order(buyer, 3 - hour, [(few[0], 1, 1400)], "open", line_marks={1: late})
    over = desk.article(1500, 30, discontinued="true")
    desk.offer(over, 1500, 0, valid_to=desk.time(40))
    desk.offer(over, 1500, 30, valid_from=desk.time(40), discontinued="true")
    ended = (("sold_discontinued", "ordered after it ended"),)
    desk.order(buyer, 9 - hour, [(over[0], 1, 1500)], "open", line_marks={1: ended})
    dear = desk.article(1600, 90)
    desk.offer(dear, 1450, 0, valid_to=desk.time(60))
    desk.offer(dear, 1600, 90, valid_from=desk.time(60))
    before = desk.order(buyer, 90 + i, [(dear[0], 1, 1450)])
    desk.parcel(before, 89 + i)
    old_price = (("price_not_list", "the price of the period before"),)
    after = desk.order(buyer, 50 - hour, [(dear[0], 1, 1450)], line_marks={1: old_price})
    desk.parcel(after, 49 - hour)


def _plant_orders(desk: Desk, buyers: Buyers, sku: str, i: int) -> None:
    """Orders of nobody, orders sent off twice, open orders of namesakes."""
    # One after the other within a day, however many there are.
    hour = i % 100 / 100
    stranger = buyers.strangers[6 * i]
    home = int(desk.people.homes.place[desk.people.household[stranger]])
    blank = {"customer_id": "", "full_name": "", "email": "", "phone": "", **desk.place_of(home)}
    nobody = (
        ("order_without_customer", "no account, name, e-mail or phone"),
        ("missing_contact", "neither e-mail nor phone"),
        ("missing_customer_name", "customer_name is blank"),
        ("missing_ship_to_name", "ship_to_name is blank"),
    )
    desk.order(Buyer(blank, stranger, home), 8 - hour, [(sku, 1, 1999)], "open", marks=nobody)
    regular = buyers.regular[i % len(buyers.regular)]
    desk.order(regular, 7 - hour, [(sku, 3, 1999)], "open")
    again = (("duplicate_order", "the same as the one before"),)
    desk.order(regular, 6.9 - hour, [(sku, 3, 1999)], "open", marks=again)
    one, _ = buyers.namesakes[i % len(buyers.namesakes)]
    alike = (("confusable_customer", "open, and a namesake lives elsewhere"),)
    desk.order(one, 6 - hour, [(sku, 4 + i, 1999)], "open", marks=alike)


def _plant_parcels(desk: Desk, buyers: Buyers, sku: str, i: int) -> None:
    """Lines shipped twice, parcels to a namesake's home, one person's parcels to places that nobody knows."""
    regular = buyers.regular[-1 - i % len(buyers.regular)]
    order = desk.order(regular, 70 + i, [(sku, 2, 1999)])
    desk.parcel(order, 69 + i)
    desk.parcel(order, 67 + i, line_marks=(("line_shipped_twice", "all had left before"),))
    lost = desk.order(regular, 80 + i, [(sku, 2, 1999)])
    desk.parcel(lost, 79 + i, status="lost")
    desk.parcel(lost, 75 + i)
    one, other = buyers.namesakes[-1 - i % len(buyers.namesakes)]
    wrong = desk.order(one, 30 + i, [(sku, 1, 1999)], place=other.place)
    desk.parcel(wrong, 29 + i, (("namesake_delivery", "the home of the other one of that name"),))
    traveler = buyers.take()
    for k in range(4):
        stranger = buyers.strangers[6 * i + 1 + k]
        place = int(desk.people.homes.place[desk.people.household[stranger]])
        goes = desk.order(traveler, 40 + 20 * k, [(sku, 1, 1999)], place=place)
        desk.parcel(goes, 39 + 20 * k, (("parcels_to_many_places", "one of four places"),))


def _plant_contradictions(desk: Desk, buyers: Buyers, sku: str, i: int) -> None:
    """Orders that say otherwise than the account; the account, not the order, is what a steward corrects."""
    marks = desk.plans["crm_customers"].later
    mail = buyers.take()
    name = mail.values["email"].partition("@")[0]
    desk.order(mail, 15, [(sku, 1, 1999)], "cancelled", email=f"{name}@never.example.com")
    desk.parcel(desk.order(mail, 14, [(sku, 1, 1999)], email=f"{name}.{7 + i}@proton.me"), 13)
    marks.append((mail.values["customer_id"], "contradicting_email", "another e-mail on the last order"))
    phone = buyers.take()
    desk.parcel(desk.order(phone, 14, [(sku, 2, 1999)], phone=f"307-{322 + i}-{4417 + 13 * i}"), 13)
    marks.append((phone.values["customer_id"], "contradicting_phone", "another phone on the last order"))
    named = buyers.take()
    first = named.values["first_name"] or named.values["full_name"].partition(" ")[0]
    new = f"{first} {OTHER_NAMES[i % len(OTHER_NAMES)]}"
    desk.parcel(desk.order(named, 14, [(sku, 1, 1999)], customer_name=new, ship_to_name=new), 13)
    marks.append((named.values["customer_id"], "contradicting_name", "another family name on the last order"))
    moved = buyers.take()
    stranger = buyers.strangers[6 * i + 5]
    place = int(desk.people.homes.place[desk.people.household[stranger]])
    desk.parcel(desk.order(moved, 14, [(sku, 1, 1999)], place=place), 13)
    marks.append((moved.values["customer_id"], "contradicting_address", "the last order goes elsewhere"))


def _plant_preferences(desk: Desk, buyer: Buyer, i: int) -> None:
    """What touchpoints were told of one customer; the older word is the one to correct."""
    desk.contact(buyer, "web", 300 + i, (("language_differs", "es, then en at the store"),), language="es")
    desk.contact(buyer, "store", 100 + i, language="en")
    desk.contact(buyer, "web", 290 + i, (("consent_differs", "yes, then no on the phone"),), consent="yes")
    desk.contact(buyer, "phone", 90 + i, consent="no")
    if not buyer.values["preferred_name"]:
        told = (("preferred_name_differs", "another name at the store since"),)
        desk.contact(buyer, "web", 280 + i, told, preferred_name="Ace")
        desk.contact(buyer, "store", 80 + i, preferred_name="Captain")


def mark_sold_stock(trade: Trade, inventory: pa.Table, sold: int) -> None:
    """Mark the drawn lines that were ordered beyond what was left since the count (those of `sold` articles)."""
    counted, left = np.zeros(sold, dtype=np.int64), np.zeros(sold, dtype=np.int64)
    for row in inventory.to_pylist():
        sku = int(row["sku"].removeprefix("SKU-")) - 1
        if sku < sold:
            counted[sku] = max(counted[sku], np.datetime64(row["counted_at"], "s").astype(np.int64))
            left[sku] += int(row["on_hand"]) - int(row["allocated"])
    lines, orders = trade.lines, trade.orders
    good = lines.order < len(orders.number)
    good[[row for column in trade.line_plan.edits.values() for row in column]] = False
    barred = np.asarray(orders.status == CANCELLED)
    for column in ("status", "order_total", "ordered_at", "order_id"):
        barred[list(trade.order_plan.edits.get(column, {}))] = True
    rows = np.flatnonzero(good)
    rows = rows[~barred[lines.order[rows]] & (orders.ordered[lines.order[rows]] > counted[lines.sku[rows]])]
    keys = (lines.line_no[rows], orders.number[lines.order[rows]], orders.ordered[lines.order[rows]], lines.sku[rows])
    taken: dict[int, int] = {}
    for row in rows[np.lexsort(keys)].tolist():
        sku, pieces = int(lines.sku[row]), int(lines.quantity[row])
        rest = int(left[sku]) - taken.get(sku, 0)
        taken[sku] = taken.get(sku, 0) + pieces
        if rest <= 0:
            trade.line_plan.mark(row, "sold_out_of_stock", "nothing was left when it was ordered")
        elif pieces > rest:
            trade.line_plan.mark(row, "oversold", f"{pieces} sold, {rest} left")
