"""The checker: each kind of expectation finds the planted rows of a small table, and nothing that fails passes."""

import os
import subprocess
import sys
import time
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.quality.checker import Checker, RuleResult
from dq_pipeline.quality.suites import Suite
from dq_pipeline.warehouse import Warehouse

RUN_DATE = date(2026, 11, 20)
PARCELS = """
    select * from (values
        ('p1', 'O''Brien', 'a', 1, 10.50, date '2026-11-01', date '2026-11-02', 'k1'),
        ('p2', '50%\\off', 'b', 2, -1.00, date '2026-11-05', date '2026-11-02', 'k2'),
        ('p3', null,       'a', 1, 99.99, date '2026-11-20', date '2026-11-20', 'k1'),
        ('p4', 'o',        'z', 9, null,  date '2026-11-21', null,              null),
        ('p5', 'Ann',      null, 2, 0.00, null,              date '2026-11-02', 'k2'),
        ('p6', 'Ann',      'b', 2, 5.00,  date '2026-11-05', date '2026-11-06', null)
    ) as t(record_id, name, kind, lane, price, sent, arrived, code)"""
IS_LANE_2 = {"type": "comparison", "column": {"name": "lane"}, "operator": "==", "parameter": 2}
IS_NO_KIND = {"type": "nullity", "column": {"name": "kind"}, "is_null": True}


def expectation(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    meta = {"code": "planted", "dimension": "validity", "owner": "sales"}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": meta}


def suite(*expectations: dict[str, Any]) -> Suite:
    return Suite("parcels", Path("parcels.json"), expectations)


def check(warehouse: Warehouse, *expectations: dict[str, Any], table: str = "raw.parcels") -> list[RuleResult]:
    with Checker(warehouse, RUN_DATE) as checker:
        return checker.check(table, suite(*expectations))


def failing(warehouse: Warehouse, result: RuleResult) -> list[str]:
    assert result.failing_rows_query is not None
    return sorted(key for (key,) in warehouse.rows(result.failing_rows_query))


@pytest.fixture
def warehouse() -> Warehouse:
    warehouse = Warehouse()
    warehouse.build("raw.parcels", PARCELS)
    return warehouse


# expectation, its kwargs, the rows it evaluates, the rows that fail
ROW_CASES: list[tuple[str, dict[str, Any], int, str]] = [
    ("expect_column_values_to_not_be_null", {"column": "name"}, 6, "p3"),
    ("expect_column_values_to_be_null", {"column": "kind", "row_condition": IS_NO_KIND}, 1, ""),
    ("expect_column_values_to_be_unique", {"column": "code"}, 4, "p1 p2 p3 p5"),
    ("expect_column_values_to_be_unique", {"column": "name"}, 5, "p5 p6"),
    ("expect_column_values_to_be_unique", {"column": "name", "row_condition": IS_NO_KIND}, 1, ""),
    ("expect_compound_columns_to_be_unique", {"column_list": ["kind", "lane"]}, 6, "p1 p2 p3 p6"),
    ("expect_compound_columns_to_be_unique", {"column_list": ["kind", "lane"], "row_condition": IS_LANE_2}, 3, "p2 p6"),
    ("expect_column_values_to_be_in_set", {"column": "kind", "value_set": ["a", "b"]}, 5, "p4"),
    ("expect_column_values_to_be_in_set", {"column": "name", "value_set": ["O'Brien", "50%\\off", "Ann"]}, 5, "p4"),
    ("expect_column_values_to_not_be_in_set", {"column": "lane", "value_set": [1]}, 6, "p1 p3"),
    ("expect_column_values_to_be_between", {"column": "price", "min_value": 0}, 5, "p2"),
    ("expect_column_values_to_be_between", {"column": "price", "min_value": 0, "strict_min": True}, 5, "p2 p5"),
    ("expect_column_values_to_be_between", {"column": "lane", "max_value": 1}, 6, "p2 p4 p5 p6"),
    ("expect_column_values_to_be_between", {"column": "sent", "max_value": {"$PARAMETER": "run_date"}}, 5, "p4"),
    ("expect_column_values_to_be_between", {"column": "sent", "min_value": "2026-11-05"}, 5, "p1"),
    ("expect_column_values_to_match_regex", {"column": "name", "regex": "^O'B|^50%\\\\|Ann"}, 5, "p4"),
    (
        "expect_column_values_to_match_regex",
        {"column": "name", "regex": "^o", "row_condition": IS_LANE_2},
        3,
        "p2 p5 p6",
    ),
    ("expect_column_values_to_not_match_regex", {"column": "name", "regex": "(?i)^o"}, 5, "p1 p4"),
    ("expect_column_values_to_match_regex_list", {"column": "name", "regex_list": ["^A", "'"]}, 5, "p2 p4"),
    ("expect_column_values_to_not_match_regex_list", {"column": "name", "regex_list": ["^A", "'"]}, 5, "p1 p5 p6"),
    ("expect_column_values_to_match_like_pattern", {"column": "name", "like_pattern": "%n%"}, 5, "p2 p4"),
    ("expect_column_values_to_not_match_like_pattern", {"column": "name", "like_pattern": "A%"}, 5, "p5 p6"),
    ("expect_column_value_lengths_to_be_between", {"column": "name", "min_value": 2, "max_value": 5}, 5, "p1 p2 p4"),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "arrived", "column_B": "sent", "or_equal": True},
        6,
        "p2",
    ),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "arrived", "column_B": "sent", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        4,
        "p2",
    ),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "arrived", "column_B": "sent", "row_condition": IS_LANE_2},
        3,
        "p2",
    ),
    (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "select * from {batch} where sent > date '{run_date}'"},
        6,
        "p4",
    ),
    (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "select p.record_id from {batch} p join {batch} q on q.code = p.code"},
        6,
        "p1 p2 p3 p5",
    ),
]


@pytest.mark.parametrize(("kind", "kwargs", "evaluated", "expected"), ROW_CASES)
def test_an_expectation_finds_its_rows(
    warehouse: Warehouse, kind: str, kwargs: dict[str, Any], evaluated: int, expected: str
) -> None:
    (result,) = check(warehouse, expectation(kind, **kwargs))
    assert result.error is None
    assert failing(warehouse, result) == expected.split()
    assert (result.evaluated, result.failed) == (evaluated, len(expected.split()))
    assert result.success is (not expected)


TABLE_CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("expect_table_row_count_to_be_between", {"min_value": 1}, True),
    ("expect_table_row_count_to_be_between", {"min_value": 7}, False),
    ("expect_table_columns_to_match_set", {"column_set": ["record_id", "lane"], "exact_match": False}, True),
    ("expect_table_columns_to_match_set", {"column_set": ["record_id", "weight"], "exact_match": False}, False),
    ("expect_column_max_to_be_between", {"column": "lane", "max_value": 9}, True),
    ("expect_column_max_to_be_between", {"column": "lane", "max_value": 8}, False),
    ("expect_column_values_to_be_of_type", {"column": "name", "type_": "VARCHAR"}, True),
    ("expect_column_values_to_be_of_type", {"column": "lane", "type_": "VARCHAR"}, False),
    (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "select count(*) from {batch} having count(*) > 5"},
        False,
    ),
]


@pytest.mark.parametrize(("kind", "kwargs", "success"), TABLE_CASES)
def test_an_expectation_about_the_table_has_no_failing_rows(
    warehouse: Warehouse, kind: str, kwargs: dict[str, Any], success: bool
) -> None:
    (result,) = check(warehouse, expectation(kind, **kwargs))
    assert result.error is None
    assert result.failing_rows_query is None
    assert (result.evaluated, result.failed, result.success) == (1, 0 if success else 1, success)


# What cannot run, and a part of the reason.
ERROR_CASES: list[tuple[str, dict[str, Any], str]] = [
    ("expect_column_values_to_not_be_null", {"column": "weight"}, 'The column "weight"'),
    ("expect_column_values_to_match_regex", {"column": "name", "regex": "[("}, "missing ]"),
    ("expect_column_values_to_match_regex", {"column": "name", "regex": "(?=look)"}, "invalid perl operator"),
    ("expect_column_values_to_match_regex", {"column": "lane", "regex": "1"}, "regexp_matches"),
    ("expect_column_values_to_be_between", {"column": "name", "max_value": 1}, "VARCHAR"),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "sent", "column_B": "weight"}, "weight"),
    ("expect_column_values_to_be_json_parseable", {"column": "name"}, "No provider found"),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select * from {batch} where weight > 1"}, "weight"),
]


@pytest.mark.parametrize(("kind", "kwargs", "reason"), ERROR_CASES)
def test_an_expectation_that_cannot_run_fails_alone(
    warehouse: Warehouse, kind: str, kwargs: dict[str, Any], reason: str
) -> None:
    fine = expectation("expect_column_values_to_be_in_set", column="kind", value_set=["a", "b"])
    before, broken, after = check(warehouse, fine, expectation(kind, **kwargs), {**fine, "severity": "info"})
    assert not broken.success
    assert reason in str(broken.error)
    assert "\n" not in str(broken.error)
    assert (broken.evaluated, broken.failed, broken.failing_rows_query) == (0, 0, None)
    assert [before.failed, after.failed] == [1, 1]
    assert (before.error, after.error) == (None, None)


def test_a_key_with_a_null_part_is_no_repeat(warehouse: Warehouse) -> None:
    warehouse.build(
        "raw.keys",
        "select * from (values ('r1', null, 1), ('r2', null, 1), ('r3', 'x', 1), ('r4', 'x', 1), ('r5', null, null))"
        " as t(record_id, a, b)",
    )
    (result,) = check(
        warehouse, expectation("expect_compound_columns_to_be_unique", column_list=["a", "b"]), table="raw.keys"
    )
    assert (failing(warehouse, result), result.failed) == (["r3", "r4"], 2)


@pytest.mark.parametrize("kind", ["expect_column_values_to_be_unique", "expect_column_values_to_not_be_null"])
def test_a_key_that_the_table_lacks_is_an_error(warehouse: Warehouse, kind: str) -> None:
    with Checker(warehouse, RUN_DATE) as checker:
        (result,) = checker.check("raw.parcels", suite(expectation(kind, column="kind")), key="parcel_id")
    assert "parcel_id" in str(result.error)


def test_an_error_shows_no_value(warehouse: Warehouse) -> None:
    query = "select * from {batch} where cast(name as integer) > 1"
    (result,) = check(warehouse, expectation("unexpected_rows_expectation", unexpected_rows_query=query))
    assert "Could not convert string" in str(result.error)
    assert "Brien" not in str(result.error)


def test_mostly_decides_success_and_hides_no_row(warehouse: Warehouse) -> None:
    lenient, strict = (
        expectation("expect_column_values_to_not_be_null", column="code", mostly=share) for share in (0.6, 0.7)
    )
    results = check(warehouse, lenient, strict)
    assert [result.success for result in results] == [True, False]
    assert [failing(warehouse, result) for result in results] == [["p4", "p6"], ["p4", "p6"]]


def test_results_keep_the_order_and_the_words_of_the_suite(warehouse: Warehouse) -> None:
    described = expectation("expect_column_values_to_not_be_null", "warning", column="name")
    described |= {"description": "Every parcel has a name", "id": "0b0ad6a4-5ad4-4b4e-9c12-8f6f1ea2dd5c"}
    described["meta"] = {"code": "missing_name", "dimension": "completeness", "owner": "delivery"}
    pair = expectation("expect_column_pair_values_a_to_be_greater_than_b", "info", column_A="arrived", column_B="sent")
    unknown = expectation("expect_column_values_to_not_be_null", column="weight")
    first, second, third = check(warehouse, described, unknown, pair)
    assert (first.code, first.dimension, first.owner, first.severity) == (
        "missing_name",
        "completeness",
        "delivery",
        "warning",
    )
    assert (first.table, first.column, first.description) == ("raw.parcels", "name", "Every parcel has a name")
    assert second.error is not None
    assert (third.severity, third.column, third.columns) == ("info", "arrived, sent", ("arrived", "sent"))
    assert third.description == "arrived and sent: a to be greater than b"


def test_the_last_instant_of_the_run_date(warehouse: Warehouse) -> None:
    warehouse.build(
        "raw.clocks",
        "select * from (values ('c1', timestamp '2026-11-20 23:59:59'), ('c2', timestamp '2026-11-21 00:00:00'))"
        " as t(record_id, seen)",
    )
    bound = expectation("expect_column_values_to_be_between", column="seen", max_value={"$PARAMETER": "run_date_end"})
    (result,) = check(warehouse, bound, table="raw.clocks")
    assert failing(warehouse, result) == ["c2"]


def test_an_empty_table_passes_and_still_shows_what_cannot_run(warehouse: Warehouse) -> None:
    warehouse.build("raw.none", "select * from raw.parcels where false")
    fine, broken = check(
        warehouse,
        expectation("expect_column_values_to_not_be_null", column="name"),
        expectation("expect_column_values_to_match_regex", column="name", regex="[("),
        table="raw.none",
    )
    assert (fine.success, fine.evaluated, fine.failed) == (True, 0, 0)
    assert "missing ]" in str(broken.error)


def test_uncommitted_rows_are_seen_and_the_transaction_stays_open(warehouse: Warehouse) -> None:
    rule = expectation("expect_column_values_to_be_in_set", column="kind", value_set=["a", "b", "z"])
    warehouse.execute("begin")
    warehouse.execute("update raw.parcels set kind = 'q' where record_id = 'p1'")
    (inside,) = check(warehouse, rule)
    assert failing(warehouse, inside) == ["p1"]
    warehouse.execute("rollback")
    (outside,) = check(warehouse, rule)
    assert outside.success


def test_a_file_a_changed_table_and_odd_names(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "working.duckdb")
    rule = expectation("expect_column_values_to_not_be_null", column="Odd Name")
    with Checker(warehouse, RUN_DATE) as checker:
        warehouse.build("raw.order", """select 'r1' as record_id, cast(null as varchar) as "Odd Name" """)
        assert [result.failed for result in checker.check("raw.order", suite(rule))] == [1]
        warehouse.build("raw.order", "select 'r1' as record_id, 'x' as name")
        assert "Odd Name" in str(checker.check("raw.order", suite(rule))[0].error)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["working.duckdb", "working.duckdb.wal"]


def test_two_warehouses_at_once(warehouse: Warehouse) -> None:
    other = Warehouse()
    other.build("raw.parcels", "select 'x' as record_id, cast(null as varchar) as name from range(3)")
    rule = suite(expectation("expect_column_values_to_not_be_null", column="name"))
    with Checker(warehouse, RUN_DATE) as one, Checker(other, RUN_DATE) as two:
        assert [one.check("raw.parcels", rule)[0].failed, two.check("raw.parcels", rule)[0].failed] == [1, 3]


def test_a_missing_table_stops(warehouse: Warehouse) -> None:
    with pytest.raises(StageError, match=r"no table raw\.letters"):
        check(warehouse, expectation("expect_table_row_count_to_be_between", min_value=1), table="raw.letters")


def test_a_wrong_suite_stops(warehouse: Warehouse) -> None:
    with pytest.raises(
        ConfigError, match=r"expectations\[1\] expect_column_values_to_not_be_null: unknown kwarg colum;"
    ):
        check(
            warehouse,
            expectation("expect_column_values_to_not_be_null", column="name"),
            expectation("expect_column_values_to_not_be_null", colum="name"),
        )


def test_100000_failing_rows_stay_in_the_engine() -> None:
    warehouse = Warehouse()
    warehouse.build(
        "raw.many", "select 'r' || i as record_id, 'bad ' || i as email, i % 50000 as code from range(100000) t(i)"
    )
    rules = [
        expectation("expect_column_values_to_match_regex", column="email", regex="@"),
        expectation("expect_column_values_to_be_unique", column="code"),
        expectation("unexpected_rows_expectation", unexpected_rows_query="select * from {batch}"),
        expectation("expect_column_distinct_values_to_equal_set", column="code", value_set=[1]),
    ]
    check(warehouse, *rules, table="raw.many")
    tracemalloc.start()
    started = time.perf_counter()
    *rows, distinct = check(warehouse, *rules, table="raw.many")
    seconds, (_, most_bytes) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 5
    assert most_bytes < 10_000_000, "failing rows were read into Python"
    assert [result.failed for result in rows] == [100_000] * 3
    for result in rows:
        assert warehouse.value(f"select count(*) from ({result.failing_rows_query})") == 100_000
    assert "more than 10,000 rows into Python" in str(distinct.error)


QUIET = """
import socket, sys
def refuse(*_, **__):
    raise AssertionError("the network was used")
socket.socket.connect = refuse
socket.create_connection = refuse
from datetime import date
from pathlib import Path
from dq_pipeline.quality import checker, quarantine, suites
from dq_pipeline.warehouse import Warehouse
assert "great_expectations" not in sys.modules and "sqlalchemy" not in sys.modules, "GX is imported too early"
warehouse = Warehouse()
warehouse.build("raw.t", "select 'r' as record_id, 'x' as name")
meta = {"code": "c", "dimension": "validity", "owner": "o"}
old_form, parser = 'col("name")=="x"', "great_expectations"
rules = [
    {"type": kind, "kwargs": {"column": column, **more}, "severity": "info", "meta": meta}
    for kind, column, more in [
        ("expect_column_values_to_match_regex", "name", {"regex": "[("}),
        ("expect_column_values_to_match_like_pattern_list", "name", {"like_pattern_list": ["a%"]}),
        ("expect_column_values_to_not_be_null", "nobody", {}),
        ("expect_column_values_to_not_be_null", "name", {"row_condition": old_form, "condition_parser": parser}),
        ("expect_column_values_to_not_be_null", "name", {}),
    ]
]
assert suites.check_suite(suites.Suite("t", Path("t"), tuple(rules))) == []
with checker.Checker(warehouse, date(2026, 1, 1)) as running:
    results = running.check("raw.t", suites.Suite("t", Path("t"), tuple(rules)))
assert [bool(result.error) for result in results] == [True, True, True, False, False]
"""


def test_it_is_quiet_offline_lazy_and_leaves_no_file(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", QUIET],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [str(path) for path in tmp_path.rglob("*")] == []
