"""Sheets into judgements: when was it decided, what is alike, what is new."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.linkage import read_judgements
from dq_pipeline.reviewing import Fault, _agreement, _moment, import_decisions
from dq_pipeline.sheets import Line
from dq_pipeline.warehouse import Warehouse

NOW = datetime(2026, 11, 20, 14, 3, 11, tzinfo=UTC)
MOMENTS = [
    ("", "2026-11-20T14:03:11Z"),
    ("2026-11-19", "2026-11-19"),
    ("2026-11-19T08:00:00Z", "2026-11-19T08:00:00Z"),
    ("2026-11-19 08:00", "2026-11-19T08:00"),
    ("20261119", "2026-11-19"),
    ("19.11.2026", "2026-11-19"),
    ("11/19/2026", "2026-11-19"),
    ("19/11/2026", "2026-11-19"),
    ("07/07/2026", "2026-07-07"),
    ("2026-11-21", "2026-11-21"),
    ("07/08/2026", None),
    ("2026-11-22", None),
    ("yesterday", None),
    ("2026-13-01", None),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_when_it_was_decided(text: str, expected: str | None) -> None:
    faults: list[Fault] = []
    found = _moment(Line(7, {"decided_at": text}), NOW, faults)
    if expected is None:
        assert [(fault.line, fault.column) for fault in faults] == [(7, "decided_at")]
    else:
        assert (found, faults) == (expected, [])


def test_what_is_alike_is_told_without_saying_it() -> None:
    left = {"name": "Ann  LEE", "phone": "1", "city": None, "birth_date": "x", "created_at": "a", "source": "s", "n": 0}
    right = {"name": "ann lee", "phone": "2", "city": "Rome", "created_at": "a", "source": "s", "n": 0}
    assert _agreement(left, right) == ("name", "phone")


@pytest.fixture
def project(tmp_path: Path) -> Any:
    """As much of a project as an import looks at: two entities, of which nights have seen the records a to f."""
    (tmp_path / "output").mkdir()
    warehouse = Warehouse(tmp_path / "output/working.duckdb")
    warehouse.build(
        "mastered.known_records",
        """select entity, unnest(['a', 'b', 'c', 'd', 'e', 'f']) as record_id
        from (values ('person'), ('place')) as entities(entity)""",
    )
    warehouse.close()
    run = tmp_path / "output/runs/r/1"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text('{"run_id": "r", "run_date": "2026-11-20", "started_at": "x"}', encoding="utf-8")
    return SimpleNamespace(
        output=tmp_path / "output",
        entities=[SimpleNamespace(name="person"), SimpleNamespace(name="place")],
        judgements_path=lambda entity: tmp_path / f"judgements/{entity}.csv",
    )


def decide(project: Any, *lines: str, name: str = "sheet.csv") -> list[Any]:
    path = project.output / name
    path.write_text("\n".join(["entity,record_id_l,record_id_r,judgement,why", *lines]), encoding="utf-8")
    return import_decisions(project, path, "ann")


def in_file(project: Any, entity: str = "person") -> list[tuple[tuple[str, str], str]]:
    return [(one.pair, one.judgement) for one in read_judgements(project.judgements_path(entity))]


def test_lines_go_to_the_file_of_their_entity(project: Any) -> None:
    results = decide(project, "person,b,a,same,x", "place,a,b,different,", "place,c,d,,", "person,c,d,UNSURE,=1+1")
    told = [(one.entity, dict(one.added), one.unchanged, one.undecided) for one in results]
    assert told == [("person", {"same": 1, "unsure": 1}, 0, 0), ("place", {"different": 1}, 0, 1)]
    assert in_file(project) == [(("a", "b"), "same"), (("c", "d"), "unsure")]
    # The file of judgements is opened in spreadsheets too.
    assert [one.why for one in read_judgements(project.judgements_path("person"))] == ["x", "'=1+1"]
    assert in_file(project, "place") == [(("a", "b"), "different")]


def test_a_sheet_without_the_column_is_about_what_it_is_named_after(project: Any) -> None:
    assert [one.entity for one in decide(project, ",a,b,same,", name="place.csv")] == ["place"]


def test_a_decision_that_changes_is_added_and_the_old_one_stays(project: Any) -> None:
    decide(project, "person,a,b,same,")
    assert decide(project, "person,b,a,same,")[0].unchanged == 1
    decide(project, "person,a,b,different,", "person,a,b,different,")
    assert in_file(project) == [(("a", "b"), "same"), (("a", "b"), "different")]


def test_a_quarrel_is_ended_by_deciding_again_in_one_sheet(project: Any) -> None:
    decide(project, "person,a,b,same,", "person,b,c,same,")
    with pytest.raises(Exception, match=r"it contradicts a same b \(line 2 of person.csv\)"):
        decide(project, "person,a,c,different,")
    decide(project, "person,a,c,different,", "person,b,c,different,")
    assert in_file(project)[2:] == [(("a", "c"), "different"), (("b", "c"), "different")]


def test_one_fault_and_no_entity_is_written(project: Any) -> None:
    with pytest.raises(Exception, match="no place record is called 'nobody'"):
        decide(project, "person,a,b,same,", "place,a,nobody,same,")
    assert in_file(project) == in_file(project, "place") == []
    with pytest.raises(Exception, match="column entity: 'thing' is none of person, place"):
        decide(project, "place,a,nobody,same,", "thing,a,b,same,")
