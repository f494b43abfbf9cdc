"""Replay: rows of the ledger that are gone are judged beside those that came, each once, and never written back."""

import json
from collections.abc import Iterator

import pytest

from dq_pipeline.config import Source
from dq_pipeline.quality.quarantine import validate_source
from dq_pipeline.quarantining import _add_gone, _outcome
from dq_pipeline.warehouse import Warehouse

SOURCE = Source.model_validate(
    {
        "name": "parcels",
        "title": "Parcels",
        "owner": "delivery",
        "touchpoint": "web",
        "location": {"path": "parcels.csv"},
        "key": ["id"],
        "columns": {"id": "text", "Odd name": "text", "pieces": "integer"},
    }
)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    warehouse.build(
        "raw.parcels",
        """select 'a' as id, 'x' as "Odd name", 'many' as pieces, 'parcels:a' as record_id, 'a' as source_key,
            1 as repeat_no, 'f' as source_file, cast(2 as bigint) as line_number, 'h' as file_hash""",
    )
    yield warehouse
    warehouse.close()


def entry(key: str | None, pieces: str, status: str, record_id: str | None = None) -> dict[str, object]:
    raw = json.dumps({"id": key, "Odd name": "it's", "pieces": pieces})
    name = record_id or f"parcels:{key}"
    return {"source": "parcels", "record_id": name, "source_key": key, "raw": raw, "status": status, "codes": ["old"]}


def test_gone_rows_are_judged_once_beside_those_that_came(warehouse: Warehouse) -> None:
    wanted = [
        entry("a", "many", "open"),
        entry("b", "3", "gone"),
        entry("c", "lots", "gone"),
        entry("a", "1", "gone", "parcels:a#2"),
        entry(None, "1", "gone", "parcels:?0123"),
    ]
    for _ in range(2):
        _add_gone(warehouse, SOURCE, wanted)
        found = warehouse.rows('select record_id, "Odd name", pieces, repeat_no from raw.parcels order by 1')
        assert found == [
            ("parcels:?0123", "it's", "1", 1),
            ("parcels:a", "x", "many", 1),
            ("parcels:a#2", "it's", "1", 2),
            ("parcels:b", "it's", "3", 1),
            ("parcels:c", "it's", "lots", 1),
        ]
    validate_source(warehouse, None, SOURCE)
    outcomes = [_outcome(warehouse, one) for one in wanted]
    assert [(one.record_id, one.status, one.now, one.verdict) for one in outcomes[:3]] == [
        ("parcels:a", "open", ("bad_pieces",), "kept out"),
        ("parcels:b", "gone", (), "passes"),
        ("parcels:c", "gone", ("bad_pieces",), "kept out"),
    ]
