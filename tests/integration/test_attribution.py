"""Why orders of the sample fail: the defects that were planted are found as causes, with their keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import published

Truth = Callable[[str], str]
# Planted defect, how it makes orders fail, and how many of its rows do at least: all that were planted.
RECOVERED = [
    ("late_delivery", "late", 15),
    ("past_promise_unshipped", "late", 12),
    ("past_promise_unshipped", "missing", 12),
    ("ship_to_mismatch", "misdelivered", 14),
    ("shipped_sku_not_ordered", "wrong", 7),
]
CAUSES = "select distinct failure, record_id, order_id, name from quality.attribution join quality.issues using (code)"


@pytest.fixture(scope="module")
def night(sample: Path) -> Iterator[Warehouse]:
    reader = published(sample)
    yield reader
    reader.close()


@pytest.mark.parametrize(("defect", "failure", "rows"), RECOVERED)
def test_every_row_of_a_planted_cause_is_recovered(
    night: Warehouse, truth: Truth, defect: str, failure: str, rows: int
) -> None:
    planted = f"select distinct source || ':' || source_key from {truth('planted')} where code = '{defect}'"
    found = f"select distinct record_id from ({CAUSES}) where name = '{defect}' and failure = '{failure}'"
    assert night.rows(f"({planted}) except ({found})") == []
    assert night.value(f"select count(*) from ({found})") == night.value(f"select count(*) from ({planted})") >= rows


def test_pieces_too_few_or_too_many_are_recovered_whatever_they_lead_to(night: Warehouse, truth: Truth) -> None:
    planted = f"""select distinct source || ':' || source_key from {truth("planted")}
        where code = 'shipped_quantity_mismatch'"""
    found = f"select distinct record_id from ({CAUSES}) where name = 'shipped_quantity_mismatch'"
    assert night.rows(f"({planted}) except ({found})") == []


def test_no_row_that_was_not_planted_is_called_a_planted_cause(night: Warehouse, truth: Truth) -> None:
    planted = f"select distinct code, source || ':' || source_key as record_id from {truth('planted')}"
    query = f"""select name, record_id from ({CAUSES}) where name in (select code from ({planted}))
        and (name, record_id) not in (select (code, record_id) from ({planted})) order by all"""
    assert night.rows(query) == []


def test_a_cause_is_a_defect_that_can_be_one_and_that_hangs_together_with_the_order(night: Warehouse) -> None:
    stray = """select count(*) from quality.attribution
        left join quality.issue_rows on issue_rows.code = attribution.code
            and issue_rows.record_id = attribution.record_id
        where issue_rows.record_id is null or issue_rows.order_id <> attribution.order_id"""
    assert night.value(stray) == 0
    query = "select count(*) from quality.attribution anti join quality.failed_orders using (order_id, failure)"
    assert night.value(query) == 0
    assert night.value("select count(distinct through) from quality.attribution") >= 3


def test_few_defects_explain_most_and_each_explains_no_more_than_the_one_before(night: Warehouse) -> None:
    rows = night.rows(
        """select newly_explained, explained, failed_orders, explained_share
        from quality.attribution_summary order by rank"""
    )
    gains = [row[0] for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert [row[1] for row in rows] == [sum(gains[: place + 1]) for place in range(len(gains))]
    traced = night.value("select count(distinct order_id) from quality.attribution")
    failed = night.value("select count(distinct order_id) from quality.failed_orders")
    assert (rows[-1][1], rows[-1][2]) == (traced, failed)
    assert 0.3 < rows[-1][3] <= 1


def test_every_touchpoint_says_how_much_of_the_truth_it_knows_and_what_its_failures_cost(night: Warehouse) -> None:
    query = """select count(distinct touchpoint), min(agreement), max(agreement)
        from quality.touchpoint_matrix where entity = 'customer' and attribute = 'email'"""
    touchpoints, least, most = night.rows(query)[0]
    assert touchpoints >= 3
    assert 0.5 < least <= most <= 1
    query = "select sum(orders), sum(failed_orders), sum(cost) from quality.touchpoint_service where failure = 'all'"
    orders, failed, cost = night.rows(query)[0]
    assert orders == night.count("master.orders")
    assert failed == night.value("select count(distinct order_id) from quality.failed_orders")
    assert cost == night.value("select sum(cost) from quality.failed_orders")
