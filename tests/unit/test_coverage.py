"""What `dq check` says of suites: columns left out, what is said twice, contradictions; with file and line."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.config.source import ColumnType
from dq_pipeline.quality.contradictions import contradiction, is_same, own_contradiction, type_conflict
from dq_pipeline.quality.coverage import expectation_lines, suite_contradictions, uncovered_columns
from dq_pipeline.quality.suites import Suite, read_suite
from tests.conftest import CHECKOUT, call, copy_sample

NOT_NULL, NULL = "expect_column_values_to_not_be_null", "expect_column_values_to_be_null"
BETWEEN, IN, NOT_IN = (f"expect_column_values_to_{name}" for name in ("be_between", "be_in_set", "not_be_in_set"))
MATCH, NOT_MATCH = (f"expect_column_values_to_{name}" for name in ("match_regex", "not_match_regex"))
OF_TYPE, TYPES = (f"expect_column_values_to_be_{name}" for name in ("of_type", "in_type_list"))
LENGTH, LENGTHS = "expect_column_value_lengths_to_equal", "expect_column_value_lengths_to_be_between"
GREATER, COUNT = "expect_column_pair_values_a_to_be_greater_than_b", "expect_table_row_count_to_be_between"
SQL = "unexpected_rows_expectation"
TONIGHT = {"$PARAMETER": "run_date"}
PEOPLE, FIRMS = ({"column": {"name": "kind"}, "operator": "==", "parameter": name} for name in ("person", "firm"))


def one(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    meta = {"code": "bad", "dimension": "validity", "owner": "sales"}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": meta}


# Why no value can pass both, or None where one can.
PAIRS: list[tuple[dict[str, Any], dict[str, Any], str | None]] = [
    (one(NOT_NULL, column="a"), one(NULL, column="a"), "a must be null, and must not"),
    (one(NOT_NULL, column="a"), one(NULL, column="b"), None),
    (one(NOT_NULL, column="a", mostly=0.5), one(NULL, column="a", mostly=0.5), None),
    (one(NOT_NULL, column="a", mostly=0.6), one(NULL, column="a", mostly=0.5), "a must be null"),
    (one(NOT_NULL, column="a", row_condition=PEOPLE), one(NULL, column="a", row_condition=FIRMS), None),
    (one(NOT_NULL, column="a", row_condition=PEOPLE), one(NULL, column="a"), "a must be null"),
    (
        one(BETWEEN, column="a", min_value=1, max_value=5),
        one(BETWEEN, column="a", min_value=6),
        "at least 1 and at most 5",
    ),
    (one(BETWEEN, column="a", max_value=5), one(BETWEEN, column="a", min_value=5), None),
    (one(BETWEEN, column="a", max_value=5, strict_max=True), one(BETWEEN, column="a", min_value=5), "below 5"),
    (one(BETWEEN, column="a", max_value=5), one(BETWEEN, column="b", min_value=6), None),
    (one(BETWEEN, column="a", max_value="2026-01-01"), one(BETWEEN, column="a", min_value="2026-02-01"), "no value is"),
    (one(BETWEEN, column="a", max_value=TONIGHT), one(BETWEEN, column="a", min_value="2026-02-01"), None),
    (one(LENGTHS, column="a", max_value=5), one(LENGTH, column="a", value=6), "no value is"),
    (one(LENGTHS, column="a", max_value=6), one(LENGTH, column="a", value=6), None),
    (one(COUNT, max_value=5), one(COUNT, min_value=6), "no value is at "),
    (one(IN, column="a", value_set=["x"]), one(IN, column="a", value_set=["y", "z"]), "in the other set"),
    (one(IN, column="a", value_set=["x", "y"]), one(IN, column="a", value_set=["y", "z"]), None),
    (one(IN, column="a", value_set=["x"]), one(NOT_IN, column="a", value_set=["x", "y"]), "what the other set leaves"),
    (one(IN, column="a", value_set=["x", "w"]), one(NOT_IN, column="a", value_set=["x", "y"]), None),
    (one(IN, column="a", value_set=[1, 2]), one(BETWEEN, column="a", min_value=3), "in the range"),
    (one(IN, column="a", value_set=[1, 3]), one(BETWEEN, column="a", min_value=3), None),
    (one(IN, column="a", value_set=["x1"]), one(MATCH, column="a", regex="^[0-9]+$"), "in the pattern"),
    (one(IN, column="a", value_set=["x1", "7"]), one(MATCH, column="a", regex="^[0-9]+$"), None),
    (one(IN, column="a", value_set=["x1"]), one(MATCH, column="a", regex="(?P<"), None),
    (one(IN, column="a", value_set=["n/a"]), one(NOT_MATCH, column="a", regex="^n/a$"), "what the pattern leaves"),
    (one(MATCH, column="a", regex="^x"), one(NOT_MATCH, column="a", regex="^x"), "must match"),
    (one(MATCH, column="a", regex="^x"), one(NOT_MATCH, column="a", regex="^y"), None),
    (one(OF_TYPE, column="a", type_="BIGINT"), one(OF_TYPE, column="a", type_="DATE"), "a cannot be "),
    (one(OF_TYPE, column="a", type_="BIGINT"), one(TYPES, column="a", type_list=["DATE", "bigint"]), None),
    (one(TYPES, column="a", type_list=["DATE"]), one(TYPES, column="a", type_list=["BIGINT"]), "cannot be"),
    (one(GREATER, column_A="a", column_B="b"), one(GREATER, column_A="b", column_B="a", or_equal=True), "and below it"),
    (
        one(GREATER, column_A="a", column_B="b", or_equal=True),
        one(GREATER, column_A="b", column_B="a", or_equal=True),
        None,
    ),
    (one(GREATER, column_A="a", column_B="b"), one(GREATER, column_A="a", column_B="c"), None),
]


@pytest.mark.parametrize(("first", "second", "why"), PAIRS)
def test_contradictions(first: dict[str, Any], second: dict[str, Any], why: str | None) -> None:
    for found in (contradiction(first, second), contradiction(second, first)):
        assert (found is None) if why is None else (found is not None and why in found), found


@pytest.mark.parametrize(
    ("expectation", "why"),
    [
        (one(BETWEEN, column="a", min_value=5, max_value=1), "nothing lies between 5 and 1"),
        (one(BETWEEN, column="a", min_value=5, max_value=5), None),
        (one(BETWEEN, column="a", min_value=5, max_value=5, strict_min=True), "nothing lies between"),
        (one(BETWEEN, column="a", min_value="2026-02-01", max_value=TONIGHT), None),
    ],
)
def test_an_expectation_against_itself(expectation: dict[str, Any], why: str | None) -> None:
    found = own_contradiction(expectation)
    assert (found is None) if why is None else (found is not None and why in found)


@pytest.mark.parametrize(
    ("expectation", "declared", "conflicts"),
    [
        (one(IN, column="a", value_set=["x"]), "integer", True),
        (one(IN, column="a", value_set=[1, 2]), "integer", False),
        (one(IN, column="a", value_set=[1]), "boolean", True),
        (one(IN, column="a", value_set=["x"]), "text", False),
        (one(BETWEEN, column="a", min_value=1), "text", True),
        (one(BETWEEN, column="a", min_value=1), "timestamp", True),
        (one(BETWEEN, column="a", min_value="2026-01-01"), "decimal", True),
        (one(BETWEEN, column="a", min_value="2026-01-01", max_value=TONIGHT), "date", False),
        (one(MATCH, column="a", regex="x"), "integer", False),
    ],
)
def test_a_type_that_is_not_the_contracts(expectation: dict[str, Any], declared: ColumnType, conflicts: bool) -> None:
    assert (type_conflict(expectation, declared) is not None) == conflicts


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (one(NOT_NULL, column="a"), one(NOT_NULL, "warning", column="a", mostly=1), True),
        (one(NOT_NULL, column="a"), one(NOT_NULL, column="a", mostly=0.9), False),
        (one(NOT_NULL, column="a"), one(NOT_NULL, column="b"), False),
        (one(NOT_NULL, column="a"), one(NULL, column="a"), False),
        (one(IN, column="a", value_set=["x", "y"]), one(IN, column="a", value_set=["y", "x"]), True),
        (one(BETWEEN, column="a", min_value=1), one(BETWEEN, column="a", min_value=1.0), True),
        (one(NOT_NULL, column="a"), one(NOT_NULL, column="a", row_condition=PEOPLE), False),
        (
            one(SQL, unexpected_rows_query="select id\nfrom {batch}"),
            one(SQL, unexpected_rows_query="SELECT id from {batch}"),
            True,
        ),
    ],
)
def test_what_is_said_twice(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    assert is_same(first, second) is same


def written(folder: Path, *expectations: dict[str, Any]) -> Suite:
    path = folder / "orders.json"
    path.write_text(json.dumps({"meta": {"a": ["]", {}]}, "expectations": expectations, "name": "orders"}, indent=2))
    return read_suite(path)


def test_the_line_of_an_expectation(tmp_path: Path) -> None:
    suite = written(tmp_path, one(NOT_NULL, column="a"), one(NOT_NULL, column='b "]" '), one(NULL, column="c"))
    lines = suite.path.read_text().splitlines()
    found = expectation_lines(suite.path)
    assert [lines[line - 1].strip() for line in found] == ["{"] * 3
    assert ['"column": "a"' in "".join(lines[found[0] : found[1]])] == [True]
    assert '"column": "c"' in "".join(lines[found[2] :])
    (tmp_path / "orders.json").write_text('{"expectations": [], "name": "x"}')
    assert expectation_lines(tmp_path / "orders.json") == []


def test_faults_name_file_and_line(tmp_path: Path) -> None:
    suite = written(tmp_path, one(NOT_NULL, column="a"), one(NULL, column="a"), one(NOT_NULL, "warning", column="a"))
    faults = suite_contradictions(suite, {"a": "text"})
    line = expectation_lines(suite.path)
    assert len(faults) == 3
    assert faults[0].startswith(f"{suite.path}, line {line[1]}, bad ({NULL}): it contradicts line {line[0]}, bad ")
    assert f"line {line[2]}, bad ({NOT_NULL}): it says what line {line[0]}" in faults[1]
    assert faults[1].endswith("take one out")
    assert f"line {line[2]}" in faults[2]
    assert "it contradicts" in faults[2]
    typed = suite_contradictions(written(tmp_path, one(BETWEEN, column="a", min_value=1)), {"a": "text"})
    assert len(typed) == 1
    assert "1 is no text, which the contract declares; correct it" in typed[0]


def edit_suite(project: Path, change: Any) -> None:
    path = project / "expectations/raw/orders.json"
    data = json.loads(path.read_text("utf-8"))
    data["expectations"] = change(data["expectations"])
    path.write_text(json.dumps(data, indent=2), encoding="utf-8")


def about(expectation: dict[str, Any], column: str) -> bool:
    kwargs = expectation["kwargs"]
    return column in (kwargs.get("column"), kwargs.get("column_A"), expectation["meta"].get("column"))


CHECKS: list[tuple[Any, str]] = [
    (
        lambda known: [item for item in known if not about(item, "order_total")],
        r"orders\.yml, line \d+: no expectation covers the critical column order_total; add one to .*raw/orders\.json",
    ),
    (
        lambda known: [*known, known[3]],
        r"raw/orders\.json, line \d+, \w+ \(\w+\): it says what line \d+, .*take one out",
    ),
    (
        lambda known: [*known, one(BETWEEN, column="order_total", max_value=-1)],
        r"raw/orders\.json, line \d+, bad \(\w+\): it contradicts line \d+, bad_total",
    ),
    (
        lambda known: [*known, one(IN, column="status", value_set=["lost"])],
        r"line \d+, bad \(\w+\): it contradicts line \d+, bad_status .*no value of the set is in the other set",
    ),
    (lambda known: [*known, one(NULL, column="status")], "status must be null, and must not"),
    (lambda known: [*known, one(IN, column="order_total", value_set=["a"])], '"a" is no decimal, which the contract'),
]


@pytest.mark.parametrize(("change", "message"), CHECKS)
def test_dq_check_names_what_is_wrong_with_a_suite(tmp_path: Path, change: Any, message: str) -> None:
    project = copy_sample(tmp_path)
    edit_suite(project, change)
    answer = call("check", "--project", project)
    assert answer.code == 2
    assert re.search(message, answer.text), answer.text


def test_an_expectation_that_only_informs_covers_nothing(tmp_path: Path) -> None:
    project = load_project(CHECKOUT)
    source = project.source("orders")
    critical = [name for name, column in source.columns.items() if column.critical]
    assert "order_total" in critical
    suite = written(tmp_path, *(one(NOT_NULL, "info", column=name) for name in critical))
    assert len(list(uncovered_columns(project, source, suite))) == len(critical)
    suite = written(tmp_path, *(one(NOT_NULL, "warning", column=name) for name in critical))
    assert list(uncovered_columns(project, source, suite)) == []
    assert len(list(uncovered_columns(project, source, None))) == len(critical)


def test_a_gate_on_an_unknown_issue_is_named(tmp_path: Path) -> None:
    project = copy_sample(tmp_path)
    path = project / "pipelines/nightly.yml"
    path.write_text(path.read_text("utf-8").replace("S06: 200", "X99: 1"), encoding="utf-8")
    answer = call("check", "--project", project)
    assert answer.code == 2
    assert "gates.issues.X99: no issue has this code" in answer.text
