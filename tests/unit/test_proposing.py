"""A file read, and what is decided about it: dialect, names, key, system, kind, country, dates, types, templates."""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from dq_pipeline.config import Format
from dq_pipeline.errors import ConfigError
from dq_pipeline.proposing import (
    NoHeaderError,
    Question,
    SourceProposal,
    Wanted,
    prepare,
    propose_source,
    read_extract,
    suggest_columns,
    wanted_sources,
    write_project,
)
from dq_pipeline.proposing.dialect import sniff
from dq_pipeline.proposing.selects import source_select
from dq_pipeline.proposing.templates import adapt_customer_select, adapt_entity, adapt_household
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT
from tests.unit import test_sql_files

SAMPLE = CHECKOUT / "pipelines"


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    made = Warehouse()
    prepare(made, SAMPLE / "lookups/nicknames.csv")
    yield made
    made.close()


@pytest.fixture
def propose(warehouse: Warehouse, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Propose a source `crm` of a text, with what is said about it."""

    def made(text: str, *, entity: str = "customer", ask=None, name: str = "crm.csv", **said) -> SourceProposal:  # type: ignore[no-untyped-def]
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        extract = read_extract(warehouse, Wanted("crm", path, **said), tmp_path)
        return propose_source(warehouse, extract, entity, ask)

    return made


# --- how a file is written


@pytest.mark.parametrize(
    ("data", "form", "first", "has_header"),
    [
        (b"id,name\n1,Ann\n", {}, ("id", "name"), True),
        (b"id;name\n1;Lee, Ann\n2;Ray, Bob\n", {"delimiter": ";"}, ("id", "name"), True),
        (b"id\tname\n1\tLee, Ann\n", {"delimiter": "\t"}, ("id", "name"), True),
        (b'id|name\n1|"A" pipe\n2|"B" pipe\n', {"delimiter": "|", "quote": ""}, ("id", "name"), True),
        (b'id,name\n1,"Lee, Ann"\n2,"Ray, Bob"\n', {}, ("id", "name"), True),
        (b'id,name\n1,"a \\"b\\", c"\n2,"d \\"e\\", f"\n', {"escape": "\\"}, ("id", "name"), True),
        ("id,name\n1,Zo\u00eb\n".encode("cp1252"), {"encoding": "cp1252"}, ("id", "name"), True),
        ("id,name\n1,Zo\u00eb\n".encode("utf-16"), {"encoding": "utf-16"}, ("id", "name"), True),
        ("\ufeffid,name\n1,Ann\n".encode(), {}, ("id", "name"), True),
        (b"1|Ann|1980-02-03\n", {"delimiter": "|", "header": False}, ("1", "Ann", "1980-02-03"), False),
        (b"Ann,ann@example.com\n", {"header": False}, ("Ann", "ann@example.com"), False),
        (b'"a\nb",c\n1,2\n', {}, ("a\nb", "c"), True),
        (b"name\nAnn\nBob\n", {}, ("name",), True),
    ],
)  # fmt: skip
def test_the_dialect_of_a_file(
    tmp_path: Path, data: bytes, form: dict[str, object], first: Sequence[str], has_header: bool
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    found = sniff(path)
    assert found.form.model_copy(update={"escape": found.form.escape}) == Format.model_validate(form)
    assert found.first == first
    assert found.has_header is has_header


def test_a_file_without_header_says_how_many_names_it_wants_and_proposes_some(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "people.txt"
    lines = [f"{n}|{name}|{n}@example.com|1970-01-0{n}" for n, name in enumerate(("Ann", "Bob", "Carol"), start=1)]
    path.write_text("\n".join(lines), encoding="utf-8")
    wanted = Wanted("crm", path)
    with pytest.raises(NoHeaderError, match=r"no header: its first line is data, 4 fields parted by '\|'"):
        read_extract(warehouse, wanted, tmp_path)
    assert suggest_columns(warehouse, wanted, 4, "customer", tmp_path) == "id,first_name,email,birth_date"
    with pytest.raises(ConfigError, match="3 names were given for 4 fields"):
        read_extract(warehouse, Wanted("crm", path, columns=("id", "name", "mail")), tmp_path)
    extract = read_extract(warehouse, Wanted("crm", path, columns=("id", "first_name", "-", "dob")), tmp_path)
    assert extract.columns == ("id", "first_name", "column_3", "dob")
    assert extract.rows == 3


def test_headers_become_names_that_sql_and_the_engine_can_use(propose) -> None:  # type: ignore[no-untyped-def]
    header = 'id,"First\nName","last ""quoted"" name; drop table x",record_id,Order,left,Größe in %,Name'
    found = propose(f"{header}\n1,Ann,Lee,r1,o1,l1,g1,n1\n2,Bob,Ray,r2,o2,l2,g2,n2\n")
    assert found.extract.columns == (
        "id", "first_name", "last_quoted_name_drop_table_x", "crm_record_id", "order_value", "left_value",
        "große_in".replace("ß", ""), "name",
    )  # fmt: skip
    assert found.types["first_name"].source_name == "First\nName"
    assert not found.extract.by_position


def test_headers_that_are_blank_or_come_twice_are_known_by_their_place(propose) -> None:  # type: ignore[no-untyped-def]
    found = propose("id,name,,name\n1,Ann,x,\n2,Bob,y,\n")
    assert found.extract.columns == ("id", "name", "column_3", "name_2")
    assert found.extract.form.skip_lines == 1
    assert not found.extract.form.header
    assert found.extract.rows == 2
    assert all(column.source_name is None for column in found.types.values())


@pytest.mark.parametrize(
    ("name", "message"),
    [*((name, "small letters") for name in ("CRM", "1a", "a-b", "a; drop", "")), ("select", "a word of SQL")],
)  # fmt: skip
def test_a_name_that_cannot_be_a_source_is_refused(
    warehouse: Warehouse, tmp_path: Path, name: str, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,a\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_extract(warehouse, Wanted(name, path), tmp_path)


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("a.csv", b"", "empty"), ("a.csv", b"id,name\n", "0 rows"), ("a.csv", b"\n\n", "no line of text"),
        ("a.doc", b"x", "not read"), ("a.json", b'[{"id": 1}]', "JSON object"), ("a.csv.gz", b"no gzip", "damaged"),
        ("a.parquet", b"id,name", "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_clear_error(
    warehouse: Warehouse, tmp_path: Path, file: str, data: bytes, message: str
) -> None:
    (tmp_path / file).write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        read_extract(warehouse, Wanted("crm", tmp_path / file), tmp_path)


def test_a_packed_file_is_read(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id;name\n1;Ann\n"))
    assert read_extract(warehouse, Wanted("crm", path), tmp_path).columns == ("id", "name")


# --- the key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("source_record_id,id,name\n1,7,a\n2,8,b\n", ("source_record_id",)),
        ("name,CustomerID\na,7\nb,8\n", ("customer_id",)),
        ("customerid,name\n7,a\n8,b\n", ("customerid",)),
        ("alternate_key,reseller_id,name\n7,1,a\n8,2,b\n", ("reseller_id",)),
        ("id,name,code\n1,a,x\n1,b,y\n", ("code",)),
        ("source_system,id,name\n" + "".join(f"{s},{n},x\n" for s in "ab" for n in range(9)), ("source_system", "id")),
    ],
)
def test_the_key_is_found(propose, text: str, key: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    assert propose(text).key == key


def test_a_key_with_a_few_repeats_is_taken_and_said(propose) -> None:  # type: ignore[no-untyped-def]
    rows = "".join(f"{n},Name {n}\n" for n in range(200))
    found = propose(f"customer_id,name\n{rows}5,Again\n,None\n")
    assert found.key == ("customer_id",)
    assert found.repeated == 2
    assert "2 rows have no customer_id or one that another row has" in found.decisions()[-1]


def test_without_a_key_the_candidates_are_named(propose) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match="unique and filled are: first_name, mail") as caught:
        propose("first_name,city,mail\nAnn,A,a@b.co\nBob,A,b@b.co\n")
    assert "--key crm=COLUMN" in str(caught.value)
    with pytest.raises(ConfigError, match="no column is unique"):
        propose("first_name,city\nAnn,A\nAnn,A\n")
    assert propose("first_name,city,mail\nAnn,A,a@b.co\nBob,A,b@b.co\n", key=("mail",)).key == ("mail",)
    with pytest.raises(ConfigError, match="--key: there is no column 'x'; the columns are first_name, city"):
        propose("first_name,city\nAnn,A\nBob,B\n", key=("x",))


def test_a_key_is_asked_for_and_one_that_names_nothing_is_refused(propose) -> None:  # type: ignore[no-untyped-def]
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return question.options[-1]

    text = "first_name,city,mail\nAnn,A,a@b.co\nBob,A,b@b.co\n"
    assert propose(text, ask=ask).key == ("mail",)
    assert asked[-1].options == ("first_name", "mail")
    text = "first_name,city\n" + "Ann,A\n" * 5
    with pytest.raises(ConfigError, match="--key city: 4 of 5 rows have none or another's"):
        propose(text, key=("city",))
    assert propose("first_name,city\nAnn,A\nAnn,B\nBob,A\n", key=("first_name", "city")).key == ("first_name", "city")


# --- who, where, when


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("id,first_name,last_name\n1,Ann,Lee\n2,Bob,Ray\n", "person", "'person' as customer_type"),
        ("id,company,contact_name\n1,Acme Inc,Ann Lee\n2,Globex,Bob Ray\n", "organization", "company as full_name"),
        ("id,name\n1,Ann Lee\n2,Robert Ray\n3,Mary Poe\n", "person", "name as full_name"),
        ("id,name\n1,Acme Inc\n2,Globex Corp\n3,Joes Diner\n", "organization", "'organization' as customer_type"),
        ("id,name\n1,Acme Inc\n2,Ann Lee\n3,Robert Ray\n4,Mary Poe\n", None, "name as full_name"),
        ("id,first_name,surname,company\n1,Ann,Lee,\n2,,,Acme Inc\n", None, "company is not null then 'organization'"),
        ("id,name,type\n1,Ann Lee,P\n2,Acme,Company\n3,Bob,p\n", None, "= 'company' then 'organization'"),
        ("id,name,type\n1,Ann Lee,B2C\n2,Acme,B2B\n3,Bob,B2C\n", None, "= 'b2c' then 'person'"),
        ("id,name,type\n1,Ann Lee,gold\n2,Mary Poe,silver\n3,Robert Ray,gold\n", "person", "'person' as customer_type"),
        ("id,first_name,last_name,suffix\n1,Ann,Lee,Jr\n", "person", "concat_ws(' ', first_name, last_name, suffix)"),
        ("id,nombre,apellido,apellido_materno\n1,Ana,Gil,Ruiz\n", "person", "apellido_materno), '') as last_name"),
    ],
)  # fmt: skip
def test_persons_and_organizations(propose, text: str, kind: str | None, line: str) -> None:  # type: ignore[no-untyped-def]
    found = propose(text)
    assert found.kind == kind
    assert line in source_select(found)


@pytest.mark.parametrize(
    ("text", "country", "line"),
    [
        ("id,name,state,zip\n1,a,IL,60601\n2,b,NY,10001\n", "US", "'US' as country"),
        ("id,name,state,postcode\n1,a,nsw,2000\n2,b,vic,3000\n", "AU", "'AU' as country"),
        ("id,name,city\n1,a,Paris\n2,b,Lyon\n", None, "city"),
        ("id,name,country\n1,a,FR\n2,b,\n3,c,FR\n", "FR", "coalesce(country, 'FR') as country"),
        ("id,name,country\n1,a,FR\n2,b,DE\n", None, "country"),
    ],
)
def test_the_country_of_rows_that_state_none(propose, text: str, country: str | None, line: str) -> None:  # type: ignore[no-untyped-def]
    found = propose(text)
    assert found.country == country
    assert line in source_select(found)


def test_the_order_of_day_and_month_is_that_of_the_file(propose, warehouse: Warehouse) -> None:  # type: ignore[no-untyped-def]
    found = propose("id,name,dob\n1,a,03/04/1980\n2,b,25/04/1980\n")
    assert found.day_first
    column = next(line for line in source_select(found).splitlines() if "birth_date" in line).strip().rstrip(",")
    written = "['3/4/1980', '25.12.1980', '1980-04-03']"
    warehouse.execute(f"create or replace table raw.dates as select unnest({written}) as dob")
    dates = warehouse.rows(f"select std_date(birth_date) from (select {column} from raw.dates)")
    assert [str(day) for (day,) in dates] == ["1980-04-03", "1980-12-25", "1980-04-03"]
    assert not propose("id,name,dob\n1,a,03/04/1980\n2,b,04/25/1980\n").day_first
    unclear = "id,name,dob,country\n1,a,03/04/1980,{0}\n2,b,05/06/1980,{0}\n"
    assert not propose(unclear.format("US")).day_first
    asked: list[Question] = []

    def ask(question: Question) -> str:
        asked.append(question)
        return "yes"

    assert propose(unclear.format("US"), ask=ask).day_first
    assert "day first" in asked[0].text


def test_a_date_of_birth_in_three_columns(propose) -> None:  # type: ignore[no-untyped-def]
    found = propose("id,first_name,last_name,by,bm,bd\n1,Ann,Lee,1970,1,2\n2,Bob,Ray,1980,12,31\n")
    assert "by_value || '-' || lpad(bm, 2, '0') || '-' || lpad(bd, 2, '0') as birth_date" in source_select(found)


def test_the_system_is_found_and_can_be_named(propose) -> None:  # type: ignore[no-untyped-def]
    rows = "".join(f"{n},Name {n},{'ab'[n % 2]},{n % 3}\n" for n in range(20))
    assert "source_system as system" in source_select(propose(f"id,name,source_system,branch\n{rows}"))
    told = propose(f"id,name,source_system,branch\n{rows}", system="branch")
    assert told.fields["system"] == ("branch",)


def test_what_is_told_counts_more_than_what_is_seen(propose) -> None:  # type: ignore[no-untyped-def]
    found = propose("id,who,name\n1,Ann Lee,x1\n2,Bob Ray,x2\n", fields=(("full_name", "who"),))
    assert found.fields["full_name"] == ("who",)
    assert found.choices["name"].field is None
    with pytest.raises(ConfigError, match="--map: 'nobody' is no field"):
        propose("id,name\n1,a\n", fields=(("nobody", "name"),))
    with pytest.raises(ConfigError, match=r"no column says who a customer is.*"):
        propose("id,color\n1,red\n2,blue\n")


def test_what_is_unsure_is_asked(propose) -> None:  # type: ignore[no-untyped-def]
    asked: list[Question] = []

    def no(question: Question) -> str:
        asked.append(question)
        return "no"

    text = "id,name,wohnhaft\n" + "".join(f"{n},Name {n},{n + 1} Oak Street\n" for n in range(9))
    assert propose(text).fields["address_line1"] == ("wohnhaft",)
    assert "address_line1" not in propose(text, ask=no).fields
    assert [question.text.split("?")[0] for question in asked] == ["Is 'wohnhaft' the field address_line1"]


def test_types_are_those_that_every_value_has(propose) -> None:  # type: ignore[no-untyped-def]
    header = "id,name,children,income,visited_on,code_no,updated_at,created_at,mixed"
    rows = ["1,a,2,10.5,2020-01-02,007,2020-01-02 10:00:00,1/2/2020,1", "2,b,,11,2020-01-03,008,2020-01-03,1/3/2020,x"]
    found = propose("\n".join([header, *rows]))
    assert {name: column.type for name, column in found.types.items()} == {
        "id": "text", "name": "text", "children": "integer", "income": "decimal", "visited_on": "date",
        "code_no": "text", "updated_at": "timestamp", "created_at": "text", "mixed": "text",
    }  # fmt: skip
    assert "cast(std_date(created_at) as timestamp) as created_at" in source_select(found)
    assert [name for name, column in found.types.items() if not column.personal] == ["id", "updated_at", "created_at"]


def test_an_address_is_one_text_to_parse(propose) -> None:  # type: ignore[no-untyped-def]
    text = "id,street_number,street,town,zip\n1,12,Oak St,Boston,02108\n2,4,Elm St,Boston,02109\n"
    select = source_select(propose(text, entity="address"))
    assert "nullif(concat_ws(' ', street_number, street), '') as address_line1" in select
    parts = "nullif(concat_ws(' ', street_number, street), ''), town, zip, 'US'"
    assert f"nullif(concat_ws(', ', {parts}), '') as address_text" in select
    assert "cast(null as varchar) as state" in select


def test_the_sql_is_as_tidy_and_portable_as_the_sample_s(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    header = (
        "id,source_system,first_name,middle,last_name,second_last_name,suffix,company,email,email2,phone,mobile,dob"
    )
    header += ",street_number,street,apt,city,state,zip,country,type,channel,status,created_at,updated_at,nickname"
    values = (
        "S,Ann,B,Lee,Ray,Jr,Acme,a@b.co,c@d.co,2175550134,2175550135,25/12/1980,1,Oak St,2,Salem,OR,97301,,P,web,on"
    )
    path.write_text(f"{header}\n1,{values},1/2/2020,2020-01-02,Annie\n", encoding="utf-8")
    for entity in ("customer", "address"):
        extract = read_extract(warehouse, Wanted("crm", path), tmp_path)
        write_project(tmp_path / entity, [propose_source(warehouse, extract, entity)], CHECKOUT)
        for select in (tmp_path / entity).rglob("*.sql"):
            for name, check in vars(test_sql_files).items():
                if name.startswith("test_") and "macro" not in name.replace("in_macros", ""):
                    check(select)


# --- what is written on the command line


def test_sources_and_options_are_read() -> None:
    said = {
        "--key": ["shop=a,b"],
        "--system": ["crm=origin"],
        "--map": ["crm.full_name=who"],
        "--columns": ["shop=a, b"],
    }
    crm, shop = wanted_sources(["crm=a=b.csv", "shop=b.csv"], said)
    assert crm == Wanted("crm", Path("a=b.csv"), (), (), "origin", (("full_name", "who"),))
    assert shop == Wanted("shop", Path("b.csv"), ("a", "b"), ("a", "b"))
    assert wanted_sources(["crm=a.csv"], {"--key": ["id"]})[0].key == ("id",)


@pytest.mark.parametrize(
    ("sources", "said", "message"),
    [
        (["a.csv"], {}, "no name and file"),
        (["crm="], {}, "no name and file"),
        (["crm=a", "crm=b"], {}, "given twice"),
        (["crm=a", "shop=b"], {"--key": ["id"]}, "does not say of which source"),
        (["crm=a"], {"--map": ["who"]}, "no field and column"),
    ],
)
def test_what_is_written_wrongly_is_said(sources: list[str], said: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        wanted_sources(sources, said)


# --- the sample's entity, adapted


def test_the_entity_is_adapted_and_keeps_its_comments() -> None:
    text = (SAMPLE / "entities/customer.yml").read_text(encoding="utf-8")
    adapted = adapt_entity(text, "customer", ["crm", "shop"])
    entity = yaml.safe_load(adapted)
    before = yaml.safe_load(text)
    assert entity["sources"] == entity["golden"]["trust"] == entity["unique_in"] == ["crm", "shop"]
    assert entity["evidence"] == [{"column": "address_id"}]
    assert "order_ref" not in str(entity["linkage"])
    assert {"address_line1", "birth_date"} <= {*entity["columns"]} & {*entity["personal"]}
    fields = [field["name"] for field in entity["golden"]["fields"]]
    assert "place" in fields
    assert "address_id" not in fields
    for part in ("blocking", "comparisons", "conflicts", "thresholds", "training", "related"):
        assert entity["linkage"][part] == before["linkage"][part], part
    kept = [line for line in text.splitlines() if line.strip().startswith("#")]
    assert sum(line in adapted for line in kept) >= len(kept) - 5
    assert "crm_customers" not in adapted


def test_an_address_is_adapted() -> None:
    text = (SAMPLE / "entities/address.yml").read_text(encoding="utf-8")
    before, entity = yaml.safe_load(text), yaml.safe_load(adapt_entity(text, "address", ["crm"]))
    assert entity["sources"] == entity["golden"]["trust"] == ["crm"]
    assert {**entity, "sources": 0, "golden": 0} == {**before, "sources": 0, "golden": 0}


def test_the_select_of_customers_gives_the_place_as_written() -> None:
    adapted = adapt_customer_select((SAMPLE / "sql/standardized/customer.sql").read_text(encoding="utf-8"))
    last = adapted[adapted.rindex("\nselect\n") :]
    assert "end as place_id" in last
    for column in ("address_line1", "city", "country"):
        assert f".{column}" in last
    assert "left join standardized.customer_conformed as conformed" in last


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("sources:", "feeds:"), "there is no sources"),
        (("evidence:", "proof:"), ""),
        (("trust:", "faith:"), "there is no golden.trust"),
        (("name: address_id", "name: address"), "no golden field is address_id"),
        (("personal:", "private:"), "no list `personal`"),
        (("\ncolumns:", "\ncolumn_names:"), "no list `columns`"),
    ],
)
def test_a_sample_that_changed_fails_loudly(change: tuple[str, str], message: str) -> None:
    text = (SAMPLE / "entities/customer.yml").read_text(encoding="utf-8")
    assert change[0] in text
    changed = text.replace(*change, 1)
    if not message:
        adapt_entity(changed, "customer", ["crm"])
        return
    with pytest.raises(ConfigError, match=message):
        adapt_entity(changed, "customer", ["crm"])


def test_a_select_that_changed_fails_loudly() -> None:
    text = (SAMPLE / "sql/standardized/customer.sql").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="not `from records`"):
        adapt_customer_select(text.replace("\nfrom records\n", "\nfrom elsewhere\n"))
    with pytest.raises(ConfigError, match="lacks one of number_key"):
        adapt_customer_select(text.replace("street_key", "road_key"))
    with pytest.raises(ConfigError, match="does not speak of address_id"):
        adapt_household("select 1")
