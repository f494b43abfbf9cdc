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

from tools.sample.__main__ import generate
from tools.sample.people import invent
from tools.sample.places import AREA_CODES

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
SOURCES = {
    "crm_customers": "customer_id", "crm_interactions": "interaction_id", "orders": "order_id",
    "order_lines": "order_id, line_no", "inventory": "sku, location", "shipments": "shipment_id",
    "shipment_lines": "shipment_id, line_no",
}  # fmt: skip
STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
)
MACROS = r"""
create macro as_of() as date '2026-11-20';
create macro stamp(x) as try_strptime(x, '%Y-%m-%d %H:%M:%S');
create macro num(x) as try_cast(x as decimal(18, 4));
create macro is_us(x) as x in ('US', 'USA');
create macro bad_email(x) as not regexp_full_match(x, '[^@\s]+@[^@\s]+\.[A-Za-z]{2,}');
create macro number_part(x) as regexp_replace(x, '\s*(x|ext\.?)\s*\d+$', '');
create macro digits(x) as regexp_replace(number_part(x), '\D', '', 'g');
create macro bad_phone(x) as regexp_matches(number_part(x), '[A-Za-z]')
    or regexp_full_match(digits(x), '0+|1+|2+|3+|4+|5+|6+|7+|8+|9+')
    or not (length(digits(x)) = 10 or (length(digits(x)) = 11 and digits(x)[1] = '1')
            or (x[1] = '+' and length(digits(x)) between 8 and 15));
create macro birth(x) as coalesce(try_strptime(x, '%Y-%m-%d'), try_strptime(x, '%m/%d/%Y'), try_strptime(x, '%d/%m/%Y'),
                                  try_strptime(x, '%d-%b-%Y'))::date;
create macro is_placeholder(x) as coalesce(upper(trim(x)) in ('N/A', 'UNKNOWN', 'TEST', 'XXX'), false);
create view lines as
    select * from order_lines where num(quantity) > 0 and num(unit_price) >= 0
    qualify row_number() over (partition by order_id, line_no order by line_number) = 1;
create view parcels as
    select * from shipments where shipment_id is not null
    qualify row_number() over (partition by shipment_id order by line_number) = 1;
create view packed as
    select * from shipment_lines where num(quantity) > 0
    qualify row_number() over (partition by shipment_id, line_no order by line_number) = 1;
create view known_orders as
    select * from orders where order_id is not null
    qualify row_number() over (partition by order_id order by line_number) = 1;
create view prices as select sku, max(num(list_price)) as price from inventory where num(list_price) > 0 group by sku;
"""
# Each condition is read as: select line_number from <source> t where <condition>
CONDITIONS = {
    "crm_customers": {
        "missing_key": "customer_id is null",
        "bad_customer_type": "customer_type not in ('person', 'organization')",
        "missing_name": "coalesce(full_name, first_name, last_name) is null",
        "bad_created_at": "created_at is not null and stamp(created_at) is null",
        "future_created_at": "stamp(created_at)::date > as_of()",
        "updated_before_created": "stamp(updated_at) < stamp(created_at)",
        "bad_email": "bad_email(email)",
        "bad_phone": "bad_phone(phone)",
        "bad_birth_date": """date_of_birth is not null and (birth(date_of_birth) is null
            or birth(date_of_birth) > as_of() or birth(date_of_birth) < date '1900-01-02')""",
        "placeholder_value": "is_placeholder(full_name) or is_placeholder(first_name) or is_placeholder(last_name)",
        "bad_state": f"is_us(country) and not list_contains(string_split('{STATES}', ' '), state)",
        "bad_postal_code": r"is_us(country) and not regexp_full_match(postal_code, '\d{5}(-\d{4})?')",
        "missing_contact": "email is null and phone is null",
    },
    "crm_interactions": {
        "missing_key": "interaction_id is null",
        "unknown_touchpoint": "touchpoint not in ('web', 'phone', 'store', 'warehouse', 'delivery', 'support')",
        "bad_satisfaction": "satisfaction not in ('1', '2', '3', '4', '5')",
        "future_occurred_at": "stamp(occurred_at)::date > as_of()",
        "unknown_customer": "not exists (from crm_customers c where c.customer_id = t.customer_id)",
    },
    "orders": {
        "missing_key": "order_id is null",
        "bad_status": "status not in ('open', 'shipped', 'delivered', 'cancelled')",
        "bad_total": "coalesce(num(order_total) < 0, true)",
        "bad_ordered_at": "stamp(ordered_at) is null",
        "promised_before_ordered": "stamp(promised_at) < stamp(ordered_at)",
        "missing_ship_to": "ship_to_line1 is null",
        "bad_email": "bad_email(email)",
        "bad_phone": "bad_phone(phone)",
        "unknown_customer": """customer_id is not null
            and not exists (from crm_customers c where c.customer_id = t.customer_id)""",
        "order_total_mismatch": """num(order_total) >= 0 and abs(num(order_total)
            - (select sum(num(quantity) * num(unit_price)) from lines l where l.order_id = t.order_id)) > 0.01""",
        "order_without_lines": """order_id is not null
            and not exists (from order_lines l where l.order_id = t.order_id)""",
        "past_promise_unshipped": """status = 'open' and stamp(promised_at) < as_of()
            and not exists (from shipments s where s.order_id = t.order_id)""",
    },
    "order_lines": {
        "bad_quantity": "coalesce(num(quantity) <= 0, true)",
        "bad_price": "coalesce(num(unit_price) < 0, true)",
        "missing_sku": "sku is null",
        "orphan_line": "not exists (from orders o where o.order_id = t.order_id)",
        "unknown_sku": "sku is not null and not exists (from inventory i where i.sku = t.sku)",
        "price_not_list": """num(unit_price) >= 0
            and exists (from prices p where p.sku = t.sku and abs(p.price - num(t.unit_price)) > 0.01)""",
    },
    "inventory": {
        "bad_number": "num(on_hand) is null",
        "bad_list_price": "coalesce(num(list_price) <= 0, true)",
        "negative_stock": "num(on_hand) < 0",
        "over_allocated": "num(on_hand) >= 0 and num(allocated) > num(on_hand)",
        "stock_roll_forward": "num(opening_on_hand) + num(received) - num(shipped) + num(adjusted) <> num(on_hand)",
    },
    "shipments": {
        "missing_key": "shipment_id is null",
        "bad_status": "status not in ('in_transit', 'delivered', 'lost')",
        "bad_shipped_at": "stamp(shipped_at) is null",
        "shipment_without_order": "not exists (from orders o where o.order_id = t.order_id)",
        "shipped_before_ordered": """exists (from known_orders o where o.order_id = t.order_id
            and stamp(t.shipped_at) < stamp(o.ordered_at))""",
        "delivered_before_shipped": "stamp(delivered_at) < stamp(shipped_at)",
        "late_delivery": """exists (from known_orders o where o.order_id = t.order_id
            and stamp(t.delivered_at)::date > stamp(o.promised_at)::date)""",
        "delivered_order_open": """status = 'delivered'
            and exists (from known_orders o where o.order_id = t.order_id and o.status = 'open')""",
        "ship_to_mismatch": r"""exists (from known_orders o where o.order_id = t.order_id
            and o.ship_to_line1 is not null and (left(o.ship_to_postal_code, 5) <> left(t.postal_code, 5)
                 or regexp_extract(o.ship_to_line1, '^\d+') <> regexp_extract(t.line1, '^\d+')))""",
        "tracking_reused": """exists (from shipments s where s.tracking_number = t.tracking_number
            and s.shipment_id <> t.shipment_id)""",
    },
    "shipment_lines": {
        "bad_quantity": "coalesce(num(quantity) <= 0, true)",
        "missing_sku": "sku is null",
        "shipped_sku_not_ordered": """sku is not null
            and not exists (from order_lines l where l.order_id = t.order_id and l.sku = t.sku)""",
        "shipped_quantity_mismatch": """(order_id, line_no) in (
            select (l.order_id, l.line_no) from lines l
            join known_orders o on o.order_id = l.order_id
            join packed p on p.order_id = l.order_id and p.line_no = l.line_no
            group by l.order_id, l.line_no, l.quantity, o.status
            having sum(num(p.quantity)) > num(l.quantity)
                or (o.status = 'delivered' and sum(num(p.quantity)) < num(l.quantity)))""",
    },
}  # fmt: skip
CODES = [(source, code) for source, codes in CONDITIONS.items() for code in [*codes, "repeated_key"]]


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
    assert 3 <= len(planted(db, source, code)) <= 20


@pytest.mark.parametrize(("source", "code"), CODES)
def test_a_small_sample_has_each_defect_too(small: Path, source: str, code: str) -> None:
    db = database(small)
    assert found(db, source, code) == planted(db, source, code)
    assert len(planted(db, source, code)) >= 3


def test_planted_codes_are_the_known_ones() -> None:
    rows = database(SAMPLE).execute("select distinct source, code from truth_planted").fetchall()
    assert set(rows) == set(CODES)


def test_same_seed_same_bytes(small: Path, tmp_path: Path) -> None:
    generate(tmp_path, 400, 800, 7, "csv", date(2026, 11, 20))
    files = sorted(path.relative_to(small) for path in small.rglob("*.csv"))
    assert len(files) == 11
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
