"""CSV in all its dialects and disguises: rows with the line they came from, or lines kept aside with a reason."""

from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import Format
from dq_pipeline.extracts.delimited import read_carefully, read_fast, read_header
from dq_pipeline.extracts.inputs import in_place
from dq_pipeline.extracts.plain import make_plain
from dq_pipeline.warehouse import Warehouse
from tests.unit.landing_case import contract, land_text

ONE = (2, "1", "a")
# name, content, format, rows as (line, id, v), lines kept aside as (line, part of the reason)
CASES: list[tuple[str, str, dict[str, Any], list[tuple[Any, ...]], list[tuple[int, str]]]] = [
    ("plain", "id,v\n1,a\n2,b\n", {}, [ONE, (3, "2", "b")], []),
    ("no final newline", "id,v\n1,a\n2,b", {}, [ONE, (3, "2", "b")], []),
    ("crlf", "id,v\r\n1,a\r\n2,b\r\n", {}, [ONE, (3, "2", "b")], []),
    ("carriage returns alone", "id,v\r1,a\r2,b\r", {}, [ONE, (3, "2", "b")], []),
    ("line ends of all kinds", "id,v\n1,a\r\n2,b\r3,c\n", {}, [ONE, (3, "2", "b"), (4, "3", "c")], []),
    ("byte order mark", "\ufeffid,v\n1,a\n", {}, [ONE], []),
    ("byte order mark without header", "\ufeff1,a\n", {"header": False}, [(1, "1", "a")], []),
    ("only a header", "id,v\n", {}, [], []),
    ("only a header, no newline", "id,v", {}, [], []),
    ("blank line before the header", "\nid,v\n1,a\n", {}, [(3, "1", "a")], []),
    ("blank lines between", "id,v\n\n1,a\n\n\n2,b\n\n", {}, [(3, "1", "a"), (6, "2", "b")], []),
    ("blanks around names", " id , v\n1,a\n", {}, [ONE], []),
    ("quotes around names", '"id","v"\n1,a\n', {}, [ONE], []),
    ("other order of columns", "v,id\na,1\n", {}, [ONE], []),
    ("comma in quotes", 'id,v\n1,"a,b"\n', {}, [(2, "1", "a,b")], []),
    ("newline in quotes", 'id,v\n1,"a\nb"\n2,c\n', {}, [(2, "1", "a\nb"), (4, "2", "c")], []),
    ("crlf in quotes", 'id,v\r\n1,"a\r\nb"\r\n2,c\r\n', {}, [(2, "1", "a\r\nb"), (4, "2", "c")], []),
    ("doubled quotes", 'id,v\n1,"a ""b"""\n', {}, [(2, "1", 'a "b"')], []),
    ("quote within plain text", 'id,v\n1,5" pipe\n', {}, [(2, "1", '5" pipe')], []),
    ("blank before a quote is text", 'id,v\n1, "a"\n', {}, [(2, "1", ' "a"')], []),
    ("blank after a quote", 'id,v\n1,"a" \n2,b\n', {}, [(3, "2", "b")], [(2, "text after the closing quote")]),
    ("text after a quote", 'id,v\n1,"a"b\n2,b\n', {}, [(3, "2", "b")], [(2, "text after the closing quote")]),
    ("an empty field too many", "id,v\n1,a,\n2,b\n", {}, [(3, "2", "b")], [(2, "3 fields where 2 are expected")]),
    ("a field too few", "id,v\n1\n2,b\n", {}, [(3, "2", "b")], [(2, "1 field where 2 are expected")]),
    ("empty and quoted empty are null", 'id,v\n,\n"",""\n', {}, [(2, None, None), (3, None, None)], []),
    ("the text NULL is text", "id,v\n1,NULL\n2,NA\n", {}, [(2, "1", "NULL"), (3, "2", "NA")], []),
    ("blanks are kept", "id,v\n1,  a \n", {}, [(2, "1", "  a ")], []),
    ("semicolon", "id;v\n1;a,b\n", {"delimiter": ";"}, [(2, "1", "a,b")], []),
    ("tab", "id\tv\n1\ta b\n", {"delimiter": "\t"}, [(2, "1", "a b")], []),
    ("pipe", "id|v\n1|a\n", {"delimiter": "|"}, [ONE], []),
    ("a delimiter of two bytes", "id¦v\n1¦a\n", {"delimiter": "¦"}, [ONE], []),
    ("single quotes", "id,v\n1,'a,b'\n2,\"c\n", {"quote": "'", "escape": "'"}, [(2, "1", "a,b"), (3, "2", '"c')], []),
    ("no quotes at all", 'id,v\n1,"a\n', {"quote": "", "escape": ""}, [(2, "1", '"a')], []),
    ("backslash before a quote", 'id,v\n1,"a\\"b"\n', {"escape": "\\"}, [(2, "1", 'a"b')], []),
    ("backslash before itself", 'id,v\n1,"a\\\\b"\n', {"escape": "\\"}, [(2, "1", "a\\b")], []),
    ("backslash outside quotes", "id,v\n1,C:\\d\n2\\,b\n", {"escape": "\\"}, [(2, "1", "C:\\d"), (3, "2\\", "b")], []),
    ("backslash before a letter is text", 'id,v\n1,"C:\\dir"\n', {"escape": "\\"}, [(2, "1", "C:\\dir")], []),
    ("backslash over lines", 'id,v\n1,"a\\"\nb"\n2,c\n', {"escape": "\\"}, [(2, "1", 'a"\nb'), (4, "2", "c")], []),
    ("backslash, never closed", 'id,v\n1,"a\\"\n2,c\n', {"escape": "\\"}, [(3, "2", "c")], [(2, "never closed")]),
    ("lines to skip", '# made "by\n# hand\nid,v\n1,a\n', {"skip_lines": 2}, [(4, "1", "a")], []),
    ("no header", "1,a\n2,b\n", {"header": False}, [(1, "1", "a"), (2, "2", "b")], []),
    ("quote never closed at the end", 'id,v\n1,a\n2,"b\n', {}, [ONE], [(3, "never closed")]),
    ("quote never closed", 'id,v\n1,"a\n2,b\n3,c\n', {}, [(3, "2", "b"), (4, "3", "c")], [(2, "never closed")]),
    (
        "quote closed by chance far below keeps every line",
        'id,v\n1,"a\n2,b\n3,5",x\n4,d\n',
        {},
        [(5, "4", "d")],
        [(2, "3 fields"), (3, "3 fields"), (4, "3 fields")],
    ),
    ("only blank lines", "\n\n\n", {"header": False}, [], []),
    ("NUL", "id,v\n1,a\n2,b\0c\n", {}, [ONE], [(3, "a NUL byte")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "form", "rows", "aside"), CASES, ids=[case[0] for case in CASES])
def test_a_file_gives_these_rows(
    tmp_path: Path,
    name: str,
    content: str,
    form: dict[str, Any],
    rows: list[tuple[Any, ...]],
    aside: list[tuple[int, str]],
) -> None:
    found = land_text(tmp_path, content, format=form)
    assert found.breaches == []
    assert found.rows == rows
    assert [line for line, _, _ in found.aside] == [line for line, _ in aside], name
    for (_, reason, _), (_, expected) in zip(found.aside, aside, strict=True):
        assert expected in reason


ENCODED: list[tuple[str, bytes, str, list[tuple[Any, ...]], int]] = [
    ("utf-8", "id,v\n1,é\n".encode(), "utf-8", [(2, "1", "é")], 0),
    ("utf-16 with mark", "id,v\n1,é\n".encode("utf-16"), "utf-16", [(2, "1", "é")], 0),
    ("utf-16-le", "id,v\n1,é\n".encode("utf-16-le"), "utf-16-le", [(2, "1", "é")], 0),
    ("latin-1", "id,v\n1,é\n".encode("latin-1"), "latin-1", [(2, "1", "é")], 0),
    ("cp1252", "id,v\n1,€\n".encode("cp1252"), "cp1252", [(2, "1", "€")], 0),
    ("shift_jis", "id,v\n1,名前\n".encode("shift_jis"), "shift_jis", [(2, "1", "名前")], 0),
    ("latin-1 read as utf-8", "id,v\n1,é\n2,b\n".encode("latin-1"), "utf-8", [(3, "2", "b")], 1),
    ("mixed", "id,v\n1,é\n".encode() + "2,é\n".encode("latin-1"), "utf-8", [(2, "1", "é")], 1),
    ("a byte that cp1252 has not", b"id,v\n1,\x81\n2,b\n", "cp1252", [(3, "2", "b")], 1),
    ("half a character at the end", b"id,v\n1,a\n2,\xc3", "utf-8", [ONE], 1),
]


@pytest.mark.parametrize(("name", "content", "encoding", "rows", "aside"), ENCODED, ids=[case[0] for case in ENCODED])
def test_encodings(tmp_path: Path, name: str, content: bytes, encoding: str, rows: list[Any], aside: int) -> None:
    found = land_text(tmp_path, content, format={"encoding": encoding})
    assert found.rows == rows, name
    assert len(found.aside) == aside
    assert all("not of the declared encoding" in reason for _, reason, _ in found.aside)


@pytest.mark.parametrize(
    ("content", "encoding", "gate"),
    [
        ("id,v\n1,a\n2,b".encode("utf-16-le")[:-1], "utf-16-le", "unreadable_extract"),
        ("id,v\n1,a\n".encode("utf-16-le"), "utf-16", "unreadable_extract"),
        (b"id,v\n1,a\n", "utf-32", "unreadable_extract"),
        ("id,v\n1,a\n".encode("utf-16"), "utf-8", "unreadable_extract"),
    ],
    ids=["utf-16 cut in a character", "utf-16 without mark", "text read as utf-32", "utf-16 read as utf-8"],
)
def test_a_file_of_another_encoding_is_one_breach(tmp_path: Path, content: bytes, encoding: str, gate: str) -> None:
    found = land_text(tmp_path, content, format={"encoding": encoding})
    assert [gate for gate, _ in found.breaches] == [gate]


def test_a_text_that_looks_binary_is_kept_aside_as_readable_text(tmp_path: Path) -> None:
    found = land_text(tmp_path, b"id,v\n1,a\n\x89PNG\r\n\x1a\n\0\0\xff\xfe\n2,b\n")
    assert found.rows[0] == ONE
    assert found.rows[-1][1:] == ("2", "b")
    assert any("\\x89PNG" in text for _, _, text in found.aside)


def test_a_thousand_columns(tmp_path: Path) -> None:
    names = [f"column_{index}" for index in range(1_000)]
    content = f"{','.join(names)}\n{','.join(map(str, range(1_000)))}\n"
    found = land_text(tmp_path, content, names)
    assert found.rows == [(2, *map(str, range(1_000)))]


def test_a_huge_field_is_read_and_a_monstrous_one_is_kept_aside(tmp_path: Path) -> None:
    found = land_text(tmp_path, f"id,v\n1,{'x' * 5_000_000}\n2,{'y' * 17_000_000}\n3,c\n")
    assert [(line, len(value)) for line, _, value in found.rows] == [(2, 5_000_000), (4, 1)]
    [(line, reason, text)] = found.aside
    assert (line, len(text)) == (3, 4_000)
    assert reason == "a line of more than 16,000,000 characters"


def test_a_quote_that_is_never_closed_costs_its_line_and_no_more(tmp_path: Path) -> None:
    rows = [f'{number},"note {number}"' for number in range(2_000)]
    rows[700] = '700,"open'
    rows = [row.replace('"', "") if number > 700 else row for number, row in enumerate(rows)]
    found = land_text(tmp_path, "id,v\n" + "\n".join(rows) + "\n")
    assert len(found.rows) == 1_999
    assert [(line, reason) for line, reason, _ in found.aside] == [
        (702, "a quoted field runs over more than 1,000 lines")
    ]


@pytest.mark.parametrize("line", ['x","', '"', '"a""', 'x,"y', '"",""",'])
def test_a_file_full_of_stray_quotes_is_read_in_linear_time(tmp_path: Path, line: str) -> None:
    found = land_text(tmp_path, "id,v\n" + f"{line}\n" * 20_000)
    kept = sum(value.count("\n") + 1 for row in found.rows for value in [f"{row[1]}{row[2]}"])
    assert kept + len(found.aside) == 20_000


@pytest.mark.parametrize(
    ("rows", "is_fast"), [(["1,a", '2,"b"', '3,"c, d"', "4,"], True), (["1,a", '2, "b"'], False), (["1,a,"], False)]
)
def test_the_fast_way_is_taken_where_it_is_exact(tmp_path: Path, rows: list[str], is_fast: bool) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,v\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert read_fast(Warehouse(threads=1), path, Format(), ["id", "v"], len(rows) + 1, "raw.t") is is_fast


def test_line_numbers_hold_in_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,v\n" + "".join(f'{line},"v, {line}"\n' for line in range(2, 300_002)), encoding="utf-8")
    plain = make_plain(contract(), in_place(path), tmp_path)
    assert not isinstance(plain, tuple)
    warehouse = Warehouse()
    assert read_fast(warehouse, path, Format(), ["id", "v"], 300_001, "raw.t")
    assert warehouse.rows("select count(*), count(*) filter (c0 <> cast(line_number as varchar)) from raw.t") == [
        (300_000, 0)
    ]


def test_a_sparse_column_survives_the_careful_way(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    lines = [f"{number}," for number in range(45_000)]
    lines[31_777] = "31777,here"
    path.write_text("id,v\n\n" + "\n".join(lines), encoding="utf-8")
    warehouse = Warehouse(threads=1)
    read_carefully(warehouse, path, Format(), ["id", "v"], "raw.t", "raw.aside")
    assert warehouse.rows("select count(*), max(c1), max(line_number) filter (c1 is not null) from raw.t") == [
        (45_000, "here", 31_780)
    ]


@pytest.mark.parametrize(
    ("content", "form", "names"),
    [
        ("id,v\n", {}, ["id", "v"]),
        (' "id" ,v\n', {}, ['"id"', "v"]),
        ('"a\nb",v\n', {}, ["a\nb", "v"]),
        ("\n\nid,v\n", {}, ["id", "v"]),
        ('"id,v\n', {}, ['"id,v']),
        ("", {}, None),
        ("# x\n", {"skip_lines": 1}, None),
    ],
)
def test_the_header(tmp_path: Path, content: str, form: dict[str, Any], names: list[str] | None) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8", newline="")
    assert read_header(path, Format(**form)) == names
