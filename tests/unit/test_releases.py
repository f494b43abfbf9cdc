"""Releases: a row passes what it was released from while it stays as it is; anything else is said, and keeps it out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dq_pipeline.config import Source
from dq_pipeline.errors import ConfigError
from dq_pipeline.quality.quarantine import TYPE_EXPECTATION, validate_source
from dq_pipeline.quality.releases import COLUMNS, Release, append_releases, read_releases
from dq_pipeline.warehouse import Warehouse

SOURCE = Source.model_validate(
    {
        "name": "parcels",
        "title": "Parcels",
        "owner": "delivery",
        "touchpoint": "web",
        "location": {"path": "parcels.csv"},
        "key": ["id"],
        "columns": {"id": "text", "pieces": "integer", "weight": "integer"},
    }
)
HEADER = ",".join(COLUMNS)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    warehouse.build(
        "raw.parcels",
        """select * from (values
            ('one', 'many', '1', 'parcels:one', 'one'),
            ('two', 'many', 'heavy', 'parcels:two', 'two'),
            (null, 'many', '1', 'parcels:?0123', null),
            ('two', 'many', '1', 'parcels:two#2', 'two'),
            ('good', '1', '1', 'parcels:good', 'good')
        ) as t(id, pieces, weight, record_id, source_key),
        (select 1 as repeat_no, 'f' as source_file, cast(1 as bigint) as line_number, 'h' as file_hash)""",
    )
    yield warehouse
    warehouse.close()


def released(warehouse: Warehouse, record_id: str, column: str) -> Release:
    query = """select md5(cast(to_json(struct_pack(id := id, pieces := pieces, weight := weight)) as varchar))
        from raw.parcels where record_id = ?"""
    mark = warehouse.value(query, [record_id]) or "0" * 32
    return Release(record_id, mark, f"bad_{column}", TYPE_EXPECTATION, column, "it is right", "Ann Lee", "2026-11-19")


def kept_out(warehouse: Warehouse, *releases: Release) -> set[str]:
    validate_source(warehouse, None, SOURCE, None, releases)
    return {record_id for (record_id,) in warehouse.rows("select record_id from quarantined.rows")}


def statuses(warehouse: Warehouse) -> list[tuple[str, str]]:
    return warehouse.rows('select record_id, status from quarantined.releases order by record_id, "column"')


ALL = {"parcels:one", "parcels:two", "parcels:?0123", "parcels:two#2"}


def test_a_released_row_comes_in_and_what_is_no_value_of_its_type_is_null(warehouse: Warehouse) -> None:
    assert kept_out(warehouse) == ALL
    assert kept_out(warehouse, released(warehouse, "parcels:one", "pieces")) == ALL - {"parcels:one"}
    assert warehouse.rows("select pieces, weight from validated.parcels where id = 'one'") == [(None, 1)]
    assert statuses(warehouse) == [("parcels:one", "applied")]
    assert warehouse.rows("select record_id, released_by from quarantined.released_findings") == [
        ("parcels:one", "Ann Lee")
    ]
    # The line taken out again: the row is kept out again.
    assert kept_out(warehouse) == ALL
    assert warehouse.count("quarantined.released_findings") == 0


def test_a_row_passes_only_what_it_was_released_from(warehouse: Warehouse) -> None:
    first, second = (released(warehouse, "parcels:two", column) for column in ("pieces", "weight"))
    assert kept_out(warehouse, first) == ALL
    assert warehouse.rows("select column_name from quarantined.findings where record_id = 'parcels:two'") == [
        ("weight",)
    ]
    assert kept_out(warehouse, first, second) == ALL - {"parcels:two"}
    assert kept_out(warehouse, first, second, first) == ALL - {"parcels:two"}


def test_a_changed_row_is_judged_anew(warehouse: Warehouse) -> None:
    release = released(warehouse, "parcels:one", "pieces")
    warehouse.execute("update raw.parcels set weight = '2' where id = 'one'")
    assert kept_out(warehouse, release) == ALL
    assert statuses(warehouse) == [("parcels:one", "changed")]


def test_a_row_without_a_key_of_its_own_is_never_released(warehouse: Warehouse) -> None:
    refused = [released(warehouse, name, "pieces") for name in ("parcels:?0123", "parcels:two#2")]
    assert kept_out(warehouse, *refused) == ALL
    assert statuses(warehouse) == [("parcels:?0123", "refused"), ("parcels:two#2", "refused")]


def test_a_release_that_is_no_more_needed_is_said(warehouse: Warehouse) -> None:
    away = released(warehouse, "parcels:away", "pieces")
    assert kept_out(warehouse, released(warehouse, "parcels:good", "pieces"), away) == ALL
    assert statuses(warehouse) == [("parcels:away", "absent"), ("parcels:good", "passes")]


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "releases" / "parcels.csv"
    one = Release("parcels:1", "f" * 32, "c", "e", "", 'a "free" sample, small', "Ann Lee", "2026-11-19")
    assert read_releases(path) == []
    append_releases(path, [])
    assert not path.exists()
    append_releases(path, [one])
    append_releases(path, [replace(one, code="d")])
    assert read_releases(path) == [one, replace(one, code="d")]
    assert path.read_text("utf-8").startswith(f"{HEADER}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", r"parcels\.csv, line 1: the columns must be record_id, fingerprint"),
        (f"{HEADER}\nparcels:1,f,c,e,x,why,Ann\n", "line 2: 7 fields instead of 8"),
        (f"{HEADER}\nparcels:1,f,c,e,x,,Ann,2026-11-19\n", "line 2: reason is missing"),
        (f"{HEADER}\nparcels:1,f,c,e,x,why,,2026-11-19\n", "line 2: released_by is missing"),
        (f"{HEADER}\n\norders:1,f,c,e,x,why,Ann,2026-11-19\n", "line 3: orders:1 is no record of parcels"),
        (f"{HEADER}\nparcels:1,f,c,e,x,why,Ann,yesterday\n", "line 2: released_at 'yesterday' is no date"),
    ],
)
def test_a_fault_in_the_file_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "parcels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_releases(path)
