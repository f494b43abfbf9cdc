"""Which columns of sources a column is made of, read off SELECTs."""

import pytest

from dq_pipeline.telling.columns import Columns

SOURCES = {
    "crm": {"id": "varchar", "mail": "varchar", "city": "varchar"},
    "shop": {"number": "varchar", "buyer": "varchar", "amount": "decimal(10,2)"},
}
KEYS = {"crm": ("id",), "shop": ("number",)}


def columns(**made: tuple[str, str]) -> Columns:
    """Tables by name (`a__b` is a.b), each its SELECT and the names of its columns."""
    tables = {
        name.replace("__", "."): (select, dict.fromkeys(names.split(), "varchar"))
        for name, (select, names) in made.items()
    }
    return Columns(tables, SOURCES, KEYS)


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("select lower(mail) as value from raw.crm", {("crm", "mail")}),
        ("select mail || city as value from raw.crm", {("crm", "mail"), ("crm", "city")}),
        ("select 'fixed' as value from raw.crm", set()),
        ("select count(*) as value from raw.crm", set()),
        ("select sum(amount) as value from raw.shop group by buyer", {("shop", "amount")}),
        ("with all_mail as (select mail as m from raw.crm) select m as value from all_mail", {("crm", "mail")}),
        (
            "select coalesce(crm.mail, shop.buyer) as value from raw.crm left join raw.shop on buyer = id",
            {("crm", "mail"), ("shop", "buyer")},
        ),
        # By name, whatever the order; a branch that lacks the column gives nothing to it.
        (
            "select city, mail as value from raw.crm union all by name select buyer as value, number from raw.shop",
            {("crm", "mail"), ("shop", "buyer")},
        ),
        # The key of a record stands for the columns that it is made of; the name of its source for none.
        ("select record_id as value from raw.crm", {("crm", "id")}),
        ("select source_file as value from raw.crm", set()),
        # What cannot be read is said to be made of nothing.
        ("select )( as value", set()),
        ("select value from nowhere.known", set()),
    ],
)
def test_a_column_is_made_of(select: str, expected: set[tuple[str, str]]) -> None:
    found = columns(mastered__t=(select, "value")).of("mastered.t")
    assert found == {"value": expected}


def test_columns_are_followed_through_tables_to_the_sources() -> None:
    found = columns(
        standardized__person=("select id, trim(mail) as email from raw.crm", "id email"),
        mastered__person=("select person.email, id as key from standardized.person as person", "email key"),
        mastered__view=("select * from mastered.person", "email key"),
    )
    assert found.of("mastered.view") == {"email": {("crm", "mail")}, "key": {("crm", "id")}}
    assert found.of("mastered.nothing") == {}


def test_a_table_that_is_built_from_itself_ends() -> None:
    found = columns(
        mastered__a=("select b.value from mastered.b as b union all select mail as value from raw.crm", "value"),
        mastered__b=("select a.value from mastered.a as a", "value"),
    )
    assert found.of("mastered.a") == {"value": {("crm", "mail")}}


def test_a_table_that_no_select_made_has_nothing_behind_it() -> None:
    """Such a one is a parser's frame, or what Splink makes."""
    found = columns(
        mastered__t=("select parsed.name, crm.city from parsed.names as parsed, raw.crm as crm", "name city")
    )
    assert found.of("mastered.t") == {"name": set(), "city": {("crm", "city")}}
