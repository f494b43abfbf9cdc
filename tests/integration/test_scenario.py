"""The hand-written scenario (tests/cases/scenario): every issue check finds exactly what was worked out by hand."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT, published
from tests.scenario import expected_findings, scenario_rows

EXPECTED = expected_findings()


@pytest.fixture(scope="module")
def night(scenario: Path) -> Iterator[Warehouse]:
    reader = published(scenario)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def found(night: Warehouse) -> dict[str, dict[str, date | None]]:
    """Issue check -> key -> since when, as published; findings of expectations are left out."""
    findings: dict[str, dict[str, date | None]] = defaultdict(dict)
    query = """select code || '_' || name, key, since
        from quality.issue_rows join quality.issues using (code) where code not like '%.%'"""
    for check, key, since in night.rows(query):
        findings[check][key] = since
    return findings


def test_every_issue_check_is_exercised() -> None:
    checks = {f"{issue.code}_{issue.name}" for issue in load_project(CHECKOUT).issues}
    assert set(EXPECTED) == checks
    assert all(EXPECTED.values())


@pytest.mark.parametrize("check", EXPECTED)
def test_a_check_finds_what_was_worked_out_by_hand(check: str, found: dict[str, dict[str, date | None]]) -> None:
    assert sorted(found.get(check, {})) == sorted(EXPECTED[check])


@pytest.mark.parametrize("check", [check for check, keys in EXPECTED.items() if any(keys.values())])
def test_a_check_tells_since_when(check: str, found: dict[str, dict[str, date | None]]) -> None:
    assert found[check] == EXPECTED[check]


def test_nobody_is_taken_for_another(night: Warehouse) -> None:
    """What the checks say of masters counts only where each account is a master of its own."""
    accounts = "select source_key, master_id from identity.xref where entity = 'customer' and source = 'crm_customers'"
    masters = dict(night.rows(accounts))
    assert sorted(masters) == [row["customer_id"] for row in scenario_rows()["crm_customers"]]
    assert len(set(masters.values())) == len(masters)
    of_orders = dict(night.rows("select order_id, customer_id from master.orders"))
    for order in scenario_rows()["orders"]:
        if order.get("customer_id") in masters:
            assert of_orders[order["order_id"]] == masters[order["customer_id"]], order["order_id"]


def test_what_is_published_of_a_finding_names_nobody(night: Warehouse) -> None:
    personal = {"full_name", "last_name", "email", "phone", "address_line1", "preferred_name", "date_of_birth"}
    rows = [row for source in ("crm_customers", "crm_interactions") for row in scenario_rows()[source]]
    values = {str(row[name]).lower() for row in rows for name in personal if row.get(name)}
    for (detail,) in night.rows("select detail from quality.issue_rows where code not like '%.%'"):
        assert [value for value in values if value in detail.lower()] == [], detail
