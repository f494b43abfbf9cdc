"""Parquet, JSON lines and Excel, whole, odd and broken."""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dq_pipeline.warehouse import Warehouse, literal
from tests.unit.landing_case import contract, land_text, landed

JSON = {"format": {"type": "jsonl"}}
PARQUET = {"format": {"type": "parquet"}}
EXCEL: dict[str, Any] = {"format": {"type": "excel"}, "location": {"path": "x.xlsx"}}

LINES: list[tuple[str, str | bytes, list[tuple[Any, ...]], list[int]]] = [
    ("objects", '{"id":1,"v":"a"}\n{"id":"2","v":null}\n', [(1, "1", "a"), (2, "2", None)], []),
    ("order of keys, missing keys", '{"v":"a","id":1}\n{"id":2}\n', [(1, "1", "a"), (2, "2", None)], []),
    ("blank lines and crlf", '\r\n{"id":1,"v":"a"}\r\n \t\n', [(2, "1", "a")], []),
    ("byte order mark", '\ufeff{"id":1,"v":"a"}\n', [(1, "1", "a")], []),
    ("what is no object", '{"id":1,"v":"a"}\n[1]\n"x"\n{"id":\nnull\n', [(1, "1", "a")], [2, 3, 4, 5]),
    ("numbers and truth", '{"id":1.5,"v":true}\n', [(1, "1.5", "true")], []),
    ("nested", '{"id":1,"v":{"a":[1,2]}}\n', [(1, "1", '{"a":[1,2]}')], []),
    ("empty text is null", '{"id":1,"v":""}\n', [(1, "1", None)], []),
    ("a key twice, the first counts", '{"id":1,"v":"a","v":"b"}\n', [(1, "1", "a")], []),
    ("latin-1 costs its line", b'{"id":1,"v":"a"}\n{"id":2,"v":"\xe9"}\n', [(1, "1", "a")], [2]),
    ("NUL costs its line", b'{"id":1,"v":"a"}\n{"id":2,"v":"\0"}\n', [(1, "1", "a")], [2]),
    ("newline within text", '{"id":1,"v":"a\\nb"}\n{"id":2,"v":"c"}', [(1, "1", "a\nb"), (2, "2", "c")], []),
]


@pytest.mark.parametrize(("name", "content", "rows", "aside"), LINES, ids=[case[0] for case in LINES])
def test_json_lines(tmp_path: Path, name: str, content: str | bytes, rows: list[Any], aside: list[int]) -> None:
    found = land_text(tmp_path, content, **JSON)
    assert found.breaches == []
    assert found.rows == rows, name
    assert [line for line, _, _ in found.aside] == aside


@pytest.mark.parametrize("content", ["no json\n", "[1,2]\n", "\n\n", "\0\0", "{"])
def test_a_file_without_any_object_is_one_breach(tmp_path: Path, content: str) -> None:
    found = land_text(tmp_path, content, **JSON)
    assert [gate for gate, _ in found.breaches] == ["unreadable_extract"]
    assert "no line of it is a JSON object" in found.breaches[0][1]


@pytest.mark.parametrize("key", ["a b", "a.b", "a/b", "~", "a~1b", 'a"b', "a'b", "$", "*", "0", "é", "[0]", "A"])
def test_any_key_can_be_a_column(tmp_path: Path, key: str) -> None:
    escaped = key.replace('"', '\\"')
    columns = {"id": None, "v": {"from": key}}
    found = land_text(tmp_path, f'{{"id":1,"{escaped}":"here","":"x"}}\n', columns, extra_columns="ignore", **JSON)
    assert found.rows == [(1, "1", "here")], found.breaches


def parquet(folder: Path, select: str) -> bytes:
    path = folder / "made.parquet"
    warehouse = Warehouse()
    warehouse.execute(f"copy ({select}) to {literal(path)} (format parquet)")
    content = path.read_bytes()
    path.unlink()
    return content


def test_parquet_comes_as_text(tmp_path: Path) -> None:
    select = "select 1 as id, date '2026-01-02' as v union all select 2, null order by 1"
    assert land_text(tmp_path, parquet(tmp_path, select), **PARQUET).rows == [(1, "1", "2026-01-02"), (2, "2", None)]


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "day=2026-01-01"
    folder.mkdir()
    (folder / "x[1].parquet").write_bytes(parquet(tmp_path, "select 1 as id, 'a' as v"))
    (folder / "x.csv").write_text("id,v\n1,a\n", encoding="utf-8")
    for name, kind in (("x[1].parquet", "parquet"), ("x.csv", "csv")):
        source = contract(location={"path": f"day=2026-01-01/{name}"}, format={"type": kind})
        found = landed(tmp_path, source)
        assert [row[1:] for row in found.rows] == [("1", "a")], found.breaches


def test_broken_parquet_is_one_breach_wherever_it_is_broken(tmp_path: Path) -> None:
    whole = parquet(tmp_path, "select range as id, 'v' || range as v from range(500)")
    broken = [whole[:place] for place in range(1, len(whole), len(whole) // 10)]
    broken += [b"PAR1" + b"\0" * 100 + b"PAR1", b"id,v\n1,a\n", whole[:-12] + b"\xff" * 8 + b"PAR1"]
    for content in broken:
        found = land_text(tmp_path, content, **PARQUET)
        assert [gate for gate, _ in found.breaches] == ["unreadable_extract"]


def test_other_columns_in_parquet_are_a_breach(tmp_path: Path) -> None:
    found = land_text(tmp_path, parquet(tmp_path, "select 1 as id, 2 as w"), **PARQUET)
    assert [gate for gate, _ in found.breaches] == ["changed_shape"]
    assert "missing: v; new: w" in found.breaches[0][1]


def workbook(*rows: list[Any], title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_excel_comes_as_text_and_nothing_is_taken_for_missing(tmp_path: Path) -> None:
    cells = [1, 2.5, True, dt.datetime(2026, 1, 2), "NA", "NULL", "nan", "None", "", None, " x ", "001"]
    rows = [[number, cell] for number, cell in enumerate(cells)]
    found = land_text(tmp_path, workbook(["id", "v"], *rows), **EXCEL)
    assert [value for _, _, value in found.rows] == [
        "1", "2.5", "True", "2026-01-02 00:00:00", "NA", "NULL", "nan", "None", None, None, " x ", "001",
    ]  # fmt: skip
    assert [line for line, _, _ in found.rows] == list(range(2, 14))


def test_excel_dialects(tmp_path: Path) -> None:
    content = workbook(["made by hand"], ["id", "v"], [1, "a"], title="Data")
    form = {"type": "excel", "sheet": "Data", "skip_lines": 1}
    assert land_text(tmp_path, content, format=form, location={"path": "x.dat"}).rows == [(3, "1", "a")]
    form = {"type": "excel", "skip_lines": 2, "header": False}
    assert land_text(tmp_path, content, format=form, location={"path": "x.xlsx"}).rows == [(3, "1", "a")]


def test_broken_excel_is_one_breach(tmp_path: Path) -> None:
    whole = workbook(["id", "v"], *[[number, "a"] for number in range(9)])
    empty_zip = io.BytesIO()
    with zipfile.ZipFile(empty_zip, "w") as archive:
        archive.writestr("a", "b")
    broken = [whole[:place] for place in range(1, len(whole), len(whole) // 8)] + [b"id,v\n1,a\n", empty_zip.getvalue()]
    for content in broken:
        found = land_text(tmp_path, content, **EXCEL)
        assert [gate for gate, _ in found.breaches] == ["unreadable_extract"]
    for place in range(0, len(whole), len(whole) // 12):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        land_text(tmp_path, bytes(damaged), **EXCEL)


@pytest.mark.parametrize(
    ("content", "gate"),
    [(workbook(), "changed_shape"), (workbook(["id", "w"]), "changed_shape"), (workbook(["id", "v"]), None)],
    ids=["no cell", "other columns", "only a header"],
)
def test_excel_shapes(tmp_path: Path, content: bytes, gate: str | None) -> None:
    found = land_text(tmp_path, content, **EXCEL)
    assert [gate for gate, _ in found.breaches] == ([gate] if gate else [])


def test_a_sheet_that_is_not_there_is_named(tmp_path: Path) -> None:
    form = {"type": "excel", "sheet": "Nope"}
    found = land_text(tmp_path, workbook(["id", "v"]), format=form, location={"path": "x.xlsx"})
    assert "'Nope'" in found.breaches[0][1]
