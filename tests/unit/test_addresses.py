"""Address texts into parts: a table of cases, hostile texts, and the table of a whole source."""

import os
import time
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.parsing import addresses
from dq_pipeline.parsing.addresses import COLUMNS, parse_addresses
from dq_pipeline.parsing.cache import fingerprint
from dq_pipeline.parsing.plain import plain_line
from dq_pipeline.parsing.pool import in_processes
from dq_pipeline.parsing.units import unit_pairs
from dq_pipeline.parsing.us_address import LONGEST, AddressParts, parse_address
from dq_pipeline.parsing.vocabulary import CODE_OF_BOTH, COUNTRY_CODES, STATE_CODES
from dq_pipeline.warehouse import Warehouse, literal

OAK = {"number": "12", "street": "Oak", "street_type": "St"}
TROY = {"city": "Troy", "state": "MI"}

# text -> its parts
WHOLE: dict[str, dict[str, str]] = {
    "589 East 38th Street, Apt. 14E, Savannah, GA, 31401": {
        "number": "589",
        "predirection": "East",
        "street": "38th",
        "street_type": "Street",
        "unit_type": "Apt",
        "unit": "14E",
        "city": "Savannah",
        "state": "GA",
        "postal_code": "31401",
    },
    "12 Oak St, Troy, MI": OAK | TROY,
    "12 Oak St, Troy, MI, USA": OAK | TROY,
    "12 oak st., troy, mi": {"number": "12", "street": "oak", "street_type": "st", "city": "troy", "state": "mi"},
    "12 Oak St\nTroy, MI\n48083": OAK | TROY | {"postal_code": "48083"},
    "\ufeff 12\tOak St , Troy , MI ": OAK | TROY,
    "12 Oak St, 12 Oak St, Troy, MI": OAK | TROY,
    "12, Oak St, Troy, MI": OAK | TROY,
    "742 Evergreen Terrace": {"number": "742", "street": "Evergreen", "street_type": "Terrace"},
    "One Microsoft Way, Redmond, WA": {
        "number": "One",
        "street": "Microsoft",
        "street_type": "Way",
        "city": "Redmond",
        "state": "WA",
    },
    "Attn: Jane Roe, 12 Oak St, Troy, MI": OAK | TROY,
    "12 Oak St, c/o Jane Roe, Troy, MI": OAK | TROY,
    "Los Angeles, CA 90001": {"city": "Los Angeles", "state": "CA", "postal_code": "90001"},
    "CA": {"state": "CA"},
    "Topanga Plaza Canoga Park CA 91303": {
        "street": "Topanga Plaza",
        "city": "Canoga Park",
        "state": "CA",
        "postal_code": "91303",
    },
}
STREETS: dict[str, dict[str, str]] = {
    "100 South St": {"number": "100", "street": "South", "street_type": "St"},
    "3111 West Place Southeast": {
        "number": "3111",
        "street": "West",
        "street_type": "Place",
        "postdirection": "Southeast",
    },
    "12 N Main": {"number": "12", "predirection": "N", "street": "Main"},
    "123 Avenue B": {"number": "123", "street": "Avenue B"},
    "2203 7th Street Road": {"number": "2203", "street": "7th Street", "street_type": "Road"},
    "22219 Panama City Beach Parkway": {"number": "22219", "street": "Panama City Beach", "street_type": "Parkway"},
    "6460 Vermont 113": {"number": "6460", "street": "Vermont 113"},
    "1005 State Highway 116": {"number": "1005", "street": "State Highway 116"},
    "2802 US Highway 98": {"number": "2802", "street": "US Highway 98"},
    "1234 County Hwy 60E": {"number": "1234", "street": "County Hwy 60", "postdirection": "E"},
    "48S 400E": {"number": "48", "predirection": "S", "street": "400", "postdirection": "E"},
    "421 1/2 6th Street Southeast": {
        "number": "421 1/2",
        "street": "6th",
        "street_type": "Street",
        "postdirection": "Southeast",
    },
    "59-17 Junction Blvd": {"number": "59-17", "street": "Junction", "street_type": "Blvd"},
    "N95W18855 Jay Dr": {"number": "N95W18855", "street": "Jay", "street_type": "Dr"},
    "87 St Andrews Crossover": {"number": "87", "street": "St Andrews Crossover"},
    "480 Flint Ridge Court": {"number": "480", "street": "Flint Ridge", "street_type": "Court"},
    "6868 West": {"number": "6868", "street": "West"},
    "2000": {"number": "2000"},
    "64-34": {"number": "64-34"},
    "12 Oak St between 2nd and 3rd Aves": OAK,
    "12 Oak St. at 17th St": OAK,
    "12 Oak St, near the mill": OAK,
    "Topanga Plaza": {"street": "Topanga Plaza"},
    "Brook Park Drive": {"street": "Brook Park", "street_type": "Drive"},
    "Mission St & Valencia St": {"street": "Mission St & Valencia", "street_type": "St"},
    "RR 2 Box 15": {"street": "RR 2", "po_box": "15"},
    "PSC 3 Box 4120": {"street": "PSC 3", "po_box": "4120"},
}
# written between street and town -> unit_type, unit
UNITS: dict[str, tuple[str | None, str | None]] = {
    ", Apt 4": ("Apt", "4"),
    " Apt 4": ("Apt", "4"),
    " Apt4B": ("Apt", "4B"),
    " Ste200": ("Ste", "200"),
    ", Apt. #B-4": ("Apt", "B-4"),
    ", #14": ("#", "14"),
    " #14": ("#", "14"),
    ", ##14": ("#", "14"),
    ", #APT 000003": ("APT", "000003"),
    ", # STE 1B": ("STE", "1B"),
    ", Unit # 4": ("Unit", "4"),
    ", No. 4": ("No", "4"),
    ", B": (None, "B"),
    ", R C": (None, "R C"),
    ", 3B": (None, "3B"),
    ", Floor 3": ("Floor", "3"),
    ", 3rd Floor": ("Floor", "3"),
    " 3rd Floor": ("Floor", "3"),
    ", Rear": ("Rear", "Rear"),
    ", Bldg": ("Bldg", None),
    ", Bldg 2 Apt 4B": ("Apt", "2 4B"),
    " Bldg 2 Apt 4B": ("Apt", "2 4B"),
    ", Bldg 2, Apt 4B": ("Apt", "2 4B"),
}
BOXES = ("PO Box 77", "P.O. Box 77", "P O Box 77", "POBox 77", "POB 77", "PO BOX #77", "Post Office Box 77", "Box 77")
# written after "12 Oak St, Troy" -> state, postal_code
ENDS: dict[str, tuple[str | None, str | None]] = {
    ", MI 48083": ("MI", "48083"),
    ", MI, 48083": ("MI", "48083"),
    " MI 48083": ("MI", "48083"),
    ", MI. 48083": ("MI", "48083"),
    ", Michigan 48083": ("Michigan", "48083"),
    ", MI 48083-1234": ("MI", "48083-1234"),
    ", MI 48083 1234": ("MI", "48083 1234"),
    ", MI 480831234": ("MI", "480831234"),
    ", MI 48083 USA": ("MI", "48083"),
    ", 48083, MI": ("MI", "48083"),
    ", 48083": (None, "48083"),
    ", MA, 2110": ("MA", "2110"),
    ", MA 2110": ("MA", "2110"),
    ", PR, 926": ("PR", "926"),
    ", New Mexico 87508": ("New Mexico", "87508"),
    ", D.C. 20500": ("D.C", "20500"),
    ", CA, CA": ("CA", None),
    ", CA, 90001, CA": ("CA", "90001"),
    ", ZZ, 48083": ("ZZ", "48083"),
    ", ??, 48083": ("??", "48083"),
    ", Tennesee, 48083": ("Tennesee", "48083"),
    ", MI, 48O83": ("MI", "48O83"),
    ", MI, 480831": ("MI", "480831"),
    ", MI, ABCDE": ("MI", "ABCDE"),
    ", MI, 9021": ("MI", "9021"),
}
TOWNS: dict[str, tuple[str | None, str | None]] = {
    "350 5th Ave, New York, NY 10118": ("New York", "NY"),
    "350 5th Ave, New York, 10118": ("New York", None),
    "350 5th Ave, New York, New York 10118": ("New York", "New York"),
    "350 5th Ave New York NY": ("New York", "NY"),
    "350 5th Ave, New York": ("New York", None),
    "PO Box 5, New York": ("New York", None),
    "20, Anytown, WA 98270": ("Anytown", "WA"),
    "1 Main St, Washington, DC": ("Washington", "DC"),
    "123 Maple Rochester, New York": ("Rochester", "New York"),
    "22 Cumbres Pass Santa Fe New Mexico 87508": ("Santa Fe", "New Mexico"),
    "1005 Gravenstein Hwy, N Sebastopol CA": ("N Sebastopol", "CA"),
    "12 Oak St, Upper Marlboro, MD": ("Upper Marlboro", "MD"),
    "12 Oak St, Lebanon": ("Lebanon", None),
    "12 Oak St, Apt 4, Lebanon": ("Lebanon", None),
    "12 Oak St, Lebanon, PA": ("Lebanon", "PA"),
    "12 Oak St, Dover, 19901, DE": ("Dover", "DE"),
    "12 Oak St, Los Angeles, 90001, CA": ("Los Angeles", "CA"),
    "8 Corona Street, VT 05733": (None, "VT"),
}
FOREIGN = (
    "Spain",
    "Calle Mayor 5, Madrid, Spain",
    "Calle Mayor 5, Madrid, 28014, ES",
    "Hauptstr. 5, Berlin, 10115, DE",
    "12 Oak St, Toronto, Canada",
    "12 Oak St, Toronto, ON M5V 2T6",
    "12 Oak St, Toronto, ON, CA",
    "12 Oak St, London SW1A 1AA",
    "10 Downing St, London SW1A 2AA, UK",
    "1 George St, Sydney, NSW 2000",
    "Rua do Paço 67, Rio de Janeiro, 05454-876",
    "東京都千代田区1-1",
)
UNPARSED = ("", "   ", ",", "#", "_", "½", "\x00", "🙂", "12", "Jane Roe", "US", "N N N N", "a" * (LONGEST + 1))


def found(text: str) -> dict[str, str]:
    """The parts that are there."""
    parts = parse_address(text)
    return {name: value for name, value in zip(parts._fields, parts, strict=True) if value and "parse" not in name}


@pytest.mark.parametrize("text", WHOLE)
def test_whole_addresses(text: str) -> None:
    assert found(text) == WHOLE[text]
    assert parse_address(text).parse_status == "parsed"


@pytest.mark.parametrize("street", STREETS)
def test_streets(street: str) -> None:
    assert found(f"{street}, Troy, MI 48083") == STREETS[street] | TROY | {"postal_code": "48083"}


@pytest.mark.parametrize("street", [street for street in STREETS if street.split()[-1] in {"Parkway", "Drive", "St"}])
def test_a_street_needs_no_town(street: str) -> None:
    assert found(street) == STREETS[street]


@pytest.mark.parametrize("unit", UNITS)
def test_units(unit: str) -> None:
    kind, identifier = UNITS[unit]
    told = {name: value for name, value in (("unit_type", kind), ("unit", identifier)) if value}
    assert found(f"12 Oak St{unit}, Troy, MI") == OAK | told | TROY


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("form", ["{}, Troy, MI", "{} Troy MI 48083", "12 Oak St, {}, Troy, MI"])
def test_boxes(box: str, form: str) -> None:
    parts = found(form.format(box))
    assert (parts["po_box"], parts["city"], parts["state"]) == ("77", "Troy", "MI")
    assert "unit" not in parts
    assert ("street" in parts) == form.startswith("12")


@pytest.mark.parametrize("end", ENDS)
def test_states_and_zip_codes(end: str) -> None:
    parts = parse_address(f"12 Oak St, Troy{end}")
    assert (parts.number, parts.street, parts.city) == ("12", "Oak", "Troy")
    assert (parts.state, parts.postal_code) == ENDS[end]
    assert parts.unit is None


def test_a_wrong_state_or_zip_code_is_noted() -> None:
    assert parse_address("12 Oak St, Troy, ZZ, 48083").parse_note == "ZZ is no state"
    assert parse_address("12 Oak St, Troy, MI, 48O83").parse_note == "48O83 is no ZIP code"


@pytest.mark.parametrize("text", TOWNS)
def test_towns(text: str) -> None:
    parts = parse_address(text)
    assert (parts.city, parts.state) == TOWNS[text]


@pytest.mark.parametrize("text", FOREIGN)
def test_foreign_addresses_are_kept_whole(text: str) -> None:
    assert parse_address(text).parse_status == "foreign"
    assert found(text) == {}


def test_a_country_that_does_not_fit_is_left_out() -> None:
    parts = parse_address("12 Oak St, Troy, MI, 48083, Mexico")
    assert (parts.parse_status, parts.state, parts.postal_code) == ("parsed", "MI", "48083")
    assert parts.parse_note == "the country Mexico does not fit the state and the ZIP code"


@pytest.mark.parametrize("text", UNPARSED)
def test_what_is_no_address_is_unparsed(text: str) -> None:
    assert parse_address(text).parse_status == "unparsed"
    assert parse_address(text).parse_note
    assert found(text) == {}


@pytest.mark.parametrize(
    ("text", "street", "left_out"),
    [
        ("850 Jaeger St Jaeger Square, Columbus, OH 43206", "Jaeger", "Jaeger Square"),
        ("662 10th Street Southeadst, Washington, DC, 20003", "10th", "Southeadst"),
    ],
)
def test_a_part_in_two_places_is_ambiguous(text: str, street: str, left_out: str) -> None:
    parts = parse_address(text)
    assert (parts.parse_status, parts.street) == ("ambiguous", street)
    assert left_out in (parts.parse_note or "")


def test_codes_of_a_country_and_a_state_are_all_known() -> None:
    assert CODE_OF_BOTH.keys() == COUNTRY_CODES & STATE_CODES


@pytest.mark.parametrize("line", ["12 Oak", "Oak St", "12 Oak St Apt 4", "12 N St", "12 Lane Rd", ""])
def test_only_plain_lines_are_read_without_the_model(line: str) -> None:
    assert plain_line(line) is None


@pytest.mark.parametrize("segment", ["Key West", "Upper Marlboro", "Front Royal", "NW", "Apt Oak", "12 Oak St", ""])
def test_other_segments_are_no_units(segment: str) -> None:
    assert unit_pairs(segment, bare=True) == []


HOSTILE = [
    *("A " * 199, "1 " * 199, ", " * 199, "#" * 399, ". " * 199, "-" * 399, "N S E W " * 49, "12 Main St, " * 33),
    *("1a" * 199, "x'" * 199, "a-" * 199, "Apt " * 99, "apt 1 " * 60, "St " * 130, "PO Box " * 50, "3rd floor " * 39),
    *("P" * 100 + " O" * 100, "\x00, ," * 99, "<script>alert(1)</script>", "'; drop table x; --", "1½" * 150),
    *("\u202e12 Main", "(" * 399, '"' * 399, "&amp;" * 70, "漢 12 " * 60, "x" * 1_000_000, "12 Main St " * 50_000),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_neither_break_nor_hang(text: str) -> None:
    start = time.perf_counter()
    parts = parse_address(text)
    assert time.perf_counter() - start < 1
    assert all(value is None or value == value.strip() != "" for value in parts)


# The table of a whole source.


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


def give(warehouse: Warehouse, texts: list[str | None]) -> None:
    """A table of texts as `standardized.given`."""
    warehouse.execute("create or replace table standardized.given (address_text varchar)")
    rows = ", ".join(f"({literal(text)})" for text in texts)
    if rows:
        warehouse.execute(f"insert into standardized.given values {rows}")


def parsed(warehouse: Warehouse, **options: Any) -> list[tuple[Any, ...]]:
    """The rows of the table of answers, as they stand."""
    count = parse_addresses(warehouse, "standardized.given", "address_text", "standardized.parsed", **options)
    rows = warehouse.rows("from standardized.parsed")
    assert count == len(rows)
    return rows


def many(count: int) -> list[str | None]:
    endings = [", Troy, MI 48083", " Apt 4, Troy, MI", ", Madrid, Spain", " & Elm St, Troy, MI", "", " Troy"]
    return [f"{number} Oak St{endings[number % len(endings)]}" for number in range(count)]


def test_each_distinct_text_is_one_row(warehouse: Warehouse) -> None:
    give(warehouse, ["12 Oak St, Troy, MI", None, "12 Oak St, Troy, MI", "Spain", "it's 1 O'Neal St, Troy, MI"])
    rows = parsed(warehouse)
    assert [row[0] for row in rows] == ["12 Oak St, Troy, MI", "Spain", "it's 1 O'Neal St, Troy, MI"]
    assert rows[0] == ("12 Oak St, Troy, MI", *parse_address("12 Oak St, Troy, MI"))


def test_an_empty_source_gives_an_empty_table_of_text(warehouse: Warehouse) -> None:
    give(warehouse, [None])
    assert parsed(warehouse) == []
    assert warehouse.columns("standardized.parsed") == dict.fromkeys(COLUMNS, "VARCHAR")


def test_columns_without_any_value_are_text(warehouse: Warehouse) -> None:
    give(warehouse, ["CA"])
    parsed(warehouse)
    assert warehouse.columns("standardized.parsed") == dict.fromkeys(COLUMNS, "VARCHAR")


def test_nothing_but_the_target_is_left(warehouse: Warehouse) -> None:
    give(warehouse, ["CA"])
    parsed(warehouse)
    assert warehouse.rows("select table_name from information_schema.tables order by 1") == [("given",), ("parsed",)]


def test_chunks_processes_and_order_change_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    give(warehouse, many(700))
    one = parsed(warehouse, processes=1)
    give(warehouse, many(700)[::-1])
    monkeypatch.setattr(addresses, "CHUNK", 97)
    assert parsed(warehouse, processes=2) == one
    assert parsed(warehouse, processes=1) == one
    assert len({row[COLUMNS.index("parse_status")] for row in one}) > 1


def test_one_text_that_breaks_the_parser_stops_no_other(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def break_on_one(text: str) -> AddressParts:
        if text.startswith("13 "):
            raise IndexError("string index out of range")
        return parse_address(text)

    monkeypatch.setattr(addresses, "parse_address", break_on_one)
    give(warehouse, ["12 Oak St", "13 Oak St", "14 Oak St"])
    statuses = {row[0]: row[-2:] for row in parsed(warehouse, cache=tmp_path / "cache.parquet")}
    assert statuses == {
        "12 Oak St": ("parsed", None),
        "13 Oak St": ("failed", "IndexError"),
        "14 Oak St": ("parsed", None),
    }
    monkeypatch.undo()
    assert parsed(warehouse, cache=tmp_path / "cache.parquet")[1][-2] == "parsed"


def double_or_die(number: int) -> int:
    """Work that kills its process at 13, but not the process of the test."""
    if number == 13 and parent_process() is not None:
        os._exit(9)
    return number * 2


def double(number: int) -> int:
    return number * 2


@pytest.mark.parametrize("work", [double, double_or_die])
def test_results_come_in_order_even_if_a_process_dies(work: Callable[[int], int]) -> None:
    assert list(in_processes(work, iter(range(40)), 2)) == [number * 2 for number in range(40)]


# The cache.


def test_the_cache_changes_no_row(warehouse: Warehouse, tmp_path: Path) -> None:
    cache = tmp_path / "new" / "cache.parquet"
    give(warehouse, many(60))
    plain = parsed(warehouse)
    assert parsed(warehouse, cache=cache) == plain
    assert cache.is_file()
    assert parsed(warehouse, cache=cache) == plain
    give(warehouse, many(90))
    (cache.parent / "cache.parquet.4711.part").write_bytes(b"what a killed run left")
    assert parsed(warehouse, cache=cache) == parsed(warehouse)
    assert [path.name for path in cache.parent.iterdir()] == ["cache.parquet"]


def write_cache(warehouse: Warehouse, cache: Path, mark: str, times: int = 1) -> None:
    """A cache that says of CA that it is unparsed."""
    columns = ", ".join(
        f"cast({literal('CA' if name == 'address_text' else None)} as varchar) {name}" for name in COLUMNS
    )
    warehouse.execute(
        f"copy (select {literal(mark)} fingerprint, {columns} from range({times})) to {literal(cache)} (format parquet)"
    )


def test_the_cache_is_read(warehouse: Warehouse, tmp_path: Path) -> None:
    cache = tmp_path / "cache.parquet"
    write_cache(warehouse, cache, fingerprint(), times=3)
    give(warehouse, ["CA"])
    assert parsed(warehouse, cache=cache) == [("CA", *[None] * (len(COLUMNS) - 1))]


def test_the_cache_of_another_version_is_not_read(warehouse: Warehouse, tmp_path: Path) -> None:
    cache = tmp_path / "cache.parquet"
    write_cache(warehouse, cache, "another version")
    give(warehouse, ["CA"])
    assert parsed(warehouse, cache=cache) == [("CA", *parse_address("CA"))]


@pytest.mark.parametrize("content", [b"", b"PAR1 this is no Parquet file PAR1", b"address_text\nCA\n"])
def test_a_broken_cache_is_written_anew(warehouse: Warehouse, tmp_path: Path, content: bytes) -> None:
    cache = tmp_path / "cache.parquet"
    cache.write_bytes(content)
    give(warehouse, ["CA"])
    assert parsed(warehouse, cache=cache) == [("CA", *parse_address("CA"))]
    assert warehouse.value(f"select count(*) from read_parquet({literal(cache)})") == 1


def test_a_cache_that_cannot_be_written_fails_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    give(warehouse, ["CA"])
    assert len(parsed(warehouse, cache=tmp_path / "file" / "cache.parquet")) == 1
