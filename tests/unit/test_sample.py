"""The sample generator: same seed same bytes, and planted.csv says exactly what independent SQL finds."""

import csv
import re
import sys
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tools are no part of the installed package

from tests.unit.sample_conditions import CONDITIONS, MACROS, SOURCES
from tools.sample.__main__ import generate
from tools.sample.people import invent
from tools.sample.places import AREA_CODES

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
CODES = [(source, code) for source, codes in CONDITIONS.items() for code in [*codes, "repeated_key"]]
CODES.remove(("catalog", "repeated_key"))
# True only of who is who: tests/integration/test_planted.py asks the truth.
OF_IDENTITY = [
    *(("crm_customers", f"contradicting_{field}") for field in ("email", "phone", "name", "address")),
    ("orders", "confusable_customer"), ("shipments", "namesake_delivery"), ("shipments", "parcels_to_many_places"),
]  # fmt: skip
# An article of which nothing is left is sold often.
MANY = {"sold_out_of_stock": 100, "parcels_to_many_places": 24}


def read(path: Path) -> pa.Table:
    """A csv file as text, blanks null, with the physical line of each row."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = next(lines)
        rows = [[*(value or None for value in row), lines.line_num] for row in lines]
    return pa.table(dict(zip([*header, "line_number"], map(list, zip(*rows, strict=True)), strict=True)))


@cache
def database(folder: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    for name in [*SOURCES, "truth/customers", "truth/addresses", "truth/namesakes", "truth/planted"]:
        table = read(folder / f"{name}.csv")
        if name == "truth/planted":
            table = table.drop_columns("line_number").append_column("line_number", read_lines(folder))
        db.register("loaded", table)
        db.execute(f"create table {name.replace('/', '_')} as from loaded")
        db.unregister("loaded")
    db.execute(MACROS)
    return db


def read_lines(folder: Path) -> pa.Array:
    with (folder / "truth" / "planted.csv").open(encoding="utf-8", newline="") as file:
        return pa.array([int(row["line_number"]) for row in csv.DictReader(file)])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    generate(folder, 400, 800, 7, "csv", date(2026, 11, 20))
    return folder


def found(db: duckdb.DuckDBPyConnection, source: str, code: str) -> set[tuple[int, str]]:
    key = SOURCES[source]
    if code == "repeated_key":
        newest = "stamp(updated_at) desc," if source == "crm_customers" else ""
        rank = f"row_number() over (partition by {key} order by {newest} line_number)"
        test = f"{key.split(', ')[0]} is not null qualify {rank} > 1"
    else:
        test = CONDITIONS[source][code]
    complete = " and ".join(f"{part} is not null" for part in key.split(", "))
    shown = f"case when {complete} then concat_ws('/', {key}) else '' end"
    return set(db.execute(f"select line_number, {shown} from {source} t where {test}").fetchall())


def planted(db: duckdb.DuckDBPyConnection, source: str, code: str) -> set[tuple[int, str]]:
    rows = db.execute(
        "select line_number, coalesce(source_key, '') from truth_planted where source = ? and code = ?", [source, code]
    )
    return set(rows.fetchall())


@pytest.mark.parametrize(("source", "code"), CODES)
def test_sql_finds_what_was_planted_and_nothing_else(source: str, code: str) -> None:
    db = database(SAMPLE)
    assert found(db, source, code) == planted(db, source, code)
    assert 3 <= len(planted(db, source, code)) <= MANY.get(code, 20)


@pytest.mark.parametrize(("source", "code"), CODES)
def test_a_small_sample_has_each_defect_too(small: Path, source: str, code: str) -> None:
    db = database(small)
    assert found(db, source, code) == planted(db, source, code)
    assert len(planted(db, source, code)) >= 3


def test_planted_codes_are_the_known_ones() -> None:
    rows = database(SAMPLE).execute("select distinct source, code from truth_planted").fetchall()
    assert set(rows) == {*CODES, *OF_IDENTITY}


@pytest.mark.parametrize(("source", "code"), OF_IDENTITY)
def test_defects_of_identity_are_planted_on_rows_that_are_there(small: Path, source: str, code: str) -> None:
    for db in (database(SAMPLE), database(small)):
        rows = planted(db, source, code)
        there = db.execute(f"select line_number, {SOURCES[source]} from {source}").fetchall()
        assert rows <= set(there)
        assert 3 <= len(rows) <= MANY.get(code, 20)


def test_same_seed_same_bytes(small: Path, tmp_path: Path) -> None:
    generate(tmp_path, 400, 800, 7, "csv", date(2026, 11, 20))
    files = sorted(path.relative_to(small) for path in small.rglob("*.csv"))
    assert len(files) == 12
    assert all((small / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_another_seed_other_bytes(small: Path, tmp_path: Path) -> None:
    generate(tmp_path, 400, 800, 8, "csv", date(2026, 11, 20))
    assert (small / "orders.csv").read_bytes() != (tmp_path / "orders.csv").read_bytes()


def test_the_committed_sample_is_what_the_defaults_write(tmp_path: Path) -> None:
    generate(tmp_path, 3000, 6000, 42, "csv", date(2026, 11, 20))
    names = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv")]
    assert [name for name in names if (tmp_path / name).read_bytes() != (SAMPLE / name).read_bytes()] == []
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 5_000_000


def test_the_readme_counts_the_rows() -> None:
    told = dict(re.findall(r"\| (\S+\.csv) \|.*\| ([\d,]+) \|", (SAMPLE / "README.md").read_text(encoding="utf-8")))
    assert told == {str(path.relative_to(SAMPLE)): f"{read(path).num_rows:,}" for path in SAMPLE.rglob("*.csv")}


def test_parquet_holds_the_same_rows(small: Path, tmp_path: Path) -> None:
    generate(tmp_path, 400, 800, 7, "parquet", date(2026, 11, 20))
    for name in SOURCES:
        rows = pq.read_table(tmp_path / f"{name}.parquet").to_pylist()
        assert rows == read(small / f"{name}.csv").drop_columns("line_number").to_pylist(), name


@pytest.mark.parametrize("source", ["crm_customers", "orders", "shipments"])
def test_the_truth_lists_each_delivered_key_once(source: str) -> None:
    key = SOURCES[source]
    delivered = f"select distinct '{source}:' || {key} from {source} where {key} is not null"
    db = database(SAMPLE)
    listed = db.execute(f"select record_id from truth_customers where record_id like '{source}:%'").fetchall()
    assert sorted(listed) == sorted(db.execute(delivered).fetchall())
    line1 = {"crm_customers": "address_line1", "orders": "ship_to_line1", "shipments": "line1"}[source]
    listed = db.execute(f"select record_id from truth_addresses where record_id like '{source}:%'").fetchall()
    assert sorted(listed) == sorted(db.execute(f"{delivered} and {line1} is not null").fetchall())


def test_namesakes_are_different_people() -> None:
    rows = (
        database(SAMPLE)
        .execute(
            """select kind, a.person_id <> b.person_id from truth_namesakes n
        join truth_customers a on a.record_id = n.record_id_a join truth_customers b on b.record_id = n.record_id_b"""
        )
        .fetchall()
    )
    assert len(rows) == database(SAMPLE).execute("select count(*) from truth_namesakes").fetchall()[0][0]
    assert all(differ for _, differ in rows)
    least = {"other_town": 25, "same_town": 10, "twins": 10, "jr_sr": 10, "spouses": 25}
    counts = Counter(kind for kind, _ in rows)
    assert set(counts) == set(least)
    assert all(counts[kind] >= number for kind, number in least.items())


def test_namesakes_of_other_places_share_a_name_and_nothing_else() -> None:
    alike = (
        database(SAMPLE)
        .execute(
            """select count(*) filter (coalesce(lower(a.last_name) = lower(b.last_name), true)),
            count(*) filter (a.email = b.email or digits(a.phone) = digits(b.phone)
                or birth(a.date_of_birth) = birth(b.date_of_birth) or a.address_line1 = b.address_line1), count(*)
        from truth_namesakes n
        join crm_customers a on 'crm_customers:' || a.customer_id = record_id_a
        join crm_customers b on 'crm_customers:' || b.customer_id = record_id_b
        where kind in ('other_town', 'same_town')"""
        )
        .fetchall()
    )
    named, shared, pairs = alike[0]
    assert named > 0.8 * pairs
    assert shared == 0


def test_a_duplicate_shares_a_strong_fact_with_another_record_of_its_person() -> None:
    rows = (
        database(SAMPLE)
        .execute(
            """with r as (select c.*, person_id, place_id from crm_customers c
            join truth_customers t on t.record_id = 'crm_customers:' || customer_id
            left join truth_addresses p on p.record_id = 'crm_customers:' || customer_id)
        select avg(is_fair::int), count(*) from (select a.line_number, bool_or(lower(a.email) = lower(b.email)
            or right(digits(a.phone), 10) = right(digits(b.phone), 10)
            or birth(a.date_of_birth) = birth(b.date_of_birth) or a.place_id = b.place_id) as is_fair
            from r a join r b on b.person_id = a.person_id and b.line_number <> a.line_number group by a.line_number)"""
        )
        .fetchall()
    )
    share, records = rows[0]
    assert share > 0.97
    assert records > 800


def test_people_have_valid_phones_and_no_strangers_e_mail() -> None:
    people = invent(42, 2000, 500, 1_795_132_800)
    codes = {code for state in AREA_CODES.values() for code in state.split()}
    homes: dict[str, set[int]] = {}
    for mail, home in zip(people.email.to_pylist(), people.household.tolist(), strict=True):
        homes.setdefault(mail, set()).add(home)
    assert all(len(households) == 1 for households in homes.values())
    for phone in [str(n) for n in people.phone.tolist() if n < 10**10]:
        assert phone[:3] in codes
        assert phone[3] in "23456789"
        assert phone[4:6] != "11"
        assert phone[3:6] != "555"
