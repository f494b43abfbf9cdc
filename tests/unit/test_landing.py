"""From files to identified rows: keys, repeats, promises of the contract, hostile names, several files."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.unit.landing_case import DAY, contract, land_text, landed


def keys(found: Any) -> list[str]:
    return sorted(name.removeprefix("s:") for name in found.ids)


def test_a_key_again_is_numbered_and_the_newest_is_the_first(tmp_path: Path) -> None:
    found = land_text(tmp_path, "id,v\nA,1\nA,3\nA,2\nB,1\n", newest_by="v")
    assert dict(zip(found.ids, (row[2] for row in found.rows), strict=True)) == {
        "s:A#3": "1", "s:A": "3", "s:A#2": "2", "s:B": "1",
    }  # fmt: skip


NEWEST = [
    ("integer", ["9", "10", "x"], "10"),
    ("decimal", ["9.5", "10.25", "-3"], "10.25"),
    ({"type": "date", "formats": ["%d/%m/%Y"]}, ["31/12/2025", "01/01/2026", "30/11/2025"], "01/01/2026"),
    ("timestamp", ["2026-01-02 10:00", "2026-01-02 09:00", ""], "2026-01-02 10:00"),
    ("text", ["a", "b", ""], "b"),
]


@pytest.mark.parametrize(("kind", "values", "newest"), NEWEST, ids=[str(kind) for kind, _, _ in NEWEST])
def test_newest_is_meant_in_the_column_s_own_type(tmp_path: Path, kind: Any, values: list[str], newest: str) -> None:
    for order in (values, values[::-1]):
        content = "id,v\n" + "".join(f"A,{value}\n" for value in order)
        found = land_text(tmp_path, content, {"id": None, "v": kind}, newest_by="v")
        assert {name: row[2] for name, row in zip(found.ids, found.rows, strict=True)}["s:A"] == newest


def test_the_order_of_rows_changes_no_id(tmp_path: Path) -> None:
    lines = ["A,1", "A,2", "A,2", "B,1", ",x", ",y"]
    ids = []
    for order in (lines, lines[::-1], lines[3:] + lines[:3]):
        found = land_text(tmp_path, "id,v\n" + "\n".join(order) + "\n")
        ids.append(sorted(zip(found.ids, (row[2] or "" for row in found.rows), strict=True)))
    assert ids[0] == ids[1] == ids[2]


COMPOSITE = [
    ("x/y,z\nx,y/z\n", ["x%2Fy/z", "x/y%2Fz"]),
    ("x,%2F\nx,/\n", ["x/%252F", "x/%2F"]),
    ("a,1\nb,1\n", ["a/1", "b/1"]),
    (" a , 1\n", ["a/1"]),
]


@pytest.mark.parametrize(("lines", "expected"), COMPOSITE)
def test_two_keys_are_never_one_text(tmp_path: Path, lines: str, expected: list[str]) -> None:
    assert keys(land_text(tmp_path, f"id,v\n{lines}", key=["id", "v"])) == sorted(expected)


@pytest.mark.parametrize("line", [",1", "  ,1", "1,", "1,  ", " , "])
def test_a_key_with_a_blank_part_is_missing(tmp_path: Path, line: str) -> None:
    found = land_text(tmp_path, f"id,v\n{line}\n", key=["id", "v"])
    assert keys(found)[0].startswith("?")


def test_a_key_that_looks_like_a_repeat_is_another_record(tmp_path: Path) -> None:
    found = land_text(tmp_path, "id,v\nA,1\nA,2\nA#2,3\nA#2,4\nA#2#2,5\n")
    assert len(set(found.ids)) == 5
    assert {"s:A", "s:A#2", "s:A#2#2"} <= set(found.ids)
    by_id = dict(zip(found.ids, (row[1] for row in found.rows), strict=True))
    assert (by_id["s:A#2"], by_id["s:A#2#2"]) == ("A#2", "A#2#2")


def test_several_files_are_one_source(tmp_path: Path) -> None:
    for name, content in {"a_1.csv": "id,v\nA,1\nB,2\n", "a_2.csv": "v,id\n3,A\n", "a_3.csv": "id,v\n"}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    found = landed(tmp_path, contract(location={"path": "a_*.csv", "pick": "all"}, newest_by="v"))
    assert {name: row[2] for name, row in zip(found.ids, found.rows, strict=True)} == {
        "s:A": "3", "s:A#2": "1", "s:B": "2",
    }  # fmt: skip


def test_one_bad_file_of_several_leaves_no_half_source(tmp_path: Path) -> None:
    (tmp_path / "a_1.csv").write_text("id,v\nA,1\n", encoding="utf-8")
    (tmp_path / "a_2.csv").write_text("id,w\nA,1\n", encoding="utf-8")
    (tmp_path / "a_3.csv").write_bytes(b"")
    found = landed(tmp_path, contract(location={"path": "a_*.csv", "pick": "all"}))
    assert [gate for gate, _ in found.breaches] == ["changed_shape", "empty_extract"]
    assert found.rows == []


def test_a_file_name_is_never_taken_for_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "x1.csv").write_text("id,v\n9,wrong\n", encoding="utf-8")
    for name in ("x[1].csv", "x?.csv", "x*.csv", "x'1.csv", "x;1.csv", "x 1.csv", "x{1}.csv"):
        found = land_text(tmp_path, "id,v\n1,right\n", location={"path": name})
        assert found.rows == [(2, "1", "right")], name


HOSTILE = [
    'a"b',
    "a'b",
    "select",
    "a b",
    "a.b",
    "c0",
    "é",
    "a;drop table raw.s",
    "--",
    "a)b",
    "1",
    "rows",
    "key",
    "name",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_a_column(tmp_path: Path, name: str) -> None:
    header = '"' + name.replace('"', '""') + '"'
    found = land_text(tmp_path, f"{header},v\n1,a\n1,b\n", [name, "v"], newest_by=name)
    assert [row[1:] for row in found.rows] == [("1", "a"), ("1", "b")], found.breaches


SHAPES = [
    ("id,w\n1,a\n", {}, "missing: v; new: w"),
    ("id\n1\n", {}, "missing: v"),
    ("id,v,v\n1,a,b\n", {}, "twice: v"),
    ("id,v,x\n1,a,b\n", {}, "new: x"),
    ("id,v,x,x\n1,a,b,c\n", {"extra_columns": "ignore"}, None),
    ("ID,V\n1,a\n", {}, "missing: id, v; new: ID, V"),
    ("id;v\n1;a\n", {}, "missing: id, v; new: id;v"),
    ('"id,v\n1,a\n', {}, 'missing: id, v; new: "id,v'),
    ("ID,Ann Bell\n1,a\n", {}, "missing: id, v; new: ID, and 1 of other names; is line 1 a header?"),
    ("id,v,\n1,a,\n", {}, "new: "),
]


@pytest.mark.parametrize(("content", "more", "expected"), SHAPES)
def test_other_columns_are_a_breach_that_names_each(
    tmp_path: Path, content: str, more: dict[str, Any], expected: str | None
) -> None:
    found = land_text(tmp_path, content, **more)
    if expected is None:
        assert found.breaches == []
        assert [row[1:] for row in found.rows] == [("1", "a")]
        return
    [(gate, text)] = found.breaches
    assert gate == "changed_shape"
    assert "x.csv, line 1: " in text
    assert f"({expected}" in text


def test_a_column_may_have_another_name_in_the_file(tmp_path: Path) -> None:
    found = land_text(tmp_path, "Order No,v\n1,a\n", {"id": {"from": "Order No"}, "v": None})
    assert found.rows == [(2, "1", "a")]


PROMISES: list[tuple[int, dict[str, Any], str | None]] = [
    (0, {"rows": {"min": 1}}, "empty_extract"),
    (0, {"rows": {"min": 0}}, None),
    (9, {"rows": {"min": 10}}, "too_few_rows"),
    (10, {"rows": {"min": 10, "max": 10}}, None),
    (11, {"rows": {"min": 1, "max": 10}}, "too_many_rows"),
    (100_000, {"rows": {"min": 100_001}}, "too_few_rows"),
    (100_000, {"rows": {"max": 99_999}}, "too_many_rows"),
]


@pytest.mark.parametrize(("rows", "more", "gate"), PROMISES)
def test_row_bounds(tmp_path: Path, rows: int, more: dict[str, Any], gate: str | None) -> None:
    content = "id,v\n" + "".join(f"{number},a\n" for number in range(rows))
    assert [found for found, _ in land_text(tmp_path, content, **more).breaches] == ([gate] if gate else [])


DATES = {"type": "date", "formats": ["%d/%m/%Y"]}
FRESH: list[tuple[str, Any, list[str], int, bool]] = [
    ("today", "date", ["2026-11-20"], 0, True),
    ("yesterday", "date", ["2026-11-19"], 0, False),
    ("a week ago", "timestamp", ["2026-11-13 08:00:00"], 7, True),
    ("the last moment of the day", "timestamp", ["2026-11-20 23:59:59.999999"], 0, True),
    ("tomorrow does not count", "date", ["2026-11-21", "2026-11-01"], 7, False),
    ("declared formats", DATES, ["19/11/2026"], 1, True),
    ("declared formats, old", DATES, ["09/11/2026"], 1, False),
    ("never filled", "date", ["", ""], 400, False),
    ("no dates", "date", ["soon", "n/a"], 400, False),
    ("text that is a date", "text", ["2026-11-20"], 0, True),
]


@pytest.mark.parametrize(("name", "kind", "values", "days", "is_fresh"), FRESH, ids=[case[0] for case in FRESH])
def test_freshness(tmp_path: Path, name: str, kind: Any, values: list[str], days: int, is_fresh: bool) -> None:
    content = "id,v\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values))
    more = {"freshness": {"column": "v", "max_age_days": days}}
    found = land_text(tmp_path, content, {"id": None, "v": kind}, **more)
    assert [gate for gate, _ in found.breaches] == ([] if is_fresh else ["stale_extract"]), name


def test_the_date_of_the_run_chooses_the_file(tmp_path: Path) -> None:
    for day in (19, 20):
        (tmp_path / f"x_202611{day}.csv").write_text(f"id,v\n{day},a\n", encoding="utf-8")
    source = contract(location={"path": "x_{run_date:%Y%m%d}.csv"})
    assert landed(tmp_path, source, DAY).rows == [(2, "20", "a")]
    assert landed(tmp_path, source, date(2026, 11, 19)).rows == [(2, "19", "a")]
    assert landed(tmp_path, source, date(2026, 11, 18)).breaches[0][0] == "missing_extract"


def test_an_optional_column_may_be_missing_and_is_empty_then(tmp_path: Path) -> None:
    columns = {"id": None, "v": None, "w": {"optional": True}}
    found = land_text(tmp_path, "id,v\nA,1\n", columns)
    assert (found.rows, found.breaches) == ([(2, "A", "1", None)], [])
    assert land_text(tmp_path, "id,v,w\nA,1,x\n", columns).rows == [(2, "A", "1", "x")]


def test_a_column_that_is_not_optional_may_not_be_missing(tmp_path: Path) -> None:
    found = land_text(tmp_path, "id,w\nA,x\n", {"id": None, "v": None, "w": {"optional": True}})
    assert [gate for gate, _ in found.breaches] == ["changed_shape"]
    assert "missing: v" in found.breaches[0][1]


def test_a_part_of_the_key_cannot_be_optional() -> None:
    with pytest.raises(ValueError, match="part of the key"):
        contract({"id": {"optional": True}, "v": None})
