"""The same inputs and date give the same tables: run again, run with rows shuffled, run in another place."""

import json
import random
from pathlib import Path

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, copy_sample, published

# Timings, and where and what the extracts were: a shuffled file has another hash, and other line numbers.
APART = {"ops.stages", "ops.runs", "ops.sources"}


def tables(reader: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    names = [
        f"{schema}.{name}" for schema in ("master", "identity", "quality", "ops") for name in reader.tables(schema)
    ]
    return {name: reader.rows(f"select * from {name} order by all") for name in names if name not in APART}


def contents(project: Path) -> dict[str, list[tuple[object, ...]]]:
    reader = published(project)
    try:
        return tables(reader)
    finally:
        reader.close()


def differing(one: dict[str, list[tuple[object, ...]]], other: dict[str, list[tuple[object, ...]]]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


def test_a_second_run_changes_nothing(project: Path) -> None:
    before = contents(project)
    where = (project / "output/published").readlink()
    answer = call("run", "--project", project, "--json")
    assert answer.code == 0, answer.text
    document = json.loads(answer.text)
    assert document["verdict"] == "published"
    assert {row["source"] for row in document["summary"]["sources"]} >= {"crm_customers", "orders"}
    assert (project / "output/published").readlink() != where
    assert differing(before, contents(project)) == []


@pytest.mark.slow
def test_shuffled_rows_change_nothing(sample: Path, tmp_path: Path) -> None:
    copy_sample(tmp_path)
    shuffled = random.Random(7)
    for path in (tmp_path / "data/sample").glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        shuffled.shuffle(rows)
        path.write_text("".join([header, *rows]), encoding="utf-8")
    answer = call("run", "--project", tmp_path)
    assert answer.code == 0, answer.text
    assert differing(contents(sample), contents(tmp_path)) == []
