"""Every gate fires where it should and keeps still where it should not, at small and at large size."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config import Gates
from dq_pipeline.quality.gates import (
    conservation_breaches,
    id_churn_breaches,
    identity_breaches,
    judged_breaches,
    largest_cluster_breaches,
    model_drift_breaches,
    quarantine_breaches,
)
from dq_pipeline.warehouse import Warehouse

SIZES = [1_000, 100_000]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


def project(**gates: Any) -> Any:
    """As much of a project as gates look at."""
    source, entity = SimpleNamespace(name="s", owner="sales"), SimpleNamespace(name="thing", id_column="thing_id")
    return SimpleNamespace(
        sources=[source],
        entities=[entity],
        source=lambda _: source,
        settings=SimpleNamespace(gates=Gates.model_validate(gates)),
    )


def divided(warehouse: Warehouse, read: int, validated: int, quarantined: int, unparsed: int) -> None:
    warehouse.build("raw.sources", f"select 's' as source, {read} as rows_read")
    warehouse.build("validated.s", f"select range as id from range({validated})")
    warehouse.build("quarantined.rows", f"select 's' as source, range as id from range({quarantined})")
    warehouse.build("raw.unparsed", f"select 's' as source, range as line_number from range({unparsed})")


CONSERVED = [
    (0, 0, 0, 0, True),
    (1_000, 1_000, 0, 0, True),
    (1_000, 900, 90, 10, True),
    (1_000, 999, 0, 0, False),
    (1_000, 1_000, 1, 0, False),
    (1_000, 999, 0, 2, False),
    (100_000, 99_000, 990, 10, True),
    (100_000, 99_000, 990, 9, False),
    (100_000, 100_001, 0, 0, False),
]


@pytest.mark.parametrize(("read", "validated", "quarantined", "unparsed", "holds"), CONSERVED)
def test_conservation(
    warehouse: Warehouse, read: int, validated: int, quarantined: int, unparsed: int, holds: bool
) -> None:
    divided(warehouse, read, validated, quarantined, unparsed)
    breaches = conservation_breaches(warehouse, project())
    assert [breach.gate for breach in breaches] == ([] if holds else ["conservation"])
    if breaches:
        assert f"{read:,} rows read, but {validated:,} validated" in breaches[0].message


QUARANTINE = [
    (0.05, 0.05, False),
    (0.05, 0.051, True),
    (0.0, 0.0, False),
    (0.0, 0.001, True),
    (1.0, 1.0, False),
    (0.29, 0.29, False),
    (0.57, 0.57, False),
    (0.07, 0.07, False),
    (0.5, 1.0, True),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("limit", "share", "fires"), QUARANTINE)
def test_quarantine_share(warehouse: Warehouse, rows: int, limit: float, share: float, fires: bool) -> None:
    kept_out = round(rows * share)
    divided(warehouse, rows, rows - kept_out, kept_out, 0)
    breaches = quarantine_breaches(warehouse, project(quarantine_share=limit))
    assert [(breach.gate, breach.where) for breach in breaches] == ([("quarantine_share", "s")] if fires else [])


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("largest", "fires"), [(200, False), (201, True), (1_000, True)])
def test_largest_cluster(warehouse: Warehouse, rows: int, largest: int, fires: bool) -> None:
    warehouse.build("raw.sources", "select 's' as source, 1 as rows_read")
    warehouse.build(
        "mastered.xref",
        f"""select 'thing' as entity, 's' as source, 's:' || range as record_id,
            case when range < {largest} then 'big' else 'own' || range end as master_id from range({rows})""",
    )
    breaches = largest_cluster_breaches(warehouse, project(largest_cluster=200))
    assert [(breach.gate, breach.where) for breach in breaches] == ([("largest_cluster", "thing big")] if fires else [])


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("select 1 where false", None),
        ("delete from mastered.xref where record_id = 's:7'", "but {less:,} rows and {less:,} records"),
        ("insert into mastered.xref select * from mastered.xref where record_id = 's:7'", "but {more:,} rows"),
        ("delete from mastered.thing where thing_id = 'm3'", "belong to a master that has no row in mastered.thing"),
        ("update mastered.xref set entity = 'other' where record_id = 's:7'", "but {less:,} rows"),
    ],
    ids=["whole", "a record without id", "a record with two", "a master without row", "another entity"],
)  # fmt: skip
def test_identity(warehouse: Warehouse, rows: int, fault: str, message: str | None) -> None:
    warehouse.build("standardized.thing", f"select 's:' || range as record_id from range({rows})")
    warehouse.build(
        "mastered.xref",
        f"select 'thing' as entity, 's:' || range as record_id, 'm' || (range % 10) as master_id from range({rows})",
    )
    warehouse.build("mastered.thing", "select 'm' || range as thing_id from range(10)")
    warehouse.execute(fault)
    breaches = identity_breaches(warehouse, project())
    assert [breach.gate for breach in breaches] == ([] if message is None else ["identity"])
    if message is not None:
        assert message.format(rows=rows, less=rows - 1, more=rows + 1) in breaches[0].message


@pytest.mark.parametrize(("limit", "fires"), [(None, False), (0.5, False), (0.25, True)])
def test_model_drift_stops_a_night_only_where_a_limit_is_set(
    warehouse: Warehouse, limit: float | None, fires: bool
) -> None:
    warehouse.execute("create table scored.model_drift (entity varchar, comparison varchar, label varchar, psi double)")
    for comparison, psi in (("phone", 0.3), ("email", 0.01), ("birth_date", None)):
        for label in ("same", "other"):
            warehouse.execute("insert into scored.model_drift values ('thing', ?, ?, ?)", [comparison, label, psi])
    found = model_drift_breaches(warehouse, project(model_drift=limit))
    assert [breach.where for breach in found] == (["entities/thing.yml, comparison phone"] if fires else [])


CHURN = [
    (0.1, {}, False),
    (0.1, {"merged": 0.1}, False),
    (0.1, {"merged": 0.101}, True),
    (0.1, {"merged": 0.04, "split": 0.04, "retired": 0.04}, True),
    (0.1, {"merged": 0.03, "split": 0.03, "retired": 0.04}, False),
    (0.0, {"split": 0.001}, True),
    (1.0, {"retired": 1.0}, False),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("limit", "shares", "fires"), CHURN)
def test_id_churn(warehouse: Warehouse, rows: int, limit: float, shares: dict[str, float], fires: bool) -> None:
    # Each id has two records; ids of records that are away, and of another entity, count for nothing.
    warehouse.build(
        "mastered.known_before",
        f"""select 'thing' as entity, 'm' || range as master_id, true as is_live from range({rows})
        union all select 'thing', 'm' || range, true from range({rows})
        union all select 'thing', 'away' || range, false from range({rows})
        union all select 'other', 'o' || range, true from range({rows})""",
    )
    warehouse.execute("create table mastered.id_events (entity varchar, master_id varchar, event varchar)")
    begin = 0
    for event, share in shares.items():
        end = begin + round(rows * share)
        query = f"select 'thing', 'm' || range, '{event}' from range({begin}, {end})"
        warehouse.execute(f"insert into mastered.id_events {query}")
        if event == "split":
            # Split in three, and once more merged: one id that changed.
            warehouse.execute(f"insert into mastered.id_events {query} union all {query.replace('split', 'merged')}")
        begin = end
    warehouse.execute(
        f"""insert into mastered.id_events select 'thing', 'away' || range, 'merged' from range({rows})
        union all select 'thing', 'new' || range, 'created' from range({rows})
        union all select 'other', 'o' || range, 'merged' from range({rows})"""
    )
    breaches = id_churn_breaches(warehouse, project(id_churn=limit))
    assert [(breach.gate, breach.where) for breach in breaches] == ([("id_churn", "thing")] if fires else [])
    if breaches and "split" not in shares:
        assert f"{begin:,} of {rows:,} master ids" in breaches[0].message
        assert f"{begin:,} merged, 0 split, 0 retired" in breaches[0].message


def test_the_first_night_has_no_churn(warehouse: Warehouse) -> None:
    warehouse.execute("create table mastered.known_before (entity varchar, master_id varchar, is_live boolean)")
    warehouse.build(
        "mastered.id_events", "select 'thing' as entity, 'm' || range as master_id, 'created' as event from range(9)"
    )
    assert id_churn_breaches(warehouse, project(id_churn=0.0)) == []


JUDGED = [
    (None, None, []),
    (0.9, None, []),
    (0.901, None, ["judged_precision"]),
    (None, 0.51, ["judged_recall"]),
    (0.95, 0.8, ["judged_precision", "judged_recall"]),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("precision", "recall", "gates"), JUDGED)
def test_judged_floors(
    warehouse: Warehouse, rows: int, precision: float | None, recall: float | None, gates: list[str]
) -> None:
    # Of so many judged pairs nine in ten are merged rightly, and half of the same ones are merged.
    warehouse.build(
        "mastered.judged_accuracy",
        f"""select 'thing' as entity, avg(cast(range % 10 > 0 as integer)) as precision, 0.8 as precision_from,
            0.95 as precision_to, avg(cast(range % 2 as integer)) as recall, 0.4 as recall_from, 0.6 as recall_to
        from range({rows})
        union all select 'nobody_judged', null, null, null, null, null, null""",
    )
    found = judged_breaches(warehouse, project(judged_precision=precision, judged_recall=recall))
    assert [(breach.gate, breach.where) for breach in found] == [(gate, "thing") for gate in gates]
    if gates == ["judged_recall"]:
        assert "50.0% of the pairs judged the same are merged, under 51.0%" in found[0].message
