"""A night that is published, as a receiver of OpenLineage events gets it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import call, published
from tests.openlineage_case import checked
from tests.telling_case import receiver


@pytest.fixture
def events(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The last stage of the sample night once more, with a receiver on this machine."""
    path = project / "pipelines/nightly.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    with receiver(statuses=[201]) as marquez:
        monkeypatch.setenv("MARQUEZ", marquez.url)
        settings["lineage"] = {"url": "${MARQUEZ}", "namespace": "sample"}
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        answer = call("run", "--project", project, "--from", "publish")
    assert answer.code == 0, answer.text
    assert "warning" not in answer.text
    return checked(body for _, _, body in marquez.got)


def test_a_published_night_is_told_whole(events: list[dict[str, Any]], project: Path) -> None:
    told = [(one["job"]["name"], one["eventType"]) for one in events]
    assert told == [
        ("nightly", "START"),
        ("nightly.publish", "START"),
        ("nightly.publish", "COMPLETE"),
        ("nightly", "COMPLETE"),
    ]
    last = events[-1]
    assert "errorMessage" not in last["run"]["facets"]
    _inputs_are_the_sources(last["inputs"], project)
    outputs = {one["name"]: one for one in last["outputs"]}
    _outputs_are_what_readers_find(outputs, project)
    _columns_come_from_where_they_come_from(outputs)


def _inputs_are_the_sources(inputs: list[dict[str, Any]], project: Path) -> None:
    reader = published(project)
    try:
        rows = dict(reader.rows("select source, sum(rows_read)::bigint from ops.sources group by source"))
        emails = reader.rows(
            """select nulls, distinct_values from quality.profile_history
            where source = 'crm_customers' and column_name = 'email' order by run_id desc limit 1"""
        )
    finally:
        reader.close()
    measured = {one["name"]: one["inputFacets"] for one in inputs}
    assert {name: one["dataQualityMetrics"]["rowCount"] for name, one in measured.items()} == rows
    email = measured["crm_customers"]["dataQualityMetrics"]["columnMetrics"]["email"]
    assert [(email["nullCount"], email["distinctCount"])] == emails
    checks = measured["crm_customers"]["dataQualityAssertions"]["assertions"]
    assert any(one["success"] for one in checks)
    assert {one["severity"] for one in checks} == {"error", "warn"}


def _outputs_are_what_readers_find(outputs: dict[str, dict[str, Any]], project: Path) -> None:
    reader = published(project)
    try:
        for name, one in outputs.items():
            fields = {field["name"]: field["type"] for field in one["facets"]["schema"]["fields"]}
            assert fields == reader.columns(name), name
            assert one["outputFacets"]["outputStatistics"]["rowCount"] == reader.count(name), name
        there = {
            f"{schema}.{name}" for schema in ("master", "identity", "quality", "ops") for name in reader.tables(schema)
        }
    finally:
        reader.close()
    assert outputs.keys() == there


def _columns_come_from_where_they_come_from(outputs: dict[str, dict[str, Any]]) -> None:
    found = {
        (table, column): {(one["name"], one["field"]) for one in field["inputFields"]}
        for table, output in outputs.items()
        for column, field in output["facets"].get("columnLineage", {"fields": {}})["fields"].items()
    }
    assert found["master.customer", "email"] == {("crm_customers", "email"), ("orders", "email")}
    assert found["master.customer", "birth_date"] == {("crm_customers", "date_of_birth")}
    assert ("shipments", "recipient_name") in found["master.customer", "display_name"]
    assert found["master.shipments", "carrier"] == {("shipments", "carrier")}
    # How many records there are is made of no column.
    assert ("master.customer", "records") not in found
