"""The sample project's SELECTs of the standardized state, on a few records made by hand."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from dq_pipeline.parsing.addresses import parse_addresses
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse, literal
from tests.conftest import CHECKOUT

PROJECT = CHECKOUT / "pipelines"
SOURCES = ("crm_customers", "orders", "shipments")
COLUMNS = {
    "crm_customers": "customer_id customer_type full_name first_name last_name preferred_name email phone "
    "date_of_birth address_line1 address_line2 city state postal_code country channel status created_at updated_at",
    "orders": "order_id customer_id customer_name email phone ship_to_name ship_to_line1 ship_to_line2 ship_to_city "
    "ship_to_state ship_to_postal_code channel ordered_at promised_at status order_total",
    "shipments": "shipment_id order_id carrier tracking_number recipient_name line1 line2 city state postal_code "
    "shipped_at delivered_at status condition",
}
TIMES = ("created_at", "updated_at", "ordered_at", "promised_at", "shipped_at", "delivered_at")

Record = dict[str, Any]


def give(warehouse: Warehouse, source: str, records: list[Record]) -> None:
    """`validated.<source>` with these records; columns that a record does not state are null."""
    columns = COLUMNS[source].split()
    key = columns[0]
    selects = []
    for number, record in enumerate(records):
        values = {key: f"K{number}"} | record
        cells = [
            f"cast({literal(values.get(name))} as {'timestamp' if name in TIMES else 'varchar'}) as {name}"
            for name in columns
        ]
        ids = [f"{literal(f'{source}:{values[key]}')} as record_id", f"{literal(values[key])} as source_key"]
        selects.append(f"select {', '.join([*ids, *cells])}")
    empty = ", ".join(f"cast(null as {'timestamp' if name in TIMES else 'varchar'}) as {name}" for name in columns)
    none = f"select cast(null as varchar) as record_id, cast(null as varchar) as source_key, {empty} where false"
    warehouse.build(f"validated.{source}", "\nunion all by name\n".join([none, *selects]))


def standardize(warehouse: Warehouse, entity: str) -> dict[str, Record]:
    """The entity's record table, by record_id."""
    for source in SOURCES:
        path = PROJECT / f"sql/standardized/{source}__{entity}.sql"
        warehouse.build(f"standardized.{source}__{entity}", path.read_text(encoding="utf-8"), where=path)
    selects = [f"select * from standardized.{source}__{entity}" for source in SOURCES]
    if entity == "customer":
        selects.append("select cast(null as varchar) as system, cast(null as varchar) as middle_name where false")
    warehouse.build(f"standardized.{entity}_conformed", " union all by name ".join(selects))
    if entity == "address":
        parse_addresses(warehouse, "standardized.address_conformed", "address_text", "standardized.address_parsed")
    path = PROJECT / f"sql/standardized/{entity}.sql"
    warehouse.build(f"standardized.{entity}", path.read_text(encoding="utf-8"), where=path)
    return {row["record_id"]: row for row in warehouse.records(f"from standardized.{entity}")}


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    load_macros(warehouse)
    set_run_values(warehouse, "r1", date(2026, 11, 20))
    for path in (PROJECT / "lookups").glob("*.csv"):
        warehouse.build(f"lookup.{path.stem}", f"from read_csv({literal(path)}, header = true, all_varchar = true)")
    for source in SOURCES:
        give(warehouse, source, [])
    yield warehouse
    warehouse.close()


def customers(warehouse: Warehouse, *records: Record) -> list[Record]:
    """The standardized CRM customers, in the order given."""
    give(warehouse, "crm_customers", list(records))
    found = standardize(warehouse, "customer")
    return [found[f"crm_customers:K{number}"] for number in range(len(records))]


def addresses(warehouse: Warehouse, *lines: str, **shared: str) -> list[Record]:
    """The standardized CRM addresses with these first lines, in the order given; `line / unit` fills both lines."""
    parts = [[*line.split(" / "), None][:2] for line in lines]
    place = {"city": "Troy", "state": "MI", "postal_code": "48083", "country": "US"} | shared
    give(warehouse, "crm_customers", [{"address_line1": one, "address_line2": two, **place} for one, two in parts])
    found = standardize(warehouse, "address")
    return [found[f"crm_customers:K{number}"] for number in range(len(lines))]


# Customers.

PERSON = {"customer_type": "person", "full_name": "Mary Ann Smith", "first_name": "Mary", "last_name": "Smith"}


def test_a_person_in_full(warehouse: Warehouse) -> None:
    [row] = customers(
        warehouse,
        {
            "customer_type": "person",
            "full_name": "DR. ROBERT Q. VAN DER BERG, JR.",
            "first_name": "ROBERT",
            "last_name": "VAN DER BERG",
            "preferred_name": "bob",
            "email": " Bob.Berg+crm@Gmail.com ",
            "phone": "(212) 555-0123 x4",
            "date_of_birth": "05/06/1980",
            "channel": "web",
            "status": "active",
            "updated_at": "2026-01-02",
        },
    )
    stated = {name: row[name] for name in row if row[name] is not None and not name.endswith("_at")}
    assert stated == {
        "record_id": "crm_customers:K0",
        "source": "crm_customers",
        "system": "crm_customers",
        "birth_key": "19800506",
        "email_domain": "gmail.com",
        "first_phonetic": "rprt",
        "only_key": "vanderberg",
        "towns_known": False,
        "state_follows": True,
        "source_key": "K0",
        "role": "account",
        "customer_type": "person",
        "display_name": "Robert Q van der Berg Jr",
        "first_name": "Robert",
        "middle_name": "Q",
        "last_name": "van der Berg",
        "suffix": "Jr",
        "preferred_name": "Bob",
        "first_key": "robert",
        "first_root": "robert",
        "middle_key": "q",
        "last_key": "vanderberg",
        "last_main": "vanderberg",
        "last_phonetic": "fntrpr",
        "suffix_key": "jr",
        "name_key": "robert vanderberg",
        "birth_date": date(1980, 5, 6),
        "email": "bob.berg+crm@gmail.com",
        "email_key": "bobberg@gmail.com",
        "phone": "+12125550123",
        "phone_key": "2125550123",
        "customer_ref": "K0",
        "channel": "web",
        "status": "active",
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob Smith", "Robert Smith"),
        ("SMITH, LIZ", "Elizabeth Smith"),
        ("Pepe García", "José GARCIA"),
        ("Jon St. John", "JON STJOHN"),
        ("Ana Mc Donald", "McDonald, Ana"),
        ("Juan de la Cruz", "Juan Delacruz"),
    ],
)
def test_names_of_one_person_have_one_root_and_one_surname(warehouse: Warehouse, one: str, other: str) -> None:
    first, second = customers(warehouse, {"full_name": one}, {"full_name": other})
    assert (first["first_root"], first["last_key"]) == (second["first_root"], second["last_key"])
    assert first["first_root"] is not None


def test_two_spanish_surnames_are_compared_by_the_first(warehouse: Warehouse) -> None:
    both, one = customers(warehouse, {"full_name": "Ana García López"}, {"full_name": "Ana García"})
    assert both["last_key"] == "garcia lopez"
    assert both["last_main"] == one["last_main"] == "garcia"


def test_a_middle_name_in_the_full_name_alone_is_not_lost(warehouse: Warehouse) -> None:
    [row] = customers(warehouse, PERSON)
    assert (row["first_name"], row["middle_name"], row["middle_key"]) == ("Mary", "Ann", "ann")


def test_a_first_name_that_contradicts_the_full_name_stands(warehouse: Warehouse) -> None:
    [row] = customers(warehouse, PERSON | {"full_name": "Maryann Smith"})
    assert (row["first_key"], row["middle_key"]) == ("mary", None)


def test_a_nickname_in_quotes_is_what_the_customer_likes_to_be_called(warehouse: Warehouse) -> None:
    quoted, stated = customers(
        warehouse,
        {"full_name": 'WILLIAM "BILL" SMITH'},
        {"full_name": "William (Bill) Smith", "preferred_name": "Will"},
    )
    assert (quoted["preferred_name"], stated["preferred_name"]) == ("Bill", "Will")
    assert quoted["display_name"] == "William Smith"


def test_an_organization(warehouse: Warehouse) -> None:
    [row] = customers(warehouse, {"customer_type": "organization", "full_name": "ACME WIDGETS, L.L.C."})
    assert row["customer_type"] == "organization"
    assert row["organization_name"] == row["display_name"]
    assert row["org_key"] == "acme widgets"
    assert {row[name] for name in ("first_name", "last_name", "first_key", "last_key", "name_key", "suffix")} == {None}


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"customer_type": "person", "full_name": "Acme Widgets LLC"}, "organization"),
        ({"customer_type": "person", "full_name": "John Bank", "first_name": "John", "last_name": "Bank"}, "person"),
        ({"customer_type": None, "full_name": "Acme Widgets LLC"}, "organization"),
        ({"customer_type": None, "full_name": "Scott Flowers"}, "person"),
        ({"customer_type": "organization", "full_name": "John Smith"}, "organization"),
        ({"customer_type": "person", "full_name": None}, "person"),
    ],
)
def test_people_and_organizations_are_told_apart(warehouse: Warehouse, record: Record, kind: str) -> None:
    assert customers(warehouse, record)[0]["customer_type"] == kind


def test_placeholders_are_no_evidence(warehouse: Warehouse) -> None:
    [row] = customers(
        warehouse,
        {
            "customer_type": "person",
            "full_name": "N/A",
            "first_name": "TEST",
            "last_name": "UNKNOWN",
            "preferred_name": "-",
            "email": "none@none.com",
            "phone": "0000000000",
            "date_of_birth": "1900-01-01",
        },
    )
    evidence = (
        "first_key first_root last_key last_main last_phonetic name_key org_key birth_date email_key phone phone_key"
    )
    assert {row[name] for name in [*evidence.split(), "preferred_name"]} == {None}


def test_what_cannot_be_delivered_to_is_still_evidence(warehouse: Warehouse) -> None:
    [row] = customers(warehouse, PERSON | {"email": "mary @smith.org", "phone": "112-555-0123"})
    assert (row["email"], row["email_key"]) == (None, "mary@smith.org")
    assert (row["phone"], row["phone_key"]) == (None, "1125550123")


@pytest.mark.parametrize(("people", "is_shared"), [(8, False), (9, True)])
def test_an_address_of_very_many_people_identifies_nobody(warehouse: Warehouse, people: int, is_shared: bool) -> None:
    names = ["Ada", "Bea", "Cleo", "Dora", "Edna", "Faye", "Gail", "Hope", "Iris"][:people]
    reach = {"email": "desk@acme.org", "phone": "212-555-0123"}
    rows = customers(warehouse, *[{"full_name": f"{name} Stone", **reach} for name in names])
    assert {row["email_key"] for row in rows} == {None if is_shared else "desk@acme.org"}
    assert {row["phone_key"] for row in rows} == {None if is_shared else "2125550123"}
    assert {row["email"] for row in rows} == {"desk@acme.org"}


@pytest.mark.parametrize(("states", "follows"), [("NV NV NV NV", True), ("NV CA TX OH", False)])
def test_whether_the_state_follows_from_the_town(warehouse: Warehouse, states: str, follows: bool) -> None:
    places = [{"city": "Reno", "state": state, "postal_code": "89501"} for state in states.split()]
    rows = customers(warehouse, *(PERSON | place for place in places))
    assert {row["state_follows"] for row in rows} == {follows}


def test_one_person_of_many_orders_keeps_the_email(warehouse: Warehouse) -> None:
    spelled = ["Bob Stone", "Robert Stone", "STONE, ROBERT", "R. Stone", "Rob Stone"] * 4
    rows = customers(warehouse, *[{"full_name": name, "email": "bob@acme.org"} for name in spelled])
    assert {row["email_key"] for row in rows} == {"bob@acme.org"}


def test_roles_and_references(warehouse: Warehouse) -> None:
    give(warehouse, "crm_customers", [{"customer_id": "C1"} | PERSON])
    give(
        warehouse,
        "orders",
        [
            {"order_id": "O1", "customer_id": "C1", "customer_name": "Mary Smith", "ordered_at": "2026-01-02"},
            {"order_id": "O2", "customer_name": "Guest Person", "ordered_at": "2026-01-02"},
        ],
    )
    give(
        warehouse,
        "shipments",
        [
            {"shipment_id": "S1", "order_id": "O1", "recipient_name": "MARY  SMITH", "shipped_at": "2026-01-03"},
            {"shipment_id": "S2", "order_id": "O1", "recipient_name": "John Smith"},
            {"shipment_id": "S3", "order_id": "O2", "recipient_name": "Guest Person"},
            {"shipment_id": "S4", "order_id": "O9", "recipient_name": "Mary Smith"},
        ],
    )
    found = standardize(warehouse, "customer")
    assert {key: (row["role"], row["customer_ref"], row["order_ref"]) for key, row in found.items()} == {
        "crm_customers:C1": ("account", "C1", None),
        "orders:O1": ("buyer", "C1", "O1"),
        "orders:O2": ("buyer", None, "O2"),
        "shipments:S1": ("recipient", "C1", "O1"),
        "shipments:S2": ("recipient", None, "O1"),
        "shipments:S3": ("recipient", None, "O2"),
        "shipments:S4": ("recipient", None, "O9"),
    }


# Addresses.


@pytest.mark.parametrize(
    "forms",
    [
        ("12 North Oak Street / Apartment 3", "12 N. Oak St. Apt 3", "12 N OAK ST / #3", "12 n oak st, unit 03"),
        ("212 Gazebo E Dr", "212 Gazebo East Drive", "212 GAZEBO EAST DR."),
        ("3220 19th Avenue Ct", "3220 19th Ave Court"),
        ("1026 NM Highway 528 SE", "1026 Nm Hwy 528 Southeast"),
        ("9 First Ave", "9 1st Avenue"),
        ("7 Saint Clair Rd", "7 St. Clair Road"),
        ("5 Mount View Ln", "5 Mt View Lane"),
        ("PO Box 77", "P.O. Box 77", "POBox 77", "Post Office Box 77"),
    ],
)
def test_ways_to_write_one_place_have_one_key(warehouse: Warehouse, forms: tuple[str, ...]) -> None:
    rows = addresses(warehouse, *forms)
    assert len({row["address_key"] for row in rows}) == 1, [row["address_key"] for row in rows]
    assert {row["is_deliverable"] for row in rows} == {True}


def test_different_places_have_different_keys(warehouse: Warehouse) -> None:
    lines = [
        *(
            "12 Oak St",
            "12 Oak Ave",
            "12 N Oak St",
            "12 S Oak St",
            "14 Oak St",
            "12 Oak St / Apt 3",
            "12 Oak St / Apt 4",
        ),
        *("12 Oak St / Floor 3", "PO Box 12", "12 Oaks St", "112 Oak St"),
    ]
    rows = addresses(warehouse, *lines)
    assert len({row["address_key"] for row in rows}) == len(lines)


def test_the_columns_of_an_address(warehouse: Warehouse) -> None:
    [row] = addresses(
        warehouse, "12 north Oak street / apt 3B", city="St. Clair", state="Michigan", postal_code="480831234"
    )
    assert {name: row[name] for name in row if name not in ("record_id", "source", "source_key", "updated_at")} == {
        "line1": "12 north Oak street",
        "line2": "apt 3B",
        "city": "St. Clair",
        "state": "MI",
        "postal_code": "48083-1234",
        "country": "US",
        "is_us": True,
        "is_deliverable": True,
        "number": "12",
        "street_key": "oak",
        "street_type": "st",
        "direction": "n",
        "unit_key": "3b",
        "po_box": None,
        "city_key": "st clair",
        "state_key": "MI",
        "postal_code5": "48083",
        "address_key": "12 n oak st unit 3b 48083",
    }


@pytest.mark.parametrize("wrong", [{"state": "ZZ"}, {"postal_code": "00000"}, {"postal_code": "ABCDE"}, {"city": None}])
def test_an_undeliverable_address_keeps_its_evidence(warehouse: Warehouse, wrong: dict[str, Any]) -> None:
    [row] = addresses(warehouse, "12 Oak St", **wrong)
    assert row["is_deliverable"] is False
    assert (row["number"], row["street_key"]) == ("12", "oak")
    assert row["postal_code5"] == wrong.get("postal_code", "48083")


def test_a_foreign_address_is_kept_and_not_held_to_american_rules(warehouse: Warehouse) -> None:
    ours, same = addresses(
        warehouse,
        "173 Jasper Ave.",
        "173 JASPER AVENUE",
        city="Edmonton",
        state="AB",
        postal_code="t5j1n9",
        country="Canada",
    )
    assert (ours["country"], ours["is_us"], ours["is_deliverable"]) == ("CA", False, False)
    assert (ours["number"], ours["postal_code"], ours["city_key"]) == ("173", "T5J 1N9", "edmonton")
    assert ours["address_key"] == same["address_key"]


def test_a_record_without_an_address_stays(warehouse: Warehouse) -> None:
    give(warehouse, "crm_customers", [{"country": None}])
    [row] = standardize(warehouse, "address").values()
    assert (row["address_key"], row["is_deliverable"], row["number"]) == (None, False, None)


def test_every_record_comes_out_once(warehouse: Warehouse) -> None:
    give(
        warehouse,
        "crm_customers",
        [PERSON | {"address_line1": "12 Oak St", "country": country} for country in ("US", None, "")],
    )
    give(warehouse, "orders", [{"customer_name": name, "ship_to_line1": "12 Oak St"} for name in ("A B", None, "A B")])
    give(warehouse, "shipments", [{"order_id": "K0", "recipient_name": "A B", "line1": "12 Oak St"}])
    for entity in ("customer", "address"):
        assert len(standardize(warehouse, entity)) == warehouse.count(f"standardized.{entity}") == 7
