"""`dq init --source`: from a file of one's own to a published night, no file edited."""

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from dq_pipeline.cli import starting as commands
from dq_pipeline.config import load_project
from dq_pipeline.errors import ConfigError
from dq_pipeline.starting import start_from_sources
from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, published

FIRST = ["Mary", "James", "Linda", "Robert", "Susan", "David", "Karen", "Paul", "Laura", "Brian", "Nancy", "Kevin"]
LAST = ["Okafor", "Lindqvist", "Marchetti", "Ferreira", "Novak", "Haddad", "Sorensen", "Beaumont", "Kowalski", "Duarte"]
TOWNS = [("Springfield", "IL", "62701"), ("Dayton", "OH", "45402"), ("Salem", "OR", "97301")]
# What spreadsheets and enemies write above a column.
HOSTILE = [
    'Customer "ID"', "First\nName", "last name'; drop table x; --", "E-Mail", "{run_date}", "name: [yaml, {", "select",
    "ZIP", "state", "City", "source_key",
]  # fmt: skip


def person(number: int) -> dict[str, str]:
    """One of the made-up people, each with an e-mail, a phone, a date of birth and a home of their own."""
    first, last = FIRST[number % len(FIRST)], LAST[(number * 7) % len(LAST)]
    town, state, code = TOWNS[number % len(TOWNS)]
    return {
        "id": f"C{number:03}",
        "first": first,
        "last": last,
        "email": f"{first}.{last}{number}@example.com".lower(),
        "phone": f"(217) 555-{2000 + number * 13:04}",
        "birth": f"{1950 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}",
        "street": f"{100 + number * 3} {['Oak', 'Elm', 'Lake', 'Hill'][number % 4]} Street",
        "zip": code,
        "state": state,
        "city": town,
        "note": f"r{number}",
    }


def write(path: Path, header: Sequence[str], rows: Sequence[dict[str, str]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows([list(row.values())[: len(header)] for row in rows])
    return path


def init(folder: Path, *arguments: str | Path) -> Path:
    answer = call("init", folder, *arguments, "--yes")
    assert answer.code == 0, answer.text
    return folder


def run(project: Path) -> Warehouse:
    """The published night of a project that was checked first."""
    for command in ("check", "run"):
        answer = call(command, "--project", project)
        assert answer.code == 0, answer.text
    return published(project)


def masters(reader: Warehouse) -> dict[str, str]:
    return dict(reader.rows("select record_id, master_id from identity.xref"))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Warehouse, str]]:
    """A CRM with hostile headers, and a shop's Excel sheet that knows 20 of its 60 people by another spelling."""
    folder = tmp_path_factory.mktemp("people")
    crm = write(folder / "customers.csv", HOSTILE, [person(number) for number in range(60)], ";")
    shop = [person(number) for number in range(0, 60, 3)]
    sheet = [
        {"buyer_no": f"{n}", "name": f"{row['last'].upper()}, {row['first']}", "mail": row["email"].upper(),
         "mobile": row["phone"], "dob": row["birth"]}
        for n, row in enumerate(shop)
    ]  # fmt: skip
    pd.DataFrame(sheet).to_excel(folder / "buyers.xlsx", index=False)
    sources = ("--source", f"crm={crm}", "--source", f"shop={folder / 'buyers.xlsx'}")
    answer = call("init", folder / "mine", *sources, "--yes")
    assert answer.code == 0, answer.text
    reader = run(folder / "mine")
    yield folder / "mine", reader, answer.text
    reader.close()


def test_two_sources_become_one_truth(people: tuple[Path, Warehouse, str]) -> None:
    _, reader, _ = people
    found = masters(reader)
    assert len(found) == 80
    for number in range(20):
        assert found[f"shop:{number}"] == found[f"crm:C{number * 3:03}"]
    assert len({found[f"crm:C{number:03}"] for number in range(60)}) == 60
    query = "select source, rows_read, validated, quarantined, unparsed from ops.sources order by source"
    assert reader.rows(query) == [("crm", 60, 60, 0, 0), ("shop", 20, 20, 0, 0)]


def test_the_golden_record_has_what_the_files_say(people: tuple[Path, Warehouse, str]) -> None:
    _, reader, _ = people
    query = """select customer_type, first_name, last_name, email, phone, cast(birth_date as varchar), address_line1,
        city, state, postal_code, records, sources from master.customer where email = 'mary.okafor0@example.com'"""
    assert reader.rows(query) == [
        ("person", "Mary", "Okafor", "mary.okafor0@example.com", "+12175552000", "1950-01-01", "100 Oak Street",
         "Springfield", "IL", "62701", 2, 2)
    ]  # fmt: skip
    uncommented = "select count(*) from duckdb_columns() where schema_name = 'master' and comment is null"
    assert reader.value(uncommented) == 0


def test_the_proposal_says_what_each_column_is(people: tuple[Path, Warehouse, str]) -> None:
    project, _, text = people
    for said in ("customers.csv, 60 rows", "buyers.xlsx, 20 rows", "key: customer_id", "key: buyer_no", "(unsure)"):
        assert said in text
    columns = load_project(project).source("crm").columns
    assert columns["first_name"].source_name == "First\nName"
    assert {"crm_source_key", "select_value"} <= columns.keys()
    assert columns["first_name"].personal


def test_people_of_one_home_and_name_are_a_household_and_stay_themselves(tmp_path: Path) -> None:
    rows = [person(number) for number in range(40)]
    for number in (0, 12):  # Mary and Mary's husband
        rows[number] |= {"last": "Okafor", "street": "7 Hill Street", "city": "Salem", "state": "OR", "zip": "97301"}
    rows[12] |= {"first": "James", "birth": "1948-08-09"}
    header = ["id", "first_name", "last_name", "email", "phone", "date_of_birth", "address", "zip", "state", "city"]
    reader = run(init(tmp_path / "mine", "--source", f"crm={write(tmp_path / 'a.csv', header, rows)}"))
    found = masters(reader)
    assert found["crm:C000"] != found["crm:C012"]
    query = "select count(*), count(distinct household_id) from master.customer where household_id is not null"
    assert reader.rows(query) == [(2, 1)]
    assert reader.rows("select surname, members, evidence from master.household") == [
        ("okafor", 2, "same_address, same_surname")
    ]
    reader.close()


def test_organizations_are_organizations_and_a_missing_column_drops_out(tmp_path: Path) -> None:
    names = ["Acme Tools", "Globex", "Initech", "Umbrella", "Hooli", "Stark Motors", "Wayne Foods", "Soylent",
             "Vandelay Imports", "Cyberdyne Systems", "Oscorp", "Tyrell", "Wonka Sweets", "Dunder Paper"]  # fmt: skip
    rows = [{"no": f"{n}", "company": f"{name} Inc", "phone": f"617-555-{1000 + n}"} for n, name in enumerate(names)]
    rows += [{"no": "90", "company": "ACME TOOLS INCORPORATED", "phone": "(617) 555-1000"}]
    source = write(tmp_path / "a.csv", ["Account No", "Company", "Phone"], rows, "\t")
    reader = run(init(tmp_path / "mine", "--source", f"crm={source}"))
    found = masters(reader)
    assert found["crm:90"] == found["crm:0"]
    assert len(set(found.values())) == len(names)
    assert reader.rows("select distinct customer_type from master.customer") == [("organization",)]
    assert "household" not in reader.tables("master")
    reader.close()


def test_addresses_become_an_address_project(tmp_path: Path) -> None:
    heads = ["Washing", "Jeffer", "Lincoln", "Chest", "River", "High", "Meadow", "Syca", "Thorn", "Black", "Silver"]
    tails = ["ton", "son", "wood", "nut", "side", "land", "brook", "more", "field"]
    places = [
        {"id": f"A{n:03}", "street": f"{100 + n * 797 % 9000} {heads[n % 11]}{tails[n % 9]} Street",
         "zip": f"{10001 + n * 31 % 200}", "st": "NY", "town": f"{heads[n * 3 % 11]}{tails[n * 5 % 9]}"}
        for n in range(400)
    ]  # fmt: skip
    # The same place with its street type written short, or with one letter less.
    copies = [{**one, "id": f"{one['id']}X", "street": one["street"].replace("Street", "St.")} for one in places[:80]]
    copies += [{**one, "id": f"{one['id']}Y", "street": one["street"].replace("e", "", 1)} for one in places[:80]]
    source = write(tmp_path / "a.csv", ["id", "street", "zip", "st", "town"], [*places, *copies])
    reader = run(init(tmp_path / "mine", "--source", f"places={source}", "--entity", "address"))
    found = dict(reader.rows("select record_id, master_id from identity.xref where entity = 'address'"))
    for number in range(80):
        assert found[f"places:A{number:03}X"] == found[f"places:A{number:03}Y"] == found[f"places:A{number:03}"]
    assert len(set(found.values())) == 400
    reader.close()


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv.gz"])
def test_other_kinds_of_files_check(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame([person(number) for number in range(30)])
    path = tmp_path / f"people.{ending}"
    if ending == "parquet":
        frame.to_parquet(path)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False)
    project = init(tmp_path / "mine", "--source", f"crm={path}")
    assert (project / f"data/crm.{ending}").exists()
    assert call("check", "--project", project).code == 0
    answer = call("run", "--project", project, "--until", "standardize")
    assert answer.code == 0, answer.text


def test_the_same_file_gives_the_same_project_and_models_are_not_in_it(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", HOSTILE, [person(number) for number in range(20)])
    trees = []
    for name in ("one", "two"):
        start_from_sources(tmp_path / name, {"crm": source})
        folder = tmp_path / name
        trees.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert trees[0] == trees[1]
    assert {str(path.parent) for path in trees[0]} >= {"pipelines", "pipelines/lookups", "expectations/raw", "data"}
    assert list((tmp_path / "one/pipelines/models").iterdir()) == []


def test_a_linked_file_stays_where_it_is(tmp_path: Path) -> None:
    source = write(tmp_path / "it's [mine].csv", ["id", "name"], [{"id": "1", "name": "Ann Lee"}])
    start_from_sources(tmp_path / "mine", {"crm": source}, link=True)
    project = load_project(tmp_path / "mine")
    assert project.source("crm").location.path == str(source)
    assert list(project.data.iterdir()) == []
    answer = call("run", "--project", tmp_path / "mine", "--until", "ingest")
    assert answer.code == 0, answer.text


def test_without_yes_and_without_a_terminal_the_proposal_is_shown_and_nothing_written(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", ["id", "first_name"], [{"id": "1", "name": "Ann"}])
    answer = call("init", tmp_path / "mine", "--source", f"crm={source}")
    assert answer.code == 2
    assert "first_name" in answer.text
    assert "--yes" in answer.text
    assert not (tmp_path / "mine").exists()


def test_on_a_terminal_what_is_unsure_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "is_terminal", lambda: True)
    asked: list[str] = []
    answers = iter([True, False, True, False])

    def confirm(text: str, default: bool) -> bool:  # noqa: ARG001
        asked.append(text)
        return next(answers)

    monkeypatch.setattr(commands.click, "confirm", confirm)
    rows = [{"id": f"{n}", "first": FIRST[n], "wohnhaft": f"{n + 1} Oak Street"} for n in range(9)]
    source = write(tmp_path / "a.csv", ["id", "first_name", "wohnhaft"], rows)
    assert call("init", tmp_path / "no", "--source", f"crm={source}").code == 1
    assert not (tmp_path / "no").exists()
    assert call("init", tmp_path / "yes", "--source", f"crm={source}").code == 1
    assert [text.split("?")[0] for text in asked[::2]] == ["Is 'wohnhaft' the field address_line1"] * 2
    assert asked[1::2] == ["Make the project?"] * 2


def test_what_must_be_told_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    source = write(
        tmp_path / "a.csv", ["first_name", "city"], [{"a": "Ann", "b": "Dayton"}, {"a": "Ann", "b": "Dayton"}]
    )
    answer = call("init", folder, "--source", f"crm={source}", "--yes")
    assert answer.code == 2
    assert "--key crm=COLUMN" in answer.text
    answer = call("init", folder, "--source", f"crm={tmp_path / 'none.csv'}", "--yes")
    assert answer.code == 2
    assert "there is no file" in answer.text
    assert call("init", folder, "--key", "id").code == 2
    assert not folder.exists()


def test_nothing_is_overwritten_and_a_readme_is_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", ["id", "name"], [{"id": "1", "name": "Ann Lee"}])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/README.md").write_text("precious", encoding="utf-8")
    start_from_sources(tmp_path / "mine", {"crm": source})
    assert (tmp_path / "mine/README.md").read_text(encoding="utf-8") == "precious"
    with pytest.raises(ConfigError, match="pipelines is there already"):
        start_from_sources(tmp_path / "mine", {"crm": source})


def test_rules_of_the_united_states_are_for_their_rows_only(tmp_path: Path) -> None:
    header = ["id", "name", "phone", "state", "postal_code", "country"]
    rows = [
        {"id": "1", "name": "Ann Lee", "phone": "12", "state": "XX", "zip": "1", "country": "US"},
        {"id": "2", "name": "Bob Ray", "phone": "+442079460958", "state": "Kent", "zip": "TN1 1AA", "country": "GB"},
    ]
    project = init(tmp_path / "mine", "--source", f"crm={write(tmp_path / 'a.csv', header, rows)}")
    suite = json.loads((project / "expectations/raw/crm.json").read_text(encoding="utf-8"))
    queries = {one["meta"]["code"]: one["kwargs"].get("unexpected_rows_query") for one in suite["expectations"]}
    assert {"bad_phone", "bad_state", "bad_postal_code"} <= queries.keys()
    answer = call("run", "--project", project, "--until", "validate")
    assert answer.code == 0, answer.text
    working = Warehouse(project / "output/working.duckdb", read_only=True)
    found = working.rows("select distinct source_key, code from quarantined.findings order by source_key, code")
    working.close()
    assert found == [("1", "bad_phone"), ("1", "bad_postal_code"), ("1", "bad_state")]


def test_the_command_line_itself(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", ["id", "name"], [{"id": "1", "name": "Ann Lee"}])
    dq = shutil.which("dq")
    if dq is None:
        pytest.skip("dq is not on the path")
    command = [dq, "init", str(tmp_path / "mine"), "--source", f"crm={source}", "--yes"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.rstrip().endswith("dq run")
