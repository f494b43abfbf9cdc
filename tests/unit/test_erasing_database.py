"""A published file without a person: what goes, what stays without them, and what must not be touched."""

from pathlib import Path

import duckdb
import pytest

from dq_pipeline.config.erasing import Erasure
from dq_pipeline.erasing.database import Purged, purge_database
from dq_pipeline.erasing.people import Erased
from dq_pipeline.errors import StageError

RULES = Erasure(kept={"master.orders": ("customer_id", "place_id", "ship_to_name")})
ALMA = Erased(
    erasure_id="e",
    started_at="2026-11-23T00:00:00+00:00",
    entity="customer",
    masters=("CUS-A",),
    records=frozenset({"crm:1", "orders:1", "crm:9"}),
    rows={},
    values=frozenset({"Alma Reyes", "alma.reyes@gmail.com"}),
    shared=0,
)
# Table -> its columns and rows, as SQL.
TABLES = {
    "master.customer (customer_id, display_name, household_id, address_id)": [
        "('CUS-A', 'Alma Reyes', 'HHD-1', 'ADR-1')",
        "('CUS-B', 'Bo Reyes', 'HHD-2', 'ADR-2')",
        "('CUS-C', 'Cleo Diaz', 'HHD-2', 'ADR-2')",
    ],
    "master.household (household_id, surname, address_id)": [
        "('HHD-1', 'Reyes', 'ADR-1')",
        "('HHD-2', 'Diaz', 'ADR-2')",
    ],
    "master.address (address_id, line1)": ["('ADR-1', '412 Willow Rd')", "('ADR-2', '9 Elm St')", "('ADR-3', '1 Oak')"],
    "master.orders (order_id, customer_id, place_id, ship_to_name, total)": [
        "('O-2', 'CUS-B', 'ADR-2', 'Alma Reyes', 7)",
        "('O-1', 'CUS-A', 'ADR-1', 'Alma Reyes', 5)",
        "('O-3', 'CUS-A', 'ADR-2', 'Cleo Diaz', 3)",
    ],
    "master.order_lines (order_id, pieces)": ["('O-1', 2)", "('O-2', 1)"],
    "identity.xref (entity, record_id, master_id)": [
        "('customer', 'crm:1', 'CUS-A')",
        "('customer', 'orders:1', 'CUS-A')",
        "('address', 'crm:1', 'ADR-1')",
        "('customer', 'crm:2', 'CUS-B')",
        "('address', 'crm:2', 'ADR-2')",
    ],
    "identity.id_history (entity, master_id, event, into_master_id, run_id, run_date)": [
        "('customer', 'CUS-A', 'created', null::varchar, 'r1', date '2026-11-19')",
        "('customer', 'CUS-B', 'created', null, 'r1', date '2026-11-19')",
    ],
    "identity.provenance (master_id, losing_values)": [
        "('CUS-A', ['x'])",
        "('CUS-B', ['alma.reyes@gmail.com', 'bo@x.org'])",
    ],
    "identity.cards (customer_id, household, said, counted)": [
        "('CUS-B', [{'name': 'Alma', 'customer_id': 'CUS-A'}, {'name': 'Cleo', 'customer_id': 'CUS-C'}], "
        "map {'Alma Reyes': 1}, map {'other': 2})",
    ],
    "quality.quarantine (record_id, raw)": [
        "('crm:9', 'alma reyes, 412 Willow')",
        "('crm:8', 'ALMA REYES called Bo')",
        "('crm:7', 'Bo')",
    ],
}
BESIDE = """create view master.totals as select sum(total) as total from master.orders;
comment on table master.orders is 'One row is an order.'; comment on column master.orders.total is 'money';
comment on view master.totals is 'All of it.'"""


@pytest.fixture
def night(tmp_path: Path) -> Path:
    path = tmp_path / "truth.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as t (storage_version 'v1.2.0'); use t")
        for schema in ("master", "identity", "quality"):
            connection.execute(f"create schema {schema}")
        for table, values in TABLES.items():
            name, columns = table.split(" ", 1)
            connection.execute(f"create table {name} as select * from (values {', '.join(values)}) as t {columns}")
        connection.execute(BESIDE)
        # What was deleted stays in the bytes of a file.
        connection.execute("insert into master.order_lines values ('alma.reyes@gmail.com', 0)")
        connection.execute("checkpoint t")
        connection.execute("delete from master.order_lines where pieces = 0; checkpoint t")
    return path


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(f"from {table}").fetchall()


def test_the_person_goes_and_nobody_else(night: Path) -> None:
    night.chmod(0o640)
    assert purge_database(night, ALMA, RULES) == Purged(deleted=8, blanked=2, rewritten=4)
    assert rows(night, "master.customer") == [
        ("CUS-B", "Bo Reyes", "HHD-2", "ADR-2"),
        ("CUS-C", "Cleo Diaz", "HHD-2", "ADR-2"),
    ]
    assert rows(night, "master.household") == [("HHD-2", "Diaz", "ADR-2")]
    assert rows(night, "master.address") == [("ADR-2", "9 Elm St"), ("ADR-3", "1 Oak")]
    assert rows(night, "master.orders") == [
        ("O-2", "CUS-B", "ADR-2", "[erased]", 7),
        ("O-1", None, None, None, 5),
        ("O-3", None, None, None, 3),
    ]
    assert rows(night, "master.order_lines") == [("O-1", 2), ("O-2", 1)]
    assert rows(night, "identity.xref") == [("customer", "crm:2", "CUS-B"), ("address", "crm:2", "ADR-2")]
    assert rows(night, "identity.provenance") == [("CUS-B", ["bo@x.org"])]
    assert rows(night, "identity.cards") == [("CUS-B", [{"name": "Cleo", "customer_id": "CUS-C"}], None, {"other": 2})]
    assert rows(night, "quality.quarantine") == [("crm:8", "[erased] called Bo"), ("crm:7", "Bo")]
    assert [row[:4] for row in rows(night, "identity.id_history")] == [
        ("customer", "CUS-A", "created", None),
        ("customer", "CUS-B", "created", None),
        ("customer", "CUS-A", "retired", None),
    ]
    assert not [word for word in (b"alma", b"willow") if word in night.read_bytes().lower()]
    assert night.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in night.parent.iterdir()] == ["truth.duckdb"]
    assert purge_database(night, ALMA, RULES) == Purged()


def test_comments_views_and_totals_stay(night: Path) -> None:
    version = night.read_bytes()[12:20]
    purge_database(night, ALMA, RULES)
    assert rows(night, "master.totals") == [(15,)]
    query = "(select comment from duckdb_tables() where comment is not null union all "
    query += "select comment from duckdb_columns() where comment is not null union all "
    query += "select comment from duckdb_views() where comment is not null)"
    assert [comment for (comment,) in rows(night, query)] == ["One row is an order.", "money", "All of it."]
    # The version of its form, by which older clients know whether they can read it.
    assert night.read_bytes()[12:20] == version


def test_looking_changes_nothing_and_a_reader_reads_on(night: Path) -> None:
    before = night.read_bytes()
    assert purge_database(night, ALMA, RULES, write=False) == Purged(deleted=8, blanked=2, rewritten=4)
    assert night.read_bytes() == before
    with duckdb.connect(str(night), read_only=True) as reader:
        purge_database(night, ALMA, RULES)
        assert reader.execute("select count(*) from master.customer").fetchall() == [(3,)]
    assert len(rows(night, "master.customer")) == 2


def test_a_file_that_is_no_database_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "truth.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(StageError, match="cannot be opened"):
        purge_database(tmp_path / "truth.duckdb", ALMA, RULES)
    assert (tmp_path / "truth.duckdb").read_bytes() == b"no database" * 1000
