"""The defects planted in the CRM, the interactions and the inventory."""

import numpy as np

from tools.sample.customers import Customers, Interactions
from tools.sample.draw import Ints, Rng, between, ids, scaled
from tools.sample.people import FAMILY, People
from tools.sample.places import streets
from tools.sample.tables import Change, Plan
from tools.sample.trade import Products
from tools.sample.typed import MISSING, type_times

DAY = 86400
NOT_TIMES = ("soon", "2026-13-45", "yesterday", "2025-02-30 10:00:00", "20.19.2024")
NOT_PHONES = ("999-999-9999", "555-0142", "CALL OFFICE", "12345", "N/A", "000-000-0000", "615-CALL-NOW", "(615) 555")
NOT_EMAILS: tuple[Change, ...] = (
    lambda mail: mail.replace("@", "") or "nobody.example.com",
    lambda mail: mail.replace("@", "@@") or "some@@example.com",
    lambda mail: mail.replace("@", " @") or "some one@example.com",
    "N/A",
    lambda mail: (mail.split("@")[0] or "someone") + "@",
)
NOT_BIRTHS = (
    "1900-01-01", "1985-13-40", "2031-05-06", "N/A", "1900-01-01", "31/31/1980", "1876-04-02", "unknown", "0000-00-00",
    "1900-01-01",
)  # fmt: skip
PLACEHOLDERS = (("first_name", "N/A"), ("last_name", "XXX"), ("first_name", "TEST"), ("full_name", "UNKNOWN"))
NOT_ZIPS = ("2139", "9021", "ABCDE", "123456", "00-000", "37O13")
NOT_STATES = ("XX", "Tennesee", "ZZ", "US", "Cal", "??")


def other_than(common: str, other: str) -> Change:
    """A change to the common value, or where it is there already to the other."""
    return lambda old: other if old == common else common


def _times(seconds: Ints) -> list[str]:
    return [str(text) for text in type_times(seconds)]


def plant_customers(rng: Rng, plan: Plan, people: People, customers: Customers, as_of: int) -> None:
    """One defect a row in the CRM, apart from namesakes' first records."""
    size = len(customers.person)
    firm = people.is_organization[customers.person]
    free = (people.kind[customers.person] <= FAMILY) | firm | (customers.nth > 0)
    free &= ~customers.is_unlisted
    anyone = np.flatnonzero(free)
    street = people.places.street[np.maximum(customers.place, 0)]
    at_home = np.flatnonzero(free & (customers.place >= 0) & (streets().country[street] == "US"))
    person = np.flatnonzero(free & ~firm)
    with_mail = np.flatnonzero(free & (customers.email != MISSING))

    def some(pool: Ints, each_10000: float) -> list[int]:
        return plan.victims(rng, pool, scaled(each_10000 / 10000, size))

    plan.plant("missing_key", some(np.flatnonzero(customers.is_unlisted), 24), "customer_id", ("",))
    plan.plant("bad_customer_type", some(anyone, 30), "customer_type", ("human", "PERS", "company", "X", "1"))
    plan.plant("bad_created_at", some(anyone, 27), "created_at", NOT_TIMES)
    plan.plant("bad_email", some(with_mail, 50), "email", NOT_EMAILS)
    plan.plant("bad_phone", some(anyone, 50), "phone", NOT_PHONES)
    plan.plant("bad_birth_date", some(person, 50), "date_of_birth", NOT_BIRTHS)
    plan.plant("bad_state", some(at_home, 30), "state", NOT_STATES)
    plan.plant("bad_postal_code", some(at_home, 35), "postal_code", NOT_ZIPS)
    for row in some(person, 30):
        for column in ("full_name", "first_name", "last_name"):
            plan.edit(row, column, "")
        plan.mark(row, "missing_name", "no name in any column")
    for row in some(anyone, 30):
        plan.edit(row, "email", "")
        plan.edit(row, "phone", "")
        plan.mark(row, "missing_contact", "neither e-mail nor phone")
    for i, row in enumerate(some(person, 40)):
        column, value = PLACEHOLDERS[i % len(PLACEHOLDERS)]
        plan.edit(row, column, value)
        plan.mark(row, "placeholder_value", f"{column} {value!r}")
    _plant_times(rng, plan, customers, anyone, size, as_of)
    _repeat_customers(rng, plan, customers, some(anyone, 40), as_of)


def _plant_times(rng: Rng, plan: Plan, customers: Customers, pool: Ints, size: int, as_of: int) -> None:
    rows = plan.victims(rng, pool, scaled(0.0024, size))
    for row, text in zip(rows, _times(as_of + between(rng, 11 * DAY, 500 * DAY, len(rows))), strict=True):
        plan.edit(row, "created_at", text)
        plan.edit(row, "updated_at", text)
        plan.mark(row, "future_created_at", f"created_at {text!r}")
    rows = plan.victims(rng, pool, scaled(0.003, size))
    before = customers.created[rows] - between(rng, 2 * DAY, 400 * DAY, len(rows))
    for row, text in zip(rows, _times(before), strict=True):
        plan.edit(row, "updated_at", text)
        plan.mark(row, "updated_before_created", f"updated_at {text!r}")


def _repeat_customers(rng: Rng, plan: Plan, customers: Customers, rows: list[int], as_of: int) -> None:
    """Half exact, half with a later update: the older row is then at fault."""
    for i, row in enumerate(rows):
        if i % 2 == 0:
            plan.repeat(row, {})
            continue
        customers.updated[row] = min(int(customers.updated[row]), as_of - 20 * DAY)
        customers.created[row] = min(int(customers.created[row]), int(customers.updated[row]))
        later = _times(as_of - between(rng, DAY, 15 * DAY, 1))[0]
        changes: dict[str, Change] = {"updated_at": later, "status": other_than("active", "inactive")}
        plan.repeat(row, changes, older=True)


def plant_interactions(rng: Rng, plan: Plan, interactions: Interactions, customers: int, as_of: int) -> None:
    """One defect a row in the interactions."""
    size = len(interactions.customer)
    anyone = np.arange(size)

    def some(each_10000: float) -> list[int]:
        return plan.victims(rng, anyone, scaled(each_10000 / 10000, size))

    plan.plant("missing_key", some(13), "interaction_id", ("",))
    plan.plant("unknown_touchpoint", some(20), "touchpoint", ("fax", "kiosk", "carrier pigeon", "WEBB"))
    plan.plant("bad_satisfaction", some(22), "satisfaction", ("0", "9", "good", "-1", "6"))
    rows = some(16)
    plan.plant("future_occurred_at", rows, "occurred_at", _times(as_of + between(rng, 8 * DAY, 300 * DAY, len(rows))))
    rows = some(20)
    strangers = ids("C", customers + 5000 + between(rng, 0, 9999, len(rows)), 6).tolist()
    plan.plant("unknown_customer", rows, "customer_id", strangers)
    for i, row in enumerate(some(18)):
        plan.repeat(row, {"outcome": other_than("resolved", "open")} if i % 2 else {})


def plant_inventory(rng: Rng, plan: Plan, products: Products, sku: Ints) -> None:
    """Defects that bar a row only on products without orders, so that no order line is touched."""
    size = len(sku)
    unsold, sold = np.flatnonzero(sku >= products.sold), np.flatnonzero(sku < products.sold)
    few = max(3, size // 60)
    plan.plant("bad_number", plan.victims(rng, unsold, few), "on_hand", ("many", "12 pcs", "?", "N/A"))
    plan.plant("bad_list_price", plan.victims(rng, unsold, few), "list_price", ("0.00", "-4.99"))
    for i, row in enumerate(plan.victims(rng, unsold, few)):
        plan.repeat(row, {"counted_at": "2026-10-01 06:00:00"} if i % 2 else {})
    for row in plan.victims(rng, sold, few):
        short = int(between(rng, 1, 40, 1)[0])
        plan.edit(row, "on_hand", str(-short))
        plan.edit(row, "allocated", "0")
        for column in ("received", "adjusted", "opening_on_hand"):
            plan.edit(row, column, "0")
        plan.edit(row, "shipped", str(short))
        plan.mark(row, "negative_stock", f"on_hand {-short}")
    for row in plan.victims(rng, sold, few):
        plan.edit(row, "allocated", str(901 + int(between(rng, 0, 99, 1)[0])))
        plan.mark(row, "over_allocated", "allocated more than on_hand")
    for row in plan.victims(rng, sold, few):
        off = int(between(rng, 3, 60, 1)[0])
        plan.edit(row, "opening_on_hand", lambda old, off=off: str(int(old) + off))  # type: ignore[misc]
        plan.mark(row, "stock_roll_forward", f"opening_on_hand is {off} too high")
