"""What each touchpoint says of a customer is held against the golden record, at small and large size."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config.entity import GoldenField
from dq_pipeline.config.scoring import Touchpoints
from dq_pipeline.scorecard.touchpoints import build_touchpoints
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.unit.test_anomalies import DAY


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    load_macros(warehouse)
    set_run_values(warehouse, "tonight", DAY)
    yield warehouse
    warehouse.close()


def project(**matrix: Any) -> Any:
    """As much of a project as the matrix looks at: two sources, one of which says row by row where it was."""
    sources = {
        "shop": SimpleNamespace(name="shop", touchpoint="web", touchpoint_column="channel"),
        "desk": SimpleNamespace(name="desk", touchpoint="support", touchpoint_column=None),
    }
    fields = [GoldenField(name="email"), GoldenField(name="born"), GoldenField(name="updated_at")]
    golden = SimpleNamespace(fields=fields, dated_by="updated_at")
    entity = SimpleNamespace(name="customer", id_column="customer_id", sources=("shop", "desk"), golden=golden)
    settings = SimpleNamespace(touchpoint_matrix=Touchpoints(**matrix), touchpoints=("web", "support"))
    return SimpleNamespace(entities=[entity], settings=settings, source=sources.get)


def tables(warehouse: Warehouse, customers: int, wrong: int) -> None:
    """Each customer has a record of web, store and desk; `wrong` e-mails of the web differ."""
    said = """case place when 'web' then if(id < {wrong}, 'old' || id, 'E' || id) when 'store' then 'e' || id end"""
    warehouse.build(
        "mastered.customer_records",
        f"""select id as customer_id, place || ':' || id as record_id, {said.format(wrong=wrong)} as email,
            date '1980-01-01' + if(place = 'desk', 1, 0) as born, timestamp '2026-01-01' as updated_at
        from range({customers}) as ids(id), (values ('web'), ('store'), ('desk')) as places(place)""",
    )
    warehouse.build(
        "mastered.customer_golden",
        f"""select range as customer_id, 'e' || range as email, date '1980-01-01' as born, null::timestamp as updated_at
        from range({customers})""",
    )
    # The web is the shop's own touchpoint: its rows leave the channel blank.
    warehouse.build(
        "validated.shop",
        """select record_id, if(record_id like 'store%', 'store', null) as channel
        from mastered.customer_records where record_id not like 'desk%'""",
    )
    warehouse.build("validated.desk", "select record_id from mastered.customer_records where record_id like 'desk%'")
    warehouse.execute("create table scored.touchpoint_profile (touchpoint varchar, rows bigint)")
    warehouse.execute("create table scored.order_outcomes (order_id varchar, touchpoint varchar, is_perfect boolean)")
    warehouse.execute(
        "create table scored.failed_orders (order_id varchar, touchpoint varchar, failure varchar, cost double)"
    )


def matrix(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    query = (
        "select attribute, touchpoint, agree, contradict, missing, status, nights_below from scored.touchpoint_matrix"
    )
    return warehouse.rows(f"{query} order by attribute, touchpoint")


@pytest.mark.parametrize("customers", [1_000, 100_000])
def test_records_are_held_against_the_golden_values(warehouse: Warehouse, customers: int) -> None:
    tables(warehouse, customers, wrong=customers // 10)
    build_touchpoints(warehouse, project(), None)
    right = customers - customers // 10
    assert matrix(warehouse) == [
        ("born", "store", customers, 0, 0, "met", 0),
        ("born", "support", 0, customers, 0, "missed", 1),
        ("born", "web", customers, 0, 0, "met", 0),
        # The desk knows no e-mail at all: it neither agrees nor contradicts.
        ("email", "store", customers, 0, 0, "met", 0),
        ("email", "web", right, customers // 10, 0, "missed", 1),
    ]


def test_targets_differ_by_attribute_and_some_are_not_compared(warehouse: Warehouse) -> None:
    tables(warehouse, 100, wrong=10)
    build_touchpoints(warehouse, project(targets={"customer.email": 0.9}, ignore=("customer.born",)), None)
    assert [(*row[:2], row[5]) for row in matrix(warehouse)] == [("email", "store", "met"), ("email", "web", "met")]


def test_a_streak_goes_on_from_the_night_before(warehouse: Warehouse, tmp_path: Path) -> None:
    tables(warehouse, 100, wrong=10)
    build_touchpoints(warehouse, project(), None)
    before = tmp_path / "before.duckdb"
    warehouse.attach(before, "release", read_only=False)
    warehouse.execute("create schema release.quality")
    warehouse.execute(
        """create table release.quality.touchpoint_matrix as
        select * replace (run_date - 1 as run_date, below_since - 1 as below_since) from scored.touchpoint_matrix"""
    )
    warehouse.detach("release")
    build_touchpoints(warehouse, project(), before)
    query = """select cast(below_since as varchar), nights_below from scored.touchpoint_matrix
        where attribute = 'email' and touchpoint = 'web'"""
    assert warehouse.rows(query) == [("2026-11-19", 2)]
    build_touchpoints(warehouse, project(agreement=0.8), before)
    assert warehouse.rows(query) == [(None, 0)]
