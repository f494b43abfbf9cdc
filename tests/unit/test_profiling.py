"""`dq profile`: the draft can be read and holds on its data, has robust limits, and tells nothing of anybody."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.profiling import Drafted, draft_path, profile_source
from dq_pipeline.quality.contradictions import contradiction, own_contradiction
from dq_pipeline.quality.suites import load_suite
from dq_pipeline.scorecard.masking import is_personal
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT, call, copy_sample

PROJECT = load_project(CHECKOUT)
SOURCES = [source.name for source in PROJECT.sources]


@pytest.fixture(scope="module", params=SOURCES)
def drafted(request: pytest.FixtureRequest) -> Drafted:
    return profile_source(PROJECT, request.param)


def test_a_draft_can_be_read_holds_and_does_not_contradict_itself(drafted: Drafted, tmp_path: Path) -> None:
    assert drafted.left_out == ()
    path = tmp_path / f"{drafted.source.name}.json"
    path.write_text(drafted.text(), encoding="utf-8")
    suite = load_suite(path)
    assert len(suite.expectations) >= len(drafted.source.columns)
    codes = {one["meta"]["code"] for one in suite.expectations}
    assert {"no_rows", "wrong_columns", "missing_key"} <= codes
    for place, one in enumerate(suite.expectations):
        assert own_contradiction(one) is None
        for other in suite.expectations[:place]:
            assert contradiction(one, other) is None, (one, other)


def test_no_personal_value_is_copied(drafted: Drafted) -> None:
    text = drafted.text()
    personal = PROJECT.personal_columns()
    warehouse = Warehouse(threads=1)
    file = PROJECT.data / drafted.source.location.path
    warehouse.build("raw.all_rows", f"select * from read_csv('{file}', all_varchar = true)")
    known = warehouse.columns("raw.all_rows")
    for name in drafted.source.columns:
        if name in known and is_personal(name, personal):
            for (value,) in warehouse.rows(f'select distinct "{name}" from raw.all_rows where length("{name}") >= 5'):
                assert f'"{value}"' not in text
                assert f" {value}" not in text
    warehouse.close()


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A project of one source whose 2,000 rows have slips: each of them about one in two hundred."""
    folder = copy_sample(tmp_path / "odd")
    shutil.rmtree(folder / "expectations")
    for entity in (folder / "pipelines/sources").glob("*.yml"):
        entity.unlink()
    (folder / "pipelines/issues.yml").unlink()
    (folder / "pipelines/nightly.yml").write_text(
        "name: odd\ntitle: Odd\nrun_date: 2026-11-20\npaths: {data: data}\nsources: [parcels]\n"
        "owners: {sales: {title: S}}\n",
        encoding="utf-8",
    )
    (folder / "pipelines/sources/parcels.yml").write_text(
        """name: parcels
title: Parcels
owner: sales
touchpoint: web
location: {path: parcels.csv}
key: [id]
columns:
  id: {title: number}
  kind: {title: what it is}
  weight: {type: decimal, title: kilograms, severity: warning}
  sent_at: {type: timestamp, title: when it left, severity: warning}
  back_at: {type: timestamp, title: when it came back, severity: warning}
  note: {title: what was said}
  buyer_name: {title: who, personal: true}
""",
        encoding="utf-8",
    )
    warehouse = Warehouse(threads=1)
    warehouse.execute(
        f"""copy (
            select 'P' || lpad(cast(range as varchar), 5, '0') as id,
                case when range % 300 = 7 then 'leter' when range % 3 = 0 then 'letter' else 'box' end as kind,
                case when range % 250 = 5 then '-99999' when range % 250 = 6 then 'heavy'
                    else cast(range % 30 + 0.5 as varchar) end as weight,
                case when range % 400 = 9 then '1900-01-01 00:00:00'
                    else cast(timestamp '2024-03-01' + to_days(cast(range % 900 as integer)) as varchar) end as sent_at,
                case when range % 3 = 0
                    then cast(timestamp '2024-03-02' + to_days(cast(range % 900 as integer)) as varchar) end as back_at,
                case when range % 200 = 3 then 'N/A' when range % 50 = 1 then null
                    else 'left at ' || chr(cast(97 + range % 23 as integer))
                        || chr(cast(97 + range % 19 as integer)) end as note,
                'Wilhelmina Featherstone' as buyer_name
            from range(2000)
        ) to '{folder / "data/parcels.csv"}' (header)"""
    )
    warehouse.close()
    return folder


def of(drafted: Drafted, column: str, kind: str) -> dict[str, Any]:
    found = [
        one
        for one in drafted.expectations
        if one["kwargs"].get("column") == column and kind in one["type"] and "row_condition" not in one["kwargs"]
    ]
    assert len(found) == 1, [one["type"] for one in drafted.expectations if one["kwargs"].get("column") == column]
    return dict(found[0]["kwargs"])


def test_limits_are_those_of_most_rows_not_of_the_slips(odd: Path) -> None:
    drafted = profile_source(load_project(odd), "parcels")
    assert drafted.left_out == ()
    # Rare values are slips: 7 of 2,000 parcels are a `leter`.
    kind = of(drafted, "kind", "in_set")
    assert (kind["value_set"], kind["mostly"]) == (["box", "letter"], 0.996)
    # -99,999 in 8 rows is no limit: weights are 0.5 to 29.5, with as much room above, and none of them negative.
    weight = of(drafted, "weight", "between")
    assert (weight["min_value"], weight["max_value"], weight["mostly"]) == (0.0, 59.0, 0.995)
    # Nor is 1900.
    days = [one["kwargs"] for one in drafted.expectations if one["kwargs"].get("column") == "sent_at"]
    assert [one["min_value"] for one in days if "min_value" in one] == ["2024-01-01"]
    assert [one["max_value"] for one in days if "max_value" in one] == [{"$PARAMETER": "run_date_end"}]
    assert of(drafted, "id", "match_regex") == {"column": "id", "regex": "^P[0-9]{5}$"}
    assert of(drafted, "note", "not_be_null")["mostly"] == 0.98
    assert of(drafted, "note", "not_match_regex")["mostly"] == 0.994
    # A back_at is there for letters, and only for them, and never before sent_at.
    conditions = {
        (one["type"], one["kwargs"]["row_condition"]["parameter"])
        for one in drafted.expectations
        if one["kwargs"].get("column") == "back_at" and "row_condition" in one["kwargs"]
    }
    assert conditions == {
        ("expect_column_values_to_not_be_null", "letter"),
        ("expect_column_values_to_be_null", "box"),
    }
    pairs = [one["kwargs"] for one in drafted.expectations if "column_A" in one["kwargs"]]
    assert [(one["column_A"], one["column_B"]) for one in pairs] == [("back_at", "sent_at")]
    assert "Featherstone" not in drafted.text()


def test_the_command_writes_a_draft_and_never_the_reviewed_suite(odd: Path) -> None:
    answer = call("profile", "parcels", "--project", odd)
    assert answer.code == 0, answer.text
    path = odd / "expectations/raw/parcels.draft.json"
    assert path == draft_path(load_project(odd), "parcels")
    assert json.loads(path.read_text("utf-8"))["name"] == "parcels"
    assert "Next: review them" in answer.text
    assert not (odd / "expectations/raw/parcels.json").exists()
    printed = call("profile", "parcels", "--project", odd, "--out", "-")
    assert printed.text == path.read_text("utf-8")
    # No run reads a draft: not even what makes no sense of it.
    path.write_text("{", encoding="utf-8")
    assert call("check", "--project", odd).code == 0
    refused = call("profile", "parcels", "--project", odd, "--out", odd / "expectations/raw/parcels.json")
    assert refused.code == 2
    assert "that is the reviewed suite" in refused.text
    unknown = call("profile", "nothing", "--project", odd)
    assert unknown.code == 2
    assert "no source is named 'nothing'" in unknown.text


def test_an_extract_that_is_not_there_is_named(odd: Path) -> None:
    (odd / "data/parcels.csv").unlink()
    answer = call("profile", "parcels", "--project", odd)
    assert answer.code == 2
    assert "parcels.csv" in answer.text
