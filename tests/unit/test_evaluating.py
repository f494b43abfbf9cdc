"""The truth file and its faults, each with file, line and remedy; the document that comes of a truth."""

import json
from pathlib import Path

import pytest

from dq_pipeline.errors import ConfigError
from dq_pipeline.evaluating import load_truth, system_pairs
from dq_pipeline.linkage.losses import PairCount
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_tables import PERSON, linked

RECORDS = ("crm:1", "crm:2", "shop:2", "shop:3")


@pytest.fixture
def warehouse() -> Warehouse:
    return linked("person", clusters=[{"record_id": record, "cluster_id": record} for record in RECORDS])


def loaded(warehouse: Warehouse, folder: Path, text: str, **columns: str) -> dict[str, str]:
    path = folder / "truth.csv"
    path.write_text(text, encoding="utf-8")
    load_truth(warehouse, PERSON, path, **columns)
    return dict(warehouse.rows("select record_id, entity_id from truth"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("record_id,entity_id\ncrm:1,x\nshop:3,y\n", {"crm:1": "x", "shop:3": "y"}),
        ("\ufeffentity_id,record_id\nx,crm:1\n", {"crm:1": "x"}),
        ("source_record_id,entity_id\n1,x\n3,y\n", {"crm:1": "x", "shop:3": "y"}),
        ("source_key, who\n 1 ,x\n", {"crm:1": "x"}),
        ("record_id,person_id,note\ncrm:1,x,\n", {"crm:1": "x"}),
        ("record_id,note,who\ncrm:1,,x\n", {"crm:1": "x"}),
        ('record_id,entity_id\r\n"crm:1","x, the first"\r\ncrm:9,y', {"crm:1": "x, the first", "crm:9": "y"}),
    ],
)
def test_ids_are_record_ids_or_keys(warehouse: Warehouse, tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    assert loaded(warehouse, tmp_path, text) == expected


def test_columns_may_be_named(warehouse: Warehouse, tmp_path: Path) -> None:
    text = "key,who,entity_id\n1,x,z\n"
    assert loaded(warehouse, tmp_path, text, id_column="key", truth_column="who") == {"crm:1": "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: fewer than two columns"),
        ("record_id\ncrm:1\n", "line 1: fewer than two columns"),
        ("record_id,record_id\ncrm:1,x\n", "line 1: the column record_id stands twice"),
        ("key,who\n1,x\n", "line 1: there is no column record_id or source_record_id or source_key; it has key, who"),
        ("record_id,who\ncrm:1,x\ncrm:2,\n", "line 3: record_id or who is empty"),
        ("record_id,who\ncrm:1,x\ncrm:2,y\ncrm:1,x\n", "line 4: record_id crm:1 stands in line 2 too"),
        ("source_key,who\n1,x\ncrm:1,x\n", "line 3: the record crm:1 stands in line 2 too"),
        ("source_key,who\n2,x\n", "line 2: source_key 2 may be crm:2 or shop:2"),
        ("record_id,who\nabc,x\n", "none of its records is a person of the last run: its first record_id is abc"),
        ("record_id,who\ncrm:1,x,y\n", "line 2: not readable as CSV of 2 columns"),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_line(
    warehouse: Warehouse, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(warehouse, tmp_path, text)
    assert message in str(raised.value)
    assert "truth.csv" in str(raised.value)
    assert raised.value.remedy


def test_a_named_column_that_is_not_there_is_an_error(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column truth; it has who"):
        loaded(warehouse, tmp_path, "record_id,who\ncrm:1,x\n", truth_column="truth")


def test_systems_are_summed_and_the_largest_comes_first() -> None:
    counts = [
        PairCount("a", "a", True, True, "scored", 3),
        PairCount("a", "a", True, False, "unseen", 1),
        PairCount("a", "a", False, True, "weak", 1),
        PairCount("a", "b", True, False, "weak", 9),
    ]
    first, second = system_pairs(counts)
    assert (first.system_l, first.system_r, first.true_pairs, first.precision, first.recall) == ("a", "b", 9, 1, 0)
    assert (second.found_pairs, second.precision, second.recall) == (4, 0.75, 0.75)
    assert json.dumps([vars(first), vars(second)])
