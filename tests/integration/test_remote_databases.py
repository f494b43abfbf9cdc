"""Extracts by a query to real databases: every value, one moment, one breach that says why; and never a secret."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dq_pipeline.errors import Breach
from dq_pipeline.warehouse import Warehouse
from tests.database_servers import ROWS, Database, mariadb, postgres
from tests.remote_case import fetched, gate
from tests.servers import SECRET, wire

QUERY = "select id, name, spent, since, note from customers order by id"
SERVERS = {"postgresql": postgres, "mysql": mariadb}


@pytest.fixture(scope="module", params=SERVERS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQ_TEST_PASSWORD", SECRET)
        patch.setenv("DQ_TEST_WRONG", "wr0ng-and-secret")
        with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as made:
            yield made


def location(database: Database, query: str = QUERY, port: int | None = None, **access: str) -> dict[str, Any]:
    return {"database": {"url": database.at(port), "query": query}, "access": access}


def rows(found: Any) -> list[tuple[str | None, ...]]:
    """The rows as landing would have them: text."""
    assert not isinstance(found, Breach), found
    (file,) = found
    reader = Warehouse()
    select = ", ".join(f'cast("{name}" as varchar)' for name in pq.read_schema(file.path).names)
    try:
        return reader.rows(f"select {select} from read_parquet('{file.path}')")
    finally:
        reader.close()


def test_every_row_and_value_arrives(database: Database, tmp_path: Path) -> None:
    found = fetched(tmp_path, location(database))
    got = rows(found)
    assert len(got) == ROWS
    assert got[:2] == [("1", "Zoë O'Brien", "1234.50", "2020-02-29", None), ("2", "", "0.10", "1999-12-31", '"')]
    assert got[-1][:2] == (str(ROWS), f"name {ROWS}")
    (file,) = found  # type: ignore[misc]
    assert file.name == "s.parquet"
    assert (
        file.place == f"{database.kind}://127.0.0.1:{database.port}/{'postgres' if 'post' in database.kind else 'shop'}"
    )
    assert SECRET not in str(found)
    # The same rows are the same snapshot.
    assert fetched(tmp_path, location(database)) == found


def test_no_row_is_an_extract_too_and_the_run_date_is_filled_in(database: Database, tmp_path: Path) -> None:
    none = fetched(tmp_path, location(database, "select id, name from customers where since > '{run_date}'"))
    assert rows(none) == []
    query = "select count(*) as id, max(since) as v from customers where since < '{run_date:%Y-%m-%d}'"
    assert [row[0] for row in rows(fetched(tmp_path, location(database, query)))] == [str(ROWS)]


def test_wrong_credentials_are_refused_at_once(database: Database, tmp_path: Path) -> None:
    began = time.monotonic()
    found = fetched(tmp_path, location(database, password="${DQ_TEST_WRONG}"), tries=10)
    assert gate(found)[0] == "unreadable_extract"
    assert "does not accept this user or password" in gate(found)[1]
    assert "location.access" in found.remedy  # type: ignore[union-attr]
    assert "wr0ng" not in str(found)
    assert time.monotonic() - began < 30


def test_a_database_that_is_not_there_is_missing(database: Database, tmp_path: Path) -> None:
    other = location(database)
    other["database"]["url"] = other["database"]["url"].rpartition("/")[0] + "/nowhere"
    assert gate(fetched(tmp_path, other, tries=1))[0] in {"missing_extract", "unreadable_extract"}


@pytest.mark.parametrize(
    "query",
    [
        "select nothing from customers",
        "select id from nowhere",
        "selec id",
        "delete from customers",
        "select id, name, id from customers",
    ],
)
def test_a_query_that_is_none_is_said_and_nothing_is_written(database: Database, tmp_path: Path, query: str) -> None:
    found = fetched(tmp_path, location(database, query), tries=3)
    assert gate(found)[0] == "unreadable_extract"
    assert "location.database" in found.remedy  # type: ignore[union-attr]
    assert len(rows(fetched(tmp_path, location(database)))) == ROWS


def test_a_connection_cut_in_the_middle_is_made_anew(database: Database, tmp_path: Path) -> None:
    with wire(database.port, cut_after=200_000) as relay:
        assert len(rows(fetched(tmp_path, location(database, port=relay.port)))) == ROWS
        assert relay.cuts == 0
    with wire(database.port, cut_after=200_000, cuts=99) as relay:
        name, message = gate(fetched(tmp_path, location(database, port=relay.port), tries=2))
    assert name == "unreadable_extract"
    assert "could not be fetched whole" in message


def test_a_server_that_falls_silent_is_given_up_in_time(database: Database, tmp_path: Path) -> None:
    began = time.monotonic()
    with wire(database.port, stall_after=200_000) as relay:
        found = fetched(tmp_path, location(database, port=relay.port), tries=2, total_seconds=8)
    assert gate(found)[0] == "unreadable_extract"
    assert "more than 8 s in all" in gate(found)[1]
    assert time.monotonic() - began < 30


def test_a_query_that_takes_too_long_is_given_up(database: Database, tmp_path: Path) -> None:
    sleep = "pg_sleep(60)" if database.kind == "postgresql" else "sleep(60)"
    found = fetched(tmp_path, location(database, f"select 1 as id, {sleep} as v"), tries=2, total_seconds=6)
    assert gate(found)[0] == "unreadable_extract"


def test_what_changes_meanwhile_is_not_seen(database: Database, tmp_path: Path) -> None:
    def change() -> None:
        database.execute("update customers set note = 'changed'")

    with wire(database.port, at=200_000, then=change) as relay:
        got = rows(fetched(tmp_path, location(database, port=relay.port)))
        assert relay.then is None
    assert len(got) == ROWS
    assert "changed" not in {row[4] for row in got}
    assert {row[4] for row in rows(fetched(tmp_path, location(database)))} == {"changed"}


def test_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (id integer, v)")
    values = [(1, "Zoë"), (2, 1.5), (3, None), (4, b"\xff\x00"), (5, 7)]
    connection.executemany("insert into t values (?, ?)", values)
    connection.commit()
    asked = {"database": {"url": "sqlite:///shop.db", "query": "select id, v from t order by id"}}
    expected = [("1", "Zoë"), ("2", "1.5"), ("3", None), ("4", "\\xff00"), ("5", "7")]
    assert rows(fetched(tmp_path, asked)) == expected
    absolute = {"database": {"url": f"sqlite:///{path}", "query": "select id, v from t order by id"}}
    assert rows(fetched(tmp_path, absolute)) == expected
    # Somebody who has begun to change it is not waited for, and what he changes is not seen.
    connection.execute("begin immediate")
    connection.execute("update t set v = 'changed'")
    assert rows(fetched(tmp_path, asked)) == expected
    connection.execute("commit")
    connection.execute("begin exclusive")
    assert "another program is writing" in gate(fetched(tmp_path, asked, tries=1))[1]
    connection.close()
    for query in (
        "select nothing from t",
        "delete from t",
        f"attach '{tmp_path}/other.db' as o",
        "pragma user_version = 3",
    ):
        assert (
            gate(fetched(tmp_path, {"database": {"url": "sqlite:///shop.db", "query": query}}))[0]
            == "unreadable_extract"
        )
    assert not (tmp_path / "other.db").exists()
    path.write_bytes(b"no database at all, but long enough to be looked at as one, and then refused" * 20)
    assert "no whole database" in gate(fetched(tmp_path, asked))[1]
    path.unlink()
    assert gate(fetched(tmp_path, asked))[0] == "missing_extract"
