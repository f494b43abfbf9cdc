"""Headers and values of many files: which column is taken for which field, and how sure that is."""

from collections.abc import Iterator, Mapping

import pytest

from dq_pipeline.proposing.fields import catalog, fields_of
from dq_pipeline.proposing.headers import column_name, header_scores, plain, words_of
from dq_pipeline.proposing.mapping import map_columns
from dq_pipeline.proposing.profiles import MEASURES, Profile, prepare, profile
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

BLANK = Profile(10, 0, 0, {})


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    made = Warehouse()
    prepare(made, CHECKOUT / "pipelines/lookups/nicknames.csv")
    yield made
    made.close()


def by_headers(*headers: str, entity: str = "customer") -> dict[str, str | None]:
    """Header -> field, of a file without values."""
    choices = map_columns({header: header for header in headers}, dict.fromkeys(headers, BLANK), entity)
    return {header: choice.field for header, choice in choices.items()}


def by_values(warehouse: Warehouse, columns: Mapping[str, list[str | None]]) -> dict[str, str | None]:
    """Header -> field, of a file with these columns of values."""
    names = [f"c{number}" for number in range(len(columns))]
    rows = list(zip(*columns.values(), strict=True))
    typed = ", ".join(f"{name} varchar" for name in names)
    warehouse.execute(f"create or replace table raw.looked ({typed}, line_number bigint)")
    for number, row in enumerate(rows):
        marks = ", ".join("?" * (len(names) + 1))
        warehouse.execute(f"insert into raw.looked values ({marks})", [*row, number])
    headers = dict(zip(names, columns, strict=True))
    choices = map_columns(headers, profile(warehouse, "raw.looked", names), "customer")
    return {headers[name]: choice.field for name, choice in choices.items()}


HEADERS = {
    "first_name": "first_name FirstName FNAME given_name GivenName"
    " forename Nombre primer_nombre customer_first_name first",
    "middle_name": "middle_name MiddleInitial MI middle",
    "last_name": "last_name LastName surname family-name Apellido Apellidos apellido_paterno LNAME contact_last_name",
    "second_last_name": "apellido_materno SegundoApellido second_last_name",
    "suffix": "suffix name_suffix",
    "full_name": "full_name name FullName customer_name NombreCompleto display_name ContactName client_name",
    "company": "company CompanyName organization razon_social empresa business_name reseller_name organisation",
    "email": "email E-Mail email_address EmailAddress mail correo correo_electronico Correo_Electrónico primary_email",
    "phone": "phone Phone# telephone mobile cell_phone Teléfono celular phone_number HomePhone tel mobile_number",
    "birth_date": "birth_date DOB date_of_birth DateOfBirth"
    " birthday BirthDate fecha_nacimiento FechaDeNacimiento birthdate",
    "birth_year": "birth_year YOB by",
    "birth_month": "birth_month bm",
    "address_line1": "address_line1 address1 Address AddressLine1 addr1"
    " street street_address direccion Calle billing_address_1",
    "house_number": "house_number street_number HouseNo",
    "address_line2": "address_line2 address2 apt Suite Unit addr2 Colonia",
    "city": "city City town ciudad municipio billing_city home_city locality suburb ship_to_city",
    "state": "state ST Province StateProvince region estado state_code provincia",
    "postal_code": "postal_code zip ZipCode postcode Zip5 código_postal cp post_code billing_zip PostalCode",
    "country": "country Country_Code CountryRegion pais país nation",
    "customer_type": "customer_type CustomerType party_type tipo_cliente",
    "created_at": "created_at CreatedDate date_created fecha_alta",
    "updated_at": "updated_at LastModifiedDate last_modified modified_at",
    "system": "source_system system origin data_source SourceSystem sistema source src",
    "channel": "channel lead_source",
    "status": "status account_status",
    "preferred_name": "preferred_name nickname",
}


@pytest.mark.parametrize(
    ("header", "field"), [(header, field) for field, headers in HEADERS.items() for header in headers.split()]
)
def test_a_header_names_its_field(header: str, field: str) -> None:
    assert by_headers(header) == {header: field}


OTHERS = """customer_id gender salutation Fax email_opt_in bank_name product_line order_total income score
    marital_status notes account_balance website first_order_year ip_address x123"""


@pytest.mark.parametrize("header", OTHERS.split())
def test_a_header_of_something_else_names_no_field(header: str) -> None:
    assert by_headers(header) == {header: None}


def test_of_two_headers_the_plainer_one_wins_and_a_second_phone_stands_in() -> None:
    assert by_headers("shipping_city", "billing_city") == {"shipping_city": None, "billing_city": "city"}
    assert by_headers("state_name", "state") == {"state_name": None, "state": "state"}
    choices = map_columns({"a": "home_phone", "b": "mobile"}, {"a": BLANK, "b": BLANK}, "customer")
    assert [(choice.field, choice.stands_in) for choice in choices.values()] == [("phone", True), ("phone", False)]


def test_an_address_has_no_names() -> None:
    found = by_headers("name", "street", "city", "updated_at", entity="address")
    assert found == {"name": None, "street": "address_line1", "city": "city", "updated_at": "updated_at"}


PEOPLE: dict[str, list[str | None]] = {
    "a": ["james", "Mary", "robert", "Patricia"],
    "b": ["ann.lee@example.com", "b@example.org", "c.d@example.net", None],
    "c": ["(312) 555-0134", "312-555-0135", "312.555.0136", "+13125550137"],
    "d": ["12 Oak Street", "4 Elm Ave", "99 Lake Road", "7 Main St"],
    "e": ["1971-02-03", "1980-12-31", "1999-05-06", "1955-01-09"],
    "f": ["60601", "60602-1234", "60603", "60604"],
    "g": ["IL", "NY", "CA", "TX"],
}


def test_values_tell_where_headers_say_nothing(warehouse: Warehouse) -> None:
    found = by_values(warehouse, PEOPLE)
    assert list(found.values()) == [
        "first_name", "email", "phone", "address_line1", "birth_date", "postal_code", "state",
    ]  # fmt: skip


def test_a_header_that_its_values_deny_is_unsure(warehouse: Warehouse) -> None:
    columns = {"email": ["yes", "no", "yes", "no"], "contact": PEOPLE["b"]}
    assert by_values(warehouse, columns) == {"email": "email", "contact": None}
    columns = {"mail_ok": ["yes", "no", "yes", "no"], "contact": PEOPLE["b"]}
    assert by_values(warehouse, columns) == {"mail_ok": None, "contact": "email"}


def test_values_never_make_a_field_of_a_key_or_a_fax(warehouse: Warehouse) -> None:
    columns = {"row_id": PEOPLE["f"], "Fax": PEOPLE["c"], "order_date": PEOPLE["e"]}
    assert by_values(warehouse, columns) == {"row_id": None, "Fax": None, "order_date": None}


def test_name_is_a_first_name_beside_a_surname_and_nombre_alone_is_the_whole_name(warehouse: Warehouse) -> None:
    found = by_values(warehouse, {"name": ["Ann", "Bob"], "surname": ["Lee", "Ray"]})
    assert found == {"name": "first_name", "surname": "last_name"}
    found = by_values(warehouse, {"nombre": ["Ana López Ruiz", "Luis Pérez"], "ciudad": ["León", "Puebla"]})
    assert found == {"nombre": "full_name", "ciudad": "city"}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("CustomerID", "customer_id"), ("First Name", "first_name"), ("Año de nacimiento", "ano_de_nacimiento"),
        ("2nd phone", "n_2nd_phone"), ("", ""), ("名前", ""), ("123", ""), ('id"; drop table x; --', "id_drop_table_x"),
        ("a\nb", "a_b"), ("x" * 90, "x" * 60), ("HTTPServer", "http_server"),
    ],
)  # fmt: skip
def test_a_column_name_is_made_of_a_header(header: str, name: str) -> None:
    assert column_name(header) == name


def test_headers_are_words() -> None:
    assert words_of("CustomerFirstName") == ("customer", "first", "name")
    assert words_of("e-mail") == words_of("E_Mail") == ("email",)
    assert plain("addr1") == ("address", "1")
    assert header_scores("email_address", "customer")["email"] == 1.0


def test_the_catalog_is_sound() -> None:
    assert len({field.name for field in catalog().fields}) == len(catalog().fields)
    for field in catalog().fields:
        assert {*field.looks, field.guess} <= {*MEASURES, "few", ""}, field.name
        assert by_headers(field.name, entity=field.of[0]) == {field.name: field.name}
    assert {"address_line1", "updated_at"} <= fields_of("address").keys()
    assert "email" not in fields_of("address")
