"""The CRM: one to four records a person, with the errors of real life, and the interactions."""

from dataclasses import dataclass

import numpy as np

from tools.sample.dirt import spoil, typo
from tools.sample.draw import Flags, Ints, Rng, between, chance, choose, ids, pick, places_where, stream, texts
from tools.sample.people import JR_SR, OTHER_TOWN, SAME_TOWN, TWINS, People
from tools.sample.places import write_places
from tools.sample.tables import Columns
from tools.sample.typed import MISSING, OWN, type_dates, type_emails, type_names, type_phones, type_times

RECORDS_A_PERSON = 1.305
TOUCHPOINTS = ("web", "phone", "store", "warehouse", "delivery", "support")
REASONS = {
    "web": ("sign up", "profile change", "newsletter", "product question"),
    "phone": ("order status", "address change", "complaint", "product question"),
    "store": ("purchase", "return", "pick-up", "product question"),
    "warehouse": ("pick-up", "return received", "stock question"),
    "delivery": ("delivered", "nobody home", "wrong address", "left with neighbor"),
    "support": ("damaged item", "refund", "late delivery", "duplicate mail", "login"),
}
OUTCOMES = ("resolved", "open", "escalated", "no answer", "refunded")


@dataclass(frozen=True)
class Customers:
    """One row a CRM record; `nth` counts the records of its person from 0; times in seconds."""

    number: Ints
    person: Ints
    nth: Ints
    email: Ints
    phone: Ints
    born: Ints
    place: Ints
    created: Ints
    updated: Ints
    is_unlisted: Flags


@dataclass(frozen=True)
class Interactions:
    """One row an interaction with the CRM record that it names."""

    number: Ints
    customer: Ints
    touchpoint: Ints
    occurred: Ints


def known_people(customers: int) -> int:
    """How many people the CRM's records belong to."""
    return round(customers / RECORDS_A_PERSON)


def _owners(rng: Rng, people: int, customers: int) -> tuple[Ints, Ints]:
    """Person and running number of each record: 2 % have four, 5 % three, the rest of the surplus two."""
    count = np.ones(people, dtype=np.int64)
    order = rng.permutation(people)
    four, three = round(0.02 * people), round(0.05 * people)
    two = customers - people - 3 * four - 2 * three
    count[order[:four]] = 4
    count[order[four : four + three]] = 3
    count[order[four + three : four + three + two]] = 2
    person = np.repeat(np.arange(people, dtype=np.int64), count)
    return person, np.arange(customers) - (np.cumsum(count) - count)[person]


def _kinds(rng: Rng, repeat: Flags, first: tuple[float, ...], later: tuple[float, ...]) -> Ints:
    """How a fact is typed (own, other, missing, wrong, common) on first and on later records."""
    return np.where(repeat, choose(rng, len(repeat), later), choose(rng, len(repeat), first))


def _keep_fair(email: Ints, phone: Ints, born: Ints, place: Ints, person: Ints, nth: Ints, home: Ints) -> None:
    """In place: something to call by in each record, and a strong fact shared by each record and its person's first."""
    phone[(email == MISSING) & (phone == MISSING)] = OWN
    first = np.flatnonzero(nth == 0)[person]
    shared = np.zeros(len(person), dtype=bool)
    for fact in (email, phone, born):
        shared |= (fact == OWN) & (fact[first] == OWN)
    shared |= (place == home) & (place[first] == home)
    poor = np.flatnonzero(~shared)
    phone[poor] = OWN
    phone[first[poor]] = OWN


def record(seed: int, people: People, customers: int, as_of: int) -> Customers:
    """The CRM's records of the people it knows."""
    rng = stream(seed, "customers")
    person, nth = _owners(rng, people.in_crm, customers)
    repeat = nth > 0
    email = _kinds(rng, repeat, (86, 4, 7, 1.5, 0.7), (56, 16, 20, 5, 1.5))
    phone = _kinds(rng, repeat, (84, 5, 9, 1, 0.8), (55, 15, 22, 5, 1.4))
    born = _kinds(rng, repeat, (81, 1, 16.5, 1.5), (63, 3, 29, 5))
    kind = people.kind[person]
    namesake = (kind == OTHER_TOWN) | (kind == SAME_TOWN)
    namesake[np.isin(person, _heads(people)[people.homes.model[people.homes.model >= 0]])] = True
    certain = namesake & ~repeat
    for fact in (email, phone, born):
        fact[certain] = OWN
    born[(kind == JR_SR) | (kind == TWINS)] = OWN
    born[people.is_organization[person]] = MISSING
    household = people.household[person]
    home, old = people.homes.place[household], people.homes.old_place[household]
    use_old = (old >= 0) & np.where(repeat, chance(rng, customers, 0.6), chance(rng, customers, 0.15))
    place = np.where(use_old, old, home)
    place[chance(rng, customers, np.where(repeat, 0.10, 0.04)) & ~certain] = -1
    _keep_fair(email, phone, born, place, person, nth, home)
    created = as_of - between(rng, 2 * 86400, 9 * 365 * 86400, customers)
    untouched = chance(rng, customers, 0.25)
    until_update = (rng.random(customers) ** 0.7 * (as_of - 3600 - created)).astype(np.int64)
    updated = created + np.where(untouched, 0, until_update)
    unlisted = np.zeros(customers, dtype=bool)
    unlisted[rng.choice(np.flatnonzero(repeat), min(int(repeat.sum()), 12 + customers // 100), replace=False)] = True
    number = rng.permutation(customers).astype(np.int64) + 1
    return Customers(number, person, nth, email, phone, born, place, created, updated, unlisted)


def _heads(people: People) -> Ints:
    return np.cumsum(people.homes.size) - people.homes.size


def customer_ids(customers: Customers, rows: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Keys of CRM records."""
    return ids("C", customers.number[rows], 6)


def render_customers(rng: Rng, people: People, customers: Customers, rows: Ints) -> Columns:
    """The delivered columns of some CRM records."""
    size, person = len(rows), customers.person[rows]
    rate = np.where(customers.nth[rows] > 0, 1.0, 0.15)
    certain = np.isin(people.kind[person], (OTHER_TOWN, SAME_TOWN)) & (customers.nth[rows] == 0)
    rate[certain] = 0.0
    names = type_names(rng, people, person, rate)
    first, last, full = names.first, names.last, names.full
    firm = people.is_organization[person]
    only_full = chance(rng, size, 0.02 + 0.05 * rate) & ~firm
    first[only_full], last[only_full] = "", ""
    full[chance(rng, size, 0.01 + 0.03 * rate) & ~firm & ~only_full] = ""
    place = customers.place[rows]
    address = write_places(rng, people.places, np.maximum(place, 0), 0.5)
    spoil(rng, address["line1"], chance(rng, size, 0.005 + 0.035 * rate), _typo_in_street)
    spoil(rng, address["city"], chance(rng, size, 0.003 + 0.02 * rate), typo)
    address["line2"][chance(rng, size, 0.02 + 0.08 * rate)] = ""
    for name in ("line1", "line2", "city"):
        for i in places_where(chance(rng, size, 0.03)).tolist():
            address[name][i] = address[name][i].upper()
    for name in ("line1", "line2", "city", "state", "postal_code"):
        address[name][place < 0] = ""
    country = np.where((address["country"] == "US") & chance(rng, size, 0.08), "USA", address["country"])
    return {
        "customer_id": customer_ids(customers, rows),
        "customer_type": np.where(firm, texts(["organization"]), texts(["person"])),
        "full_name": full, "first_name": first, "last_name": last, "preferred_name": names.preferred,
        "email": type_emails(rng, people, person, customers.email[rows]),
        "phone": type_phones(rng, people, person, customers.phone[rows]),
        "date_of_birth": type_dates(rng, people.born[person], customers.born[rows]),
        "address_line1": address["line1"], "address_line2": address["line2"], "city": address["city"],
        "state": address["state"], "postal_code": address["postal_code"], "country": country.astype(object),
        "channel": pick(rng, size, ("web", "phone", "store"), (6, 2, 3)),
        "status": pick(rng, size, ("active", "inactive", "prospect"), (75, 15, 10)),
        "created_at": type_times(customers.created[rows]), "updated_at": type_times(customers.updated[rows]),
    }  # fmt: skip


def _typo_in_street(line: str, draw: int) -> str:
    first, blank, rest = line.partition(" ")
    return first + blank + typo(rest, draw) if first.isdigit() else typo(first, draw) + blank + rest


def meet(seed: int, customers: Customers, number: int, as_of: int) -> Interactions:
    """Interactions with random customers in the last two years, never before the customer's record."""
    rng = stream(seed, "interactions")
    listed = np.flatnonzero(~customers.is_unlisted)
    customer = listed[between(rng, 0, len(listed) - 1, number)]
    since = np.maximum(customers.created[customer], as_of - 730 * 86400)
    occurred = since + (rng.random(number) * (as_of - since)).astype(np.int64)
    touchpoint = choose(rng, number, (30, 22, 16, 4, 14, 14))
    return Interactions(rng.permutation(number).astype(np.int64) + 1, customer, touchpoint, occurred)


def render_interactions(rng: Rng, customers: Customers, interactions: Interactions, rows: Ints) -> Columns:
    """The delivered columns of some interactions."""
    size, touchpoint = len(rows), interactions.touchpoint[rows]
    draws = between(rng, 0, 10**6, size)
    names = [TOUCHPOINTS[code] for code in touchpoint.tolist()]
    return {
        "interaction_id": ids("I", interactions.number[rows], 7),
        "customer_id": customer_ids(customers, interactions.customer[rows]),
        "touchpoint": texts(names),
        "reason": texts([REASONS[at][draw % len(REASONS[at])] for at, draw in zip(names, draws.tolist(), strict=True)]),
        "outcome": pick(rng, size, OUTCOMES, (62, 12, 8, 12, 6)),
        "satisfaction": pick(rng, size, ("", "1", "2", "3", "4", "5"), (40, 5, 7, 13, 20, 15)),
        "occurred_at": type_times(interactions.occurred[rows]),
        **{name: texts([""] * size) for name in ("preferred_name", "language", "consent")},
    }
