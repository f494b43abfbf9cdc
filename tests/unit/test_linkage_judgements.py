"""Judgements: read with an error for every malformed line, settled among themselves, never guessed."""

from dataclasses import replace
from pathlib import Path

import pytest

from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage import Judgement, read_judgements
from dq_pipeline.linkage.judgements import append_judgements, contradictions, judgement_ids, settle

HEADER = "record_id_l,record_id_r,judgement,decided_by,decided_at,why\n"


def _file(tmp_path: Path, body: str, header: str = HEADER) -> Path:
    path = tmp_path / "person.csv"
    path.write_text(header + body, encoding="utf-8")
    return path


def _given(*rows: tuple[str, str, str, str]) -> list[Judgement]:
    return [
        Judgement(min(left, right), max(left, right), kind, "ann", decided_at, "", line)
        for line, (left, right, kind, decided_at) in enumerate(rows, start=2)
    ]


def test_a_missing_file_has_no_judgements(tmp_path: Path) -> None:
    assert read_judgements(tmp_path / "none.csv") == []


def test_judgements_are_read_with_the_smaller_record_first(tmp_path: Path) -> None:
    path = _file(
        tmp_path, 'b:2,a:1,same,ann,2026-11-01,"same hand, same pen"\n\nc:1,d:1,unsure,ann,2026-11-02T10:00:00,\n'
    )
    assert [(one.pair, one.judgement, one.why, one.line) for one in read_judgements(path)] == [
        (("a:1", "b:2"), "same", "same hand, same pen", 2),
        (("c:1", "d:1"), "unsure", "", 4),
    ]


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("a,b,same,ann,2026-11-01\n", 2, "5 fields instead of 6"),
        ("a,b,same,ann,2026-11-01,why,more\n", 2, "7 fields instead of 6"),
        ("a,b,equal,ann,2026-11-01,\n", 2, "'equal' is none of"),
        ("a,a,same,ann,2026-11-01,\n", 2, "against itself"),
        ("a,,same,ann,2026-11-01,\n", 2, "record id is missing"),
        ("a,b,same,ann,2026-11-01,\na,c,same,ann,yesterday,\n", 3, "'yesterday' is no date"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, body: str, line: int, message: str) -> None:
    path = _file(tmp_path, body)
    with pytest.raises(ConfigError, match=message) as raised:
        read_judgements(path)
    assert raised.value.where == f"{path}, line {line}"


def test_other_columns_and_other_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the columns must be"):
        read_judgements(_file(tmp_path, "", "left,right\n"))
    path = tmp_path / "latin.csv"
    path.write_bytes(HEADER.encode() + b"a,b,same,Andr\xe9,2026-11-01,\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_judgements(path)


def test_the_latest_judgement_on_a_pair_holds() -> None:
    settled = settle(_given(("a", "b", "same", "2026-11-02"), ("b", "a", "different", "2026-11-03")))
    assert [settled.statuses[one] for one in settled.statuses] == ["superseded", "applied"]
    assert settled.apart == {("a", "b")}


def test_same_and_different_reach_as_far_as_they_imply() -> None:
    settled = settle(_given(("a", "b", "same", "1"), ("b", "c", "same", "1"), ("c", "d", "different", "1")))
    assert settled.groups == {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert settled.apart == {("a", "d")}


def test_contradictions_are_reported_and_nothing_of_them_is_joined() -> None:
    judgements = _given(
        ("a", "b", "same", "1"), ("b", "c", "same", "1"), ("a", "c", "different", "1"), ("x", "y", "same", "1")
    )
    settled = settle(judgements)
    assert [settled.statuses[one] for one in judgements] == ["contradicted"] * 3 + ["applied"]
    assert settled.groups == {"a": "a", "b": "b", "c": "c", "x": "x", "y": "x"}
    assert settled.apart == {("a", "c")}


def test_unsure_decides_nothing() -> None:
    settled = settle(_given(("a", "b", "unsure", "1")))
    assert list(settled.statuses.values()) == ["unsure"]
    assert not settled.groups


def test_within_a_day_times_decide_where_all_tell_them_and_lines_where_not() -> None:
    timed = _given(("a", "b", "same", "2026-11-02T15:00:00Z"), ("a", "b", "different", "2026-11-02T09:00:00Z"))
    assert [settle(timed).statuses[one] for one in timed] == ["applied", "superseded"]
    mixed = _given(("a", "b", "same", "2026-11-02T15:00:00Z"), ("a", "b", "different", "2026-11-02"))
    assert [settle(mixed).statuses[one] for one in mixed] == ["superseded", "applied"]


def test_ids_of_judgements_last_while_others_come_and_go() -> None:
    given = _given(("a", "b", "same", "1"), ("a", "b", "same", "1"), ("c", "d", "same", "1"))
    ids = judgement_ids(given)
    assert len(set(ids.values())) == 3
    again = judgement_ids(_given(("x", "y", "unsure", "1"), ("a", "b", "same", "1"), ("c", "d", "same", "1")))
    assert set(ids.values()) & set(again.values()) == {ids[given[0]], ids[given[2]]}


def test_those_who_quarrel_are_named_together() -> None:
    one = (("a", "b", "same", "1"), ("b", "c", "same", "1"), ("a", "c", "different", "1"))
    other = (("p", "q", "same", "1"), ("q", "r", "same", "1"), ("p", "r", "different", "1"))
    given = _given(*one, *other, ("x", "y", "same", "1"))
    assert contradictions(given) == [given[:3], given[3:6]]


def test_new_judgements_are_added_at_the_end_and_the_old_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "judgements/person.csv"
    first, second, third = _given(
        ("a", "b", "same", "2026-11-02"), ("c", "d", "different", "2026-11-03"), ("e", "f", "unsure", "2026-11-03")
    )
    append_judgements(path, [])
    assert not path.exists()
    append_judgements(path, [first])
    assert path.read_text(encoding="utf-8") == HEADER + "a,b,same,ann,2026-11-02,\n"
    path.write_bytes(b"\xef\xbb\xbf" + HEADER.strip().encode() + b'\r\nx,y,same,bo,2026-11-01,"two\r\nlines"')
    append_judgements(path, [replace(second, why='she said "no", twice'), third])
    assert [(one.pair, one.judgement, one.why) for one in read_judgements(path)] == [
        (("x", "y"), "same", "two\r\nlines"),
        (("c", "d"), "different", 'she said "no", twice'),
        (("e", "f"), "unsure", ""),
    ]
    assert [entry.name for entry in path.parent.iterdir()] == ["person.csv"]
