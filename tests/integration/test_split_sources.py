"""A source that comes in parts one night and in one piece the next: who is who, and every id, stay as they were."""

import random
from pathlib import Path

import pytest

from tests.conftest import call, published

SPLIT = ("crm_customers", "orders", "shipments")
IDENTITY = {
    "ids": "select entity, record_id, master_id from identity.xref order by all",
    "history": "select entity, master_id, event, into_master_id from identity.id_history order by all",
    "queue": "select entity, priority, record_id_l, record_id_r, reason, worth from identity.review_queue order by all",
    "customers": "select * from master.customer order by all",
}


def seen(project: Path) -> dict[str, list[tuple[object, ...]]]:
    reader = published(project)
    try:
        return {name: reader.rows(query) for name, query in IDENTITY.items()}
    finally:
        reader.close()


def run(project: Path) -> None:
    answer = call("run", "--project", project)
    assert answer.code == 0, answer.text


@pytest.mark.slow
def test_a_source_in_parts_and_joined_again_changes_nobody(project: Path) -> None:
    before = seen(project)
    dealt, data = random.Random(3), project / "data/sample"
    for name in SPLIT:
        whole = data / f"{name}.csv"
        header, *rows = whole.read_text(encoding="utf-8").splitlines(keepends=True)
        parts: list[list[str]] = [[], [], []]
        for row in rows:
            dealt.choice(parts).append(row)
        (data / name).mkdir()
        for number, part in enumerate(parts):
            (data / name / f"{number}.csv").write_text("".join([header, *part]), encoding="utf-8")
        contract = project / f"pipelines/sources/{name}.yml"
        text = contract.read_text(encoding="utf-8")
        contract.write_text(text.replace(f"path: {name}.csv", f"path: {name}/*.csv, pick: all"), encoding="utf-8")
        whole.rename(data / f"{name}.whole")
    run(project)
    assert seen(project) == before
    for name in SPLIT:
        (data / f"{name}.whole").rename(data / f"{name}.csv")
        contract = project / f"pipelines/sources/{name}.yml"
        text = contract.read_text(encoding="utf-8")
        contract.write_text(text.replace(f"path: {name}/*.csv, pick: all", f"path: {name}.csv"), encoding="utf-8")
    run(project)
    assert seen(project) == before
