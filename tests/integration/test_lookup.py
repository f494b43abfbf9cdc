"""`dq lookup`: people of the sample by all that one may say of them, old ids, namesakes, and a run that goes on."""

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline import archive
from dq_pipeline.config import Project, load_project
from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.lookup import CARDS, KEYS, Search, build_lookup
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, published
from tests.integration.test_init_source import init, person, write

# People whose full name nobody else bears, whose parts are long enough to be misspelt.
ALONE = """select customer_id, first_name, last_name, display_name, email, phone from master.customer
    where customer_type = 'person' and length(first_name) > 3 and length(last_name) > 5 and last_name not like '% %'
    and middle_name is null and suffix is null
    qualify count(*) over (partition by std_fold(last_name)) = 1 order by customer_id limit 12"""


@pytest.fixture(scope="module")
def project(sample: Path) -> Project:
    """The sample project, read."""
    return load_project(sample)


@pytest.fixture(scope="module")
def search(project: Project) -> Iterator[Search]:
    file = archive.published_file(project.output)
    assert file is not None
    with Search(project, file) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(search: Search) -> list[dict[str, Any]]:
    found = search.warehouse.records(ALONE.replace("master.customer", "truth.master.customer"))
    assert len(found) == 12
    return found


def first(search: Search, text: str) -> str | None:
    found = search.find(text).candidates
    return found[0].master_id if found else None


def rows(search: Search, query: str) -> list[tuple[Any, ...]]:
    found = search.warehouse.rows(query)
    assert found
    return found


def without_accents(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))


WAYS = {
    "as it is": lambda one: one["display_name"],
    "other order": lambda one: f"{one['last_name']}, {one['first_name']}",
    "capitals": lambda one: one["display_name"].upper(),
    "a letter too many": lambda one: f"{one['first_name']} {one['last_name'][:3]}{one['last_name'][2:]}",
    "a letter too few": lambda one: f"{one['first_name']} {one['last_name'][:3]}{one['last_name'][4:]}",
    "two letters swapped": lambda one: (
        f"{one['first_name']} {one['last_name'][:2]}{one['last_name'][3]}{one['last_name'][2]}{one['last_name'][4:]}"
    ),
    "both misspelt": lambda one: f"{one['first_name'][:-1]} {one['last_name'][:-1]}",
    "surname alone": lambda one: one["last_name"],
}


@pytest.mark.parametrize("way", WAYS)
def test_a_person_by_name(search: Search, people: list[dict[str, Any]], way: str) -> None:
    for one in people:
        text = WAYS[way](one)
        assert one["customer_id"] in [found.master_id for found in search.find(text).candidates], text


def test_the_right_spelling_comes_first(search: Search, people: list[dict[str, Any]]) -> None:
    assert [first(search, one["display_name"]) for one in people] == [one["customer_id"] for one in people]


def test_a_person_by_nickname(search: Search) -> None:
    nicknames = {"William": "Bill", "Robert": "Bob", "Elizabeth": "Liz", "Margaret": "Peggy", "Richard": "Dick"}
    listed = ", ".join(f"'{name}'" for name in nicknames)
    named = rows(
        search,
        f"""select customer_id, first_name, last_name from truth.master.customer where first_name in ({listed})
        qualify count(*) over (partition by std_fold(last_name)) = 1 order by customer_id limit 8""",
    )
    for customer_id, given, surname in named:
        assert first(search, f"{nicknames[given].lower()} {surname}") == customer_id, surname


def test_a_person_without_the_accents(search: Search) -> None:
    named = rows(
        search,
        """select customer_id, display_name from truth.master.customer where last_name <> strip_accents(last_name)
        and first_name is not null and length(first_name) > 1
        qualify count(*) over (partition by std_fold(last_name)) = 1 order by customer_id limit 8""",
    )
    for customer_id, name in named:
        assert without_accents(name) != name
        assert first(search, without_accents(name)) == customer_id, name


def test_a_person_with_the_town_among_namesakes(search: Search) -> None:
    named = rows(
        search,
        """select customer_id, display_name, address.city from truth.master.customer
        join truth.master.address using (address_id) where customer_type = 'person' and middle_name is null
        and customer_id in (select master_id from truth.identity.lookup_keys where contains(beside, std_city(city)))
        qualify count(*) over (partition by std_fold(display_name)) between 2 and 3
        and count(distinct city) over (partition by std_fold(display_name)) > 1 order by customer_id limit 4""",
    )
    for customer_id, name, city in named:
        found = search.find(f"{name} {city}").candidates
        assert customer_id in [one.master_id for one in found if one.score == found[0].score], city


NUMBERS = {
    "tracking_number": """select tracking_number, min(customer_id) from truth.master.shipments
        where customer_id is not null group by all
        having count(*) = 1 and min(customer_id) = min(recipient_customer_id) order by 1 limit 10""",
    "shipment_number": """select shipment_id, customer_id from truth.master.shipments
        where customer_id = recipient_customer_id order by 1 limit 10""",
    "order_number": "select order_id, customer_id from truth.master.orders where customer_id is not null limit 10",
    "account": """select source_key, master_id from truth.identity.xref
        where entity = 'customer' and source = 'crm_customers' order by 1 limit 10""",
    "customer_id": "select customer_id, customer_id from truth.master.customer order by 1 limit 10",
    "email": """select email, min(customer_id) from truth.master.customer where email is not null group by all
        having count(*) = 1 order by 1 limit 10""",
    "phone": """select phone, min(customer_id) from truth.master.customer where phone is not null group by all
        having count(*) = 1 order by 1 limit 10""",
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_leads_to_its_customer_and_says_so(search: Search, kind: str) -> None:
    for number, customer_id in rows(search, NUMBERS[kind]):
        found = search.find(str(number)).candidates
        by_id = {one.master_id: one for one in found}
        assert customer_id in by_id, number
        assert kind in [reason.kind for reason in by_id[customer_id].reasons]
        assert by_id[customer_id].score == 1


def test_a_number_as_people_write_it(search: Search) -> None:
    [(phone, customer_id)] = rows(search, NUMBERS["phone"].replace("limit 10", "limit 1"))
    assert first(search, f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}") == customer_id
    assert customer_id in [one.master_id for one in search.find(f"{phone[5:8]}-{phone[8:]}").candidates]
    [(tracking, buyer)] = rows(search, NUMBERS["tracking_number"].replace("limit 10", "limit 1"))
    assert first(search, f" {tracking[:4]} {tracking[4:].lower()} ") == buyer
    [(email, owner)] = rows(search, NUMBERS["email"].replace("limit 10", "limit 1"))
    assert first(search, email.upper()) == owner
    assert first(search, email.split("@")[0] + "@gmial.con") == owner


def test_a_person_by_address(search: Search) -> None:
    homes = rows(
        search,
        """select min(customer_id), min(line1), min(city) from truth.master.customer_address
        join truth.master.address using (address_id)
        where is_home and line2 is null and regexp_matches(line1, '^[0-9]+ [A-Z][a-z]{4,} (Street|Avenue|Road)$')
        group by address_id having count(*) = 1 order by 1 limit 8""",
    )
    for customer_id, line, city in homes:
        short = line.replace("Street", "St").replace("Avenue", "ave").replace("Road", "rd.")
        number, street, kind = line.split()
        misspelt = f"{number} {street[:2]}{street[3]}{street[2]}{street[4:]} {kind}"
        for text in (f"{line}, {city}", f"{short} {city}", misspelt):
            assert customer_id in [one.master_id for one in search.find(text).candidates], text


def test_an_old_id_leads_to_the_one_in_use_and_a_retired_one_says_so(project: Project, tmp_path: Path) -> None:
    """Redirects as the nights leave them; the index is made of them by the project's own SELECTs."""
    night = tmp_path / "working.duckdb"
    night.write_bytes(archive.working_file(project.output).read_bytes())
    warehouse = Warehouse(night)
    load_macros(warehouse)
    set_run_values(warehouse, "r1", project.settings.run_date)  # type: ignore[arg-type]
    living = warehouse.value("select min(customer_id) from mastered.customer")
    warehouse.execute(
        """insert into mastered.redirects values ('customer', 'CUS-OLD0000000000001', ?, ?),
        ('customer', 'CUS-GONE000000000001', null, 'CUS-GONE000000000001')""",
        [living, living],
    )
    file = tmp_path / "truth.duckdb"
    warehouse.attach(file, "release", read_only=False)
    warehouse.execute("create schema release.identity")
    for table, (view, order) in build_lookup(warehouse, project).items():
        warehouse.execute(f"create table release.{table} as select * from {view} order by {order}")
    warehouse.close()
    with Search(project, file) as search:
        [old] = search.find("cus-old0000000000001").candidates
        assert (old.master_id, old.reasons[0].kind) == (living, "old_customer_id")
        assert old.reasons[0].shown == f"CUS-OLD0000000000001, now {living}"
        assert old.card is not None
        [gone] = search.find("CUS-GONE000000000001").candidates
        assert (gone.master_id, gone.card) == ("CUS-GONE000000000001", None)


def test_the_card_shows_what_the_tables_say(search: Search) -> None:
    [(customer_id, order_id)] = rows(
        search,
        """select customer_id, order_id from truth.master.order_service where status = 'open'
        and customer_id in (select master_id from truth.quality.issue_rows where entity = 'customer')
        and customer_id in (select customer_id from truth.master.interactions) order by 1, 2 limit 1""",
    )
    card = search.find(customer_id).candidates[0].card
    assert card is not None
    [(name, tier)] = rows(
        search, f"select display_name, tier from truth.master.customer_360 where customer_id = '{customer_id}'"
    )
    assert (card["name"], card["tier"]) == (name, tier)
    assert order_id in [one["order_id"] for one in card["open_orders"]]
    wrong = rows(search, f"select code from truth.quality.issue_rows where master_id = '{customer_id}'")
    assert sorted(one["code"] for one in card["irregularities"]) == sorted(code for (code,) in wrong)
    moments = [one["happened_at"] for one in card["last_contacts"]]
    assert moments == sorted(moments, reverse=True)
    assert 0 < len(moments) <= 8


def test_namesakes_are_told(search: Search) -> None:
    [(name, ids)] = rows(
        search,
        """select display_name, list(customer_id order by customer_id) from truth.master.customer
        where customer_type = 'person' and middle_name is null and suffix is null group by all
        having count(*) between 2 and 4 order by count(*) desc, 1 limit 1""",
    )
    answer = search.find(ids[0])
    assert [one.master_id for one in answer.candidates] == [ids[0]]
    assert set(ids[1:]) <= {one.master_id for one in answer.namesakes}, name
    assert ids[0] not in {one.master_id for one in answer.namesakes}
    assert answer.namesakes_found >= len(ids) - 1


HOSTILE = [
    "'; drop table truth.identity.lookup_keys; --",
    '"', "'", "%", "_", "\\", "$1", "?", "*", "(((", "[a-z]+", "\u202e\u200b", "𝕵𝖔𝖍𝖓", "ﷺ", "\U0010ffff" * 3,
    "a" * 400, "é" * 400, "1" * 400, "12 " * 130, "x@" * 100, " ".join("abcdefghijklmnopqrstuvwxyz"), "null", "@",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_finds_what_it_finds_and_breaks_nothing(search: Search, text: str) -> None:
    keys = search.warehouse.count("truth.identity.lookup_keys")
    answer = search.find(text)
    assert answer.text == text
    assert all(0 < one.score <= 1 and one.reasons for one in answer.candidates)
    assert search.warehouse.count("truth.identity.lookup_keys") == keys > 10_000


def test_nothing_found_suggests_what_else_to_try(sample: Path, search: Search) -> None:
    answer = call("lookup", "--project", sample, "Qqqqxw")
    assert answer.code == 0
    assert "Nobody is found by Qqqqxw" in answer.text
    assert "tracking number" in answer.text
    near = search.find("smxyqth")
    assert near.candidates == ()
    assert "smith" in near.suggestions


def test_the_command_shows_a_card_and_json_has_its_shape(sample: Path, people: list[dict[str, Any]]) -> None:
    one = people[0]
    told = call("lookup", "--project", sample, *one["display_name"].split())
    assert told.code == 0
    for part in (one["display_name"], one["customer_id"], "found by name", "likes to be called", "last contacts"):
        assert part in told.text
    document = json.loads(call("lookup", "--project", sample, "--json", "--limit", "2", one["last_name"]).text)
    assert list(document) == [
        *("text", "candidates", "found", "tried", "namesakes", "namesakes_found", "suggestions"),
    ]
    assert len(document["candidates"]) <= 2 <= max(2, document["found"])
    best = document["candidates"][0]
    assert list(best) == ["master_id", "score", "reasons", "card"]
    assert list(best["reasons"][0]) == ["kind", "title", "shown", "score"]
    assert best["card"]["customer_id"] == best["master_id"]


@pytest.mark.parametrize(("text", "code"), [("", 2), ("  ", 2), ("x" * 401, 2), ("x" * 400, 0)], ids=range(4))
def test_empty_and_endless_text_is_wrong_usage(sample: Path, text: str, code: int) -> None:
    assert call("lookup", "--project", sample, text).code == code


def test_it_is_read_while_a_run_writes(sample: Path, people: list[dict[str, Any]]) -> None:
    """Another process holds the working file for writing and the run's lock, and a reader holds the published file."""
    holder = """
import sys
from pathlib import Path
from dq_pipeline import archive
from dq_pipeline.warehouse import Warehouse
output = Path(sys.argv[1])
with archive.lock(output):
    working = Warehouse(output / "working.duckdb")
    reader = Warehouse(archive.published_file(output), read_only=True)
    print("held", flush=True)
    sys.stdin.readline()
"""
    command = [sys.executable, "-c", holder, str(sample / "output")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            assert archive.is_locked(sample / "output")
            answer = call("lookup", "--project", sample, people[0]["display_name"])
        finally:
            process.communicate("\n")
    assert answer.code == 0
    assert people[0]["customer_id"] in answer.text


def test_a_search_keeps_its_night_while_another_is_published(
    project: Project, people: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The pointer moves to another night; what is open answers on, and what is opened now reads the new one."""
    file = archive.published_file(project.output)
    assert file is not None
    output = tmp_path / "output"
    for night in ("one", "two"):
        folder = output / "runs" / night
        folder.mkdir(parents=True)
        (folder / "truth.duckdb").write_bytes(file.read_bytes())
    archive.point_to(output, output / "runs/one")
    opened = archive.published_file(output)
    assert opened is not None
    with Search(project, opened) as reader:
        writer = Warehouse(output / "runs/two/truth.duckdb")
        writer.execute(f"delete from {KEYS}")
        writer.close()
        archive.point_to(output, output / "runs/two")
        assert first(reader, people[0]["display_name"]) == people[0]["customer_id"]
        now = archive.published_file(output)
        assert now is not None
        with Search(project, now) as later:
            assert first(later, people[0]["display_name"]) is None


def test_it_cannot_write(search: Search) -> None:
    with pytest.raises(StageError, match="read-only"):
        search.warehouse.execute(f"delete from truth.{CARDS}")


def test_what_is_missing_is_said(sample: Path, project: Project, tmp_path: Path) -> None:
    bare = project.model_copy(update={"settings": project.settings.model_copy(update={"lookup": None})})
    file = archive.published_file(project.output)
    assert file is not None
    with pytest.raises(ConfigError, match="does not say what is looked up"):
        Search(bare, file)
    empty = tmp_path / "old.duckdb"
    Warehouse(empty).close()
    with pytest.raises(ConfigError, match="no index"):
        Search(project, empty)
    reader = published(sample)
    assert reader.count(CARDS) == reader.count("master.customer")
    reader.close()


def test_a_project_of_ones_own_has_what_its_file_has(tmp_path: Path) -> None:
    people = [person(number) for number in range(200)]
    file = write(tmp_path / "people.csv", list(people[0]), people)
    own = init(tmp_path / "own", "--source", f"people={file}")
    assert call("run", "--project", own, "--quiet").code == 0
    one = people[17]
    for text in (
        one["id"],
        one["email"],
        one["phone"],
        f"{one['last']} {one['first']}",
        f"{one['street']}, {one['city']}",
    ):
        found = json.loads(call("lookup", "--project", own, "--json", "--limit", "50", text).text)["candidates"]
        assert one["email"] in [candidate["card"]["email"] for candidate in found], text
