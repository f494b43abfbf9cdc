"""Suites: errors name file, line, expectation and remedy, and the project's own suites are at home in GX itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import Source, read_yaml
from dq_pipeline.config.source import ENGINE_COLUMNS
from dq_pipeline.errors import ConfigError
from dq_pipeline.quality.suites import Suite, check_suite, columns_of, describe, load_suite, read_suite

ROOT = Path(__file__).parents[2]
SUITES = sorted((ROOT / "expectations").glob("*/*.json"))
META = {"code": "missing_name", "dimension": "completeness", "owner": "sales"}
NO_FAX = {"type": "nullity", "column": {"name": "fax"}, "is_null": True}
SOUND = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "name"},
    "severity": "warning",
    "meta": META,
}


def changed(**parts: Any) -> dict[str, Any]:
    return {**SOUND, **parts}


def without(part: str) -> dict[str, Any]:
    return {name: value for name, value in SOUND.items() if name != part}


def write(folder: Path, *expectations: Any) -> Path:
    path = folder / "customers.json"
    path.write_text(json.dumps({"name": "customers", "expectations": expectations}), encoding="utf-8")
    return path


def test_a_sound_suite_is_read_as_it_is(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, SOUND, changed(severity="info")), ["name"])
    assert (suite.name, suite.path.name, suite.expectations) == (
        "customers",
        "customers.json",
        (SOUND, changed(severity="info")),
    )


# expectation, what the error must say
FAULTS: list[tuple[dict[str, Any], str]] = [
    (without("type"), "(no type): has no type; add one"),
    (changed(type="expect_column_values_to_not_be_nul"), "did you mean expect_column_values_to_not_be_null?"),
    (changed(type="expect_wonders"), "expect_wonders: unknown expectation type"),
    (without("severity"), "severity is None; use one of critical, warning, info"),
    (changed(severity="high"), "severity is 'high'; use one of critical, warning, info"),
    (without("meta"), "has no meta; add"),
    (changed(meta={**META, "code": ""}), "meta.code is missing; name the defect"),
    (changed(meta={**META, "owner": None}), "meta.owner is missing; name the department"),
    (changed(meta={**META, "dimension": "beauty"}), "meta.dimension is 'beauty'; use one of completeness, validity"),
    (without("kwargs"), "has no kwargs; add"),
    (changed(kwargs={"colum": "name"}), "unknown kwarg colum; known: column, condition_parser, mostly, row_condition"),
    (changed(kwargs={}), "wrong kwargs: column: field required"),
    (changed(kwargs={"column": "name", "mostly": 2}), "mostly: ensure this value is less than or equal to 1.0"),
    (changed(kwargs={"column": "nome"}), "the table has no column 'nome'; known: name, phone"),
    (changed(kwargs={"column": "name", "row_condition": NO_FAX}), "the table has no column 'fax'"),
    (
        changed(kwargs={"column": "name", "row_condition": {"type": "and", "conditions": [NO_FAX]}}),
        "the table has no column 'fax'",
    ),
    (
        changed(type="expect_compound_columns_to_be_unique", kwargs={"column_list": ["name", "fax"]}),
        "the table has no column 'fax'",
    ),
    (changed(expectation_type="x"), "unknown field 'expectation_type'; known: type, kwargs"),
    (
        changed(type="unexpected_rows_expectation", kwargs={"unexpected_rows_query": "select * from customers"}),
        "must select from {batch}",
    ),
    (
        changed(
            type="expect_column_values_to_be_between", kwargs={"column": "name", "max_value": {"$PARAMETER": "today"}}
        ),
        "unknown $PARAMETER today; known: run_date, run_date_end",
    ),
    (
        changed(type="expect_column_values_to_be_between", kwargs={"column": "name", "max_value": "{run_date}"}),
        'for the run date write {"$PARAMETER": "run_date"}',
    ),
]


@pytest.mark.parametrize(("wrong", "message"), FAULTS)
def test_an_error_names_file_expectation_and_remedy(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    path = write(tmp_path, SOUND, wrong)
    with pytest.raises(ConfigError) as caught:
        load_suite(path, ["name", "phone"])
    assert message in caught.value.message
    assert f"expectations[1] {wrong.get('type', '(no type)')}: " in caught.value.message
    assert "expectations[0]" not in caught.value.message
    assert caught.value.where == str(path)
    assert caught.value.remedy is not None


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    suite = read_suite(write(tmp_path, changed(severity="high", meta={}), changed(type="expect_wonders")))
    assert len(check_suite(suite)) == 5


# text of the file, where the error is, what it says
BROKEN: list[tuple[str, str, str]] = [
    ('{"name": "x",\n "expectations": [\n  {"type": "a" "kwargs": {}}\n ]}', ", line 3, column 16", "not valid JSON"),
    ('{"expectations": [}', ", line 1, column 19", "not valid JSON"),
    ('{"name": "x"}', "", "a list of objects named `expectations`"),
    ('{"expectations": ["not_null"]}', "", "a list of objects named `expectations`"),
    ("[]", "", "a list of objects named `expectations`"),
    ("[" * 100_000, "", ""),
]


@pytest.mark.parametrize(("text", "place", "message"), BROKEN)
def test_a_broken_file_says_where(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = tmp_path / "customers.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_suite(path)
    assert caught.value.where == f"{path}{place}"
    assert message in caught.value.message


def test_a_missing_file_and_one_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the suite is missing"):
        read_suite(tmp_path / "customers.json")
    (tmp_path / "latin.json").write_bytes('{"name": "é"}'.encode("latin-1"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_suite(tmp_path / "latin.json")


DESCRIPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"description": "There is a name"}, "There is a name"),
    ({"notes": ["There is", "a name"]}, "There is a name"),
    ({"meta": {**META, "notes": "a name"}}, "a name"),
    ({}, "name: not be null"),
    ({"kwargs": {"column": "name", "mostly": 0.9}}, "name: not be null (mostly 0.9)"),
    (
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
        "the table: table row count to be between (min value 1)",
    ),
]


@pytest.mark.parametrize(("parts", "words"), DESCRIPTIONS)
def test_a_description_is_made_where_none_is_written(parts: dict[str, Any], words: str) -> None:
    assert describe(changed(**parts)) == words


def test_columns_of_an_expectation() -> None:
    assert columns_of(changed(kwargs={"column_A": "sent", "column_B": "made"})) == ("sent", "made")
    assert columns_of(changed(kwargs={"column_list": ["a", "b"]})) == ("a", "b")
    assert columns_of(changed(kwargs={}, meta={**META, "column": "born"})) == ("born",)
    assert columns_of(changed(kwargs={"min_value": 1})) == ()


@pytest.mark.parametrize("path", SUITES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_projects_suites_are_sound(path: Path) -> None:
    columns = None
    if path.parent.name == "raw":
        source = read_yaml(ROOT / "pipelines" / "sources" / f"{path.stem}.yml", Source)
        columns = [*source.columns, *ENGINE_COLUMNS]
        suite = load_suite(path, columns)
        assert {expectation["meta"]["owner"] for expectation in suite.expectations} == {source.owner}
        listed = [each for each in suite.expectations if each["type"] == "expect_table_columns_to_match_set"]
        assert [set(each["kwargs"]["column_set"]) for each in listed] == [set(source.columns)]
    suite = load_suite(path, columns)
    assert suite.name == path.stem
    ids = [expectation["id"] for expectation in suite.expectations]
    assert len(set(ids)) == len(ids)
    assert all(expectation["description"] for expectation in suite.expectations)


def test_every_source_has_a_suite() -> None:
    sources = {path.stem for path in (ROOT / "pipelines" / "sources").glob("*.yml")}
    assert sources == {path.stem for path in SUITES if path.parent.name == "raw"}


# Great Expectations sets process-wide state when a file context is made, so it runs in a process of its own.
EDIT_IN_GX = """
import json, sys
from pathlib import Path
import great_expectations as gx
folder = Path(sys.argv[1])
context = gx.get_context(mode="file", project_root_dir=folder)
home = folder / "gx" / "expectations"
for path in sorted(Path(sys.argv[2]).glob("*.json")):
    text = path.read_text(encoding="utf-8")
    (home / path.name).write_text(text, encoding="utf-8")
    suite = context.suites.get(path.stem)
    assert len(suite.expectations) == len(json.loads(text)["expectations"]), path
    suite.save()
    written = (home / path.name).read_text(encoding="utf-8")
    assert written.strip() == text.strip(), path
suite = context.suites.get("orders")
suite.expectations[0].description = "edited"
suite.expectations[0].severity = "warning"
suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(
    column="channel", severity="info", meta={"code": "missing_channel", "dimension": "completeness", "owner": "sales"}))
suite.save()
"""


@pytest.mark.parametrize("folder", ["raw", "mastered"])
def test_suites_open_in_gx_and_its_edits_come_back(tmp_path: Path, folder: str) -> None:
    arguments = [sys.executable, "-W", "ignore", "-c", EDIT_IN_GX, str(tmp_path), str(ROOT / "expectations" / folder)]
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    before = read_suite(ROOT / "expectations" / folder / "orders.json")
    after: Suite = load_suite(tmp_path / "gx" / "expectations" / "orders.json")
    assert len(after.expectations) == len(before.expectations) + 1
    assert after.expectations[0]["severity"] == "warning"
    assert after.expectations[0]["description"] == "edited"
    assert after.expectations[1:-1] == before.expectations[1:]
    assert after.expectations[-1]["meta"]["code"] == "missing_channel"
