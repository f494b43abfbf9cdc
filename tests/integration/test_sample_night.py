"""The first night of the sample project, looked at as an analyst would: by SQL on the published file."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import published
from tools.accuracy import merged_namesakes, pair_figures

CONTRACT = {
    "master": "address customer customer_360 customer_address customer_contact customer_last_word customer_name "
    "customer_preference customer_tier customer_timeline household household_member interactions inventory "
    "order_line_service order_lines order_links order_outcome order_service orders product shipment_lines "
    "shipment_service shipments",
    "identity": "edges id_history judged_accuracy judged_marks judgements known_records lookup_cards lookup_keys "
    "provenance record_contents redirects resolve review_evidence review_queue xref",
    "quality": "action_history action_orders action_plan anomalies attribution attribution_summary current_quarantine "
    "customer_quality failed_orders issue_rows issues minimum_standard profile_history quarantine rule_results "
    "scorecard service_metrics standard_rows touchpoint_history touchpoint_matrix touchpoint_service trend",
    "ops": "model model_drift runs schema_changes sources stages",
}


@pytest.fixture(scope="module")
def night(sample: Path) -> Iterator[Warehouse]:
    reader = published(sample)
    yield reader
    reader.close()


@pytest.fixture
def truth_folder(sample: Path) -> Path:
    return sample / "data/sample/truth"


def test_every_table_of_the_contract_is_there_and_filled(night: Warehouse) -> None:
    for schema, names in CONTRACT.items():
        assert night.tables(schema) == names.split()
        for name in names.split():
            rows = night.count(f"{schema}.{name}")
            # Nobody has judged a pair of the sample yet, its first night is like no other, and no column changed.
            empty = {"judgements", "anomalies", "schema_changes"}
            assert (rows == 0) == (name in empty), f"{schema}.{name} has {rows} rows"


def test_every_table_and_column_says_what_it_is(night: Warehouse) -> None:
    query = """select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()
        where schema_name in ('master', 'identity', 'quality', 'ops') and coalesce(trim(comment), '') = ''
        union all
        select schema_name || '.' || table_name from duckdb_tables() where coalesce(trim(comment), '') = ''
        union all
        select view_name from duckdb_views() where schema_name = 'master' and coalesce(trim(comment), '') = ''"""
    assert night.rows(query) == []


@pytest.mark.parametrize("source", ["crm_customers", "orders", "shipments"])
def test_every_validated_customer_record_is_in_xref_exactly_once(night: Warehouse, source: str) -> None:
    query = "select count(*), count(distinct record_id) from identity.xref where entity = 'customer' and source = ?"
    rows, distinct = night.rows(query, [source])[0]
    assert rows == distinct == night.value("select validated from ops.sources where source = ?", [source])


@pytest.mark.parametrize("entity", ["customer", "address"])
def test_every_master_id_in_xref_has_its_master_row(night: Warehouse, entity: str) -> None:
    query = f"""select count(*) from identity.xref left join master.{entity} on {entity}_id = master_id
        where entity = ? and {entity}_id is null"""
    assert night.value(query, [entity]) == 0
    ids = night.rows(f"select count(*), count(distinct {entity}_id) from master.{entity}")[0]
    assert (
        ids[0]
        == ids[1]
        == night.value("select count(distinct master_id) from identity.xref where entity = ?", [entity])
    )


def test_no_row_is_lost(night: Warehouse) -> None:
    query = "select source from ops.sources where rows_read <> validated + quarantined + unparsed"
    assert night.rows(query) == []
    assert night.value("select count(*) from ops.sources where rows_read > 0") == 8
    assert night.value("select sum(quarantined) from ops.sources") == night.value(
        "select count(distinct record_id) from quality.quarantine where status = 'open'"
    )


def test_customers_are_resolved_well(night: Warehouse, truth_folder: Path) -> None:
    precision, recall = pair_figures(night, truth_folder, "customer")
    assert precision >= 0.98
    assert recall >= 0.90


def test_addresses_are_resolved_well(night: Warehouse, truth_folder: Path) -> None:
    precision, recall = pair_figures(night, truth_folder, "address")
    assert precision >= 0.98
    assert recall >= 0.90


def test_no_namesake_is_merged(night: Warehouse, truth_folder: Path) -> None:
    figures = merged_namesakes(night, truth_folder)
    assert figures["other_town"][0] >= 25
    assert {kind: merged for kind, (_, merged) in figures.items()} == dict.fromkeys(figures, 0)


def test_provenance_gives_every_golden_value_its_record(night: Warehouse) -> None:
    query = """select count(*) from master.customer join identity.provenance
        on provenance.entity = 'customer' and provenance.master_id = customer_id and provenance.field = 'email'
        where provenance.value is distinct from customer.email"""
    assert night.value(query) == 0
    filled = night.value("select count(*) from master.customer where email is not null")
    named = night.value("select count(*) from identity.provenance where entity = 'customer' and field = 'email'")
    assert filled == named > 0
    stranger = """select count(*) from identity.provenance left join identity.xref
        on xref.record_id = provenance.record_id and xref.entity = provenance.entity
            and xref.master_id = provenance.master_id
        where xref.record_id is null"""
    assert night.value(stranger) == 0


def test_the_view_works_on_the_published_file_alone(night: Warehouse) -> None:
    assert night.count("master.customer_360") == night.count("master.customer")
    assert night.value("select sum(orders) from master.customer_360") == night.value(
        "select count(*) from master.orders where customer_id is not null"
    )


def test_report_scorecard_and_manifest_lie_beside_it(sample: Path) -> None:
    here = sample / "output/published"
    page = (here / "report.html").read_text(encoding="utf-8")
    assert len(page) < 3_000_000
    assert "published" in page.lower()
    assert '"verdict": "published"' in (here / "scorecard.json").read_text(encoding="utf-8")
    manifest = json.loads((here / "manifest.json").read_text(encoding="utf-8"))
    hashes = {source["source"]: source["sha256"] for source in manifest["inputs"]}
    assert len(hashes) == 8
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes.values())
    # What was read is what was kept.
    kept = {source: files[0]["sha256"] for source, files in manifest["snapshots"].items()}
    assert kept == hashes


def test_no_personal_value_reaches_the_report(sample: Path, night: Warehouse) -> None:
    page = (sample / "output/published/report.html").read_text(encoding="utf-8")
    page += (sample / "output/published/scorecard.json").read_text(encoding="utf-8")
    page += (sample / "output/published/manifest.json").read_text(encoding="utf-8")
    values = night.rows(
        """select distinct unnest([email, phone, display_name]) from master.customer where customer_type = 'person'
        union select distinct line1 from master.address where line1 like '% %'"""
    )
    shown = [value for (value,) in values if value is not None and len(value) > 6 and value in page]
    assert shown == []
