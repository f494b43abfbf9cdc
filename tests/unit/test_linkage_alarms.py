"""The alarms of clustering: one too large, one that a single record bridges, one that contradicts itself.

Each fires at 50 and at 50,000 records and stays quiet at both sizes where nothing is wrong; none loses a record.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dq_pipeline.linkage import cluster, prepare, score, train
from dq_pipeline.quality.gates import largest_cluster_breaches
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_people import clusters, people, person, warehouse_of

Rows = list[tuple[str | None, ...]]

SIZES = [50, 50_000]
LARGEST = 5
ENTITY = person(max_cluster_size=LARGEST)
# Eight records that are all alike enough: a desk's own e-mail under one name.
GIANT: Rows = [(f"giant{number}", "paula", "desk", None, "desk@q.com", f"555{number}", None) for number in range(8)]
# Two persons, each of two records, and one record that has the e-mail of one and the phone of the other.
BRIDGED: Rows = [
    ("bridge-a1", "anna", "quirk", "1970-01-01", "anna@q.com", None, None),
    ("bridge-a2", "anna", "quirk", "1970-01-01", "anna@q.com", "771", None),
    ("bridge-b1", "anna", "quirk", "1931-05-05", None, "772", None),
    ("bridge-b2", "anna", "quirk", "1931-05-05", None, "772", None),
    ("bridge-x", "anna", "quirk", None, "anna@q.com", "772", None),
]
# Alike in all but the date of birth.
CONTRADICTED: Rows = [
    (f"odd{number}", "otto", "zimt", born, "o@z.com", "773", None)
    for number, born in enumerate(["1950-01-01", "1987-07-17"])
]
PLANTED = [*GIANT, *BRIDGED, *CONTRADICTED]


def _model() -> dict[str, Any]:
    warehouse = warehouse_of(people(60))
    prepare(warehouse, ENTITY)
    model = train(warehouse, ENTITY)
    warehouse.close()
    return model


MODEL = _model()


def _linked(size: int, planted: Rows) -> Warehouse:
    """`size` records, the planted ones among them, linked and mastered one master a cluster."""
    rest = people(size // 2)[: size - len(planted)]
    warehouse = warehouse_of([*rest, *planted])
    prepare(warehouse, ENTITY)
    score(warehouse, ENTITY, MODEL)
    cluster(warehouse, ENTITY, MODEL, [])
    warehouse.build("raw.sources", "select 'crm' as source")
    warehouse.build(
        "mastered.xref",
        """select 'person' as entity, 'crm' as source, record_id, cluster_id as master_id
        from linked.person_clusters""",
    )
    return warehouse


@pytest.fixture(scope="module", params=SIZES)
def alarmed(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    warehouse = _linked(request.param, PLANTED)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module", params=SIZES)
def quiet(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    warehouse = _linked(request.param, [])
    yield warehouse
    warehouse.close()


def _alarms(warehouse: Warehouse) -> set[tuple[str, str]]:
    """(what was planted, reason) of the pairs that wait for a steward because a merge was refused."""
    rows = warehouse.rows(
        """select record_id_l, record_id_r, reason from linked.person_review where reason <> 'unsure'
        order by record_id_l, record_id_r"""
    )
    kinds = [{record.rstrip("0123456789").split("-")[0] for record in row[:2]} for row in rows]
    assert all(len(kind) == 1 for kind in kinds), rows
    return {(kind.pop(), row[2]) for kind, row in zip(kinds, rows, strict=True)}


def _breached(warehouse: Warehouse, largest: int) -> list[str]:
    gates = SimpleNamespace(gates=SimpleNamespace(largest_cluster=largest))
    return [breach.where for breach in largest_cluster_breaches(warehouse, cast(Any, SimpleNamespace(settings=gates)))]


def _records_in(warehouse: Warehouse) -> list[tuple[int, int]]:
    return warehouse.rows("select count(*), count(distinct record_id) from linked.person_clusters")


def test_the_alarms_fire_and_lose_no_record(alarmed: Warehouse) -> None:
    assert _alarms(alarmed) == {("giant", "oversize"), ("bridge", "conflict:birth"), ("odd", "conflict:birth")}
    size = alarmed.count("standardized.person")
    assert size in SIZES
    assert _records_in(alarmed) == [(size, size)]


def test_what_fired_is_held_apart(alarmed: Warehouse) -> None:
    found = clusters(alarmed)
    largest = "select count(*) from linked.person_clusters group by cluster_id order by 1 desc limit 1"
    assert alarmed.value(largest) <= LARGEST
    assert found["odd0"] != found["odd1"]
    assert found["bridge-a1"] == found["bridge-a2"] != found["bridge-b1"] == found["bridge-b2"]
    assert found["bridge-x"] in {found["bridge-a1"], found["bridge-b1"]}
    assert len({found[f"giant{number}"] for number in range(len(GIANT))}) > 1


def test_the_gate_fires_on_a_master_of_too_many_records(alarmed: Warehouse) -> None:
    assert _breached(alarmed, LARGEST - 3)
    assert _breached(alarmed, LARGEST) == []


def test_where_nothing_is_wrong_no_alarm_fires(quiet: Warehouse) -> None:
    assert _alarms(quiet) == set()
    assert _breached(quiet, LARGEST - 3) == []
    size = quiet.count("standardized.person")
    assert _records_in(quiet) == [(size, size)]
    assert quiet.value("select count(distinct cluster_id) from linked.person_clusters") == size // 2
