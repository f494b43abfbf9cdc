"""Files that break readers, made one by one, each with the contract that it is read by and what must come of it."""

# A table is read best where each case is a line.
# ruff: noqa: E501

import bz2
import gzip
import io
import os
import socket
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

MILLION = 1_000_000
PLAIN = b"id,v\n1,a\n2,b\n"


@dataclass(frozen=True)
class Case:
    """`make` puts the file into a folder; `outcome` is what the table says of it, `more` the rest of its contract."""

    name: str
    make: Callable[[Path], object]
    outcome: str
    more: dict[str, Any] = field(default_factory=dict)
    columns: Any = ("id", "v")

    @property
    def title(self) -> str:
        """The name without what cannot be a test's id."""
        return self.name.replace(" ", "_")


def text(content: bytes | str, name: str = "x.csv") -> Callable[[Path], object]:
    """A file of that content."""
    return lambda folder: (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def at(name: str, **more: Any) -> dict[str, Any]:
    return {"location": {"path": name}, **more}


def csv(name: str, content: bytes | str, outcome: str, columns: Any = ("id", "v"), **more: Any) -> Case:
    return Case(name, text(content), outcome, more, columns)


def packed(name: str, file: str, content: bytes, outcome: str, **more: Any) -> Case:
    return Case(name, text(content, file), outcome, at(file, **more))


WIDE = ",".join(f"c{number}" for number in range(10_000))
JSON = {"format": {"type": "jsonl"}}

FIELDS = [
    csv("a field of a million characters", f"id,v\n1,{'x' * MILLION}\n2,b\n", "2 rows"),
    csv("a line over the limit", f"id,v\n1,{'x' * 17 * MILLION}\n2,b\n",
        "1 row, 1 line aside (line 2: a line of more than 16,000,000 characters)"),
    csv("a line over a declared limit", f"id,v\n1,{'x' * 999}\r\n2,b\r\n3,{'y' * 98}\r\n",
        "2 rows, 1 line aside (line 2: a line of more than 100 characters)", limits={"line_characters": 100}),
    csv("a file of one line without end", "x" * 17 * MILLION,
        "error changed_shape: the columns of s are not those of its contract (missing: id, v; new: 1 of other names; is line 1 a header?)"),
    csv("a quoted field over the limit", 'id,v\n1,"' + "xxx\n" * 60 + '"\n2,b\n',
        "1 row, 61 lines aside (line 2: a quoted field runs over more than 100 characters)",
        limits={"line_characters": 100}),
    csv("a quote that is never closed", 'id,v\n1,"a\n2,b\n',
        "1 row, 1 line aside (line 2: a quoted field is never closed)"),
    csv("text after a quote", 'id,v\n1,"a"b\n2,c\n', "1 row, 1 line aside (line 2: text after the closing quote of a field)"),
    csv("too few and too many fields", "id,v\n1\n2,b\n3,c,d\n",
        "1 row, 2 lines aside (line 2: 1 field where 2 are expected)"),
    csv("10,000 columns, two of them declared", f"{WIDE}\n{WIDE}\n{WIDE}\n", "2 rows", ("c0", "c9999"),
        extra_columns="ignore"),
    csv("10,000 columns, none expected", f"{WIDE}\n{WIDE}\n",
        "error changed_shape: the columns of s are not those of its contract (missing: id, v; new: 10,000 of other names; is line 1 a header?)"),
    csv("10,001 columns", f"id,{WIDE}\n1,{WIDE}\n",
        "error oversized_extract: the file has 10,001 columns, more than `limits.columns` allows (10,000)"),
    csv("NUL in a field", b"id,v\n1,a\0b\n2,c\n", "1 row, 1 line aside (line 2: a NUL byte)"),
    csv("nothing but NUL", b"\0" * 5_000,
        "error changed_shape: the columns of s are not those of its contract (missing: id, v; new: 1 of other names; is line 1 a header?)"),
    csv("SQL in values", "id,v\n1,'; drop table raw.landed; --\n\"1\"\"; select 1\",b\n", "2 rows"),
    csv("orders to a terminal", b"id,v\n1,\x1b[2J\x1b]0;pwned\x07\n", "1 row"),
]  # fmt: skip

HEADERS = [
    csv("an empty file", b"", "error empty_extract: the extract of s is empty (0 bytes)"),
    csv("a header alone", b"id,v\n", "0 rows"),
    csv("a header without line end", b"id,v", "0 rows"),
    csv("a header alone where rows are promised", b"id,v\n", "error empty_extract: s has 0 rows, at least 1 are expected",
        rows={"min": 1}),
    csv("a byte order mark alone", b"\xef\xbb\xbf",
        "error changed_shape: the columns of s are not those of its contract (missing: id, v)"),
    csv("line ends alone", b"\n\r\n\n",
        "error changed_shape: the columns of s are not those of its contract (missing: id, v)"),
    csv("a name twice", "id,v,v\n1,a,b\n",
        "error changed_shape: the columns of s are not those of its contract (twice: v)"),
    csv("other names twice", "id,v,w,w\n1,a,b,c\n", "1 row", extra_columns="ignore"),
    csv("empty names", "id,v,,\n1,a,b,c\n",
        "error changed_shape: the columns of s are not those of its contract (new: (no name))"),
    csv("empty names that are ignored", "id,v,,\n1,a,b,c\n", "1 row", extra_columns="ignore"),
    csv("NUL in a name", b"id,v\0\n1,a\n",
        "error changed_shape: the columns of s are not those of its contract (missing: v; new: v\\x00; perhaps renamed: v → v\\x00…"),
    csv("latin-1 in a name", b"id,v\xe9\n1,a\n",
        "error changed_shape: the columns of s are not those of its contract (missing: v; new: v\\xe9; perhaps renamed: v → v\\xe9…"),
    csv("orders to a terminal in a name", b"id,\x1b[2Jv\n1,a\n",
        "error changed_shape: the columns of s are not those of its contract (missing: v; new: \\x1b[2Jv)"),
    csv("a name of a million characters", f"id,{'x' * MILLION}\n1,a\n",
        "error changed_shape: the columns of s are not those of its contract (missing: v; new: xxxx…"),
    csv("SQL in a name", 'id,"v""); drop table raw.landed; --"\n1,a\n', "1 row",
        {"id": None, "v": {"from": 'v"); drop table raw.landed; --'}}),
    csv("SQL in a declared name", "id,v\n1,a\n", "1 row", {"id": None, 'v"); drop table x; --': {"from": "v"}}),
    csv("no header where one is expected", "1,a\n2,b\n",
        "error changed_shape: the columns of s are not those of its contract (missing: id, v; new: 2 of other names; is line 1 a header?)"),
]  # fmt: skip

ENCODINGS = [
    csv("UTF-8 and latin-1 mixed", "id,v\n1,é\n".encode() + "2,é\n".encode("latin-1"),
        "1 row, 1 line aside (line 3: bytes that are not of the declared encoding)"),
    csv("UTF-16 that is declared", "id,v\n1,é\n".encode("utf-16"), "1 row", format={"encoding": "utf-16"}),
    csv("UTF-16 that is not declared", "id,v\n1,é\n".encode("utf-16"),
        "error unreadable_extract: this is UTF-16 text, not utf-8 text"),
    csv("UTF-16 cut within a letter", "id,v\n1,é\n".encode("utf-16")[:-1],
        "error unreadable_extract: the extract is not utf-16…", format={"encoding": "utf-16"}),
    csv("cp1252 that is declared", b"id,v\n1,\x80\n2,\x81\n",
        "1 row, 1 line aside (line 3: bytes that are not of the declared encoding)", format={"encoding": "cp1252"}),
    csv("overlong and surrogate UTF-8", b"id,v\n1,\xc0\xaf\n2,\xed\xa0\x80\n3,c\n",
        "1 row, 2 lines aside (line 2: bytes that are not of the declared encoding)"),
    csv("a byte order mark before a quote", b'\xef\xbb\xbf"id","v"\r\n"1","a"\r\n', "1 row"),
    csv("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbfid,v\n1,a\n",
        "error changed_shape: the columns of s are not those of its contract (missing: id; new: \\ufeffid; perhaps renamed: id → \\ufeffid…"),
    csv("a byte order mark in the middle", b"id,v\n1,a\n\xef\xbb\xbf2,b\n", "2 rows"),
    csv("three kinds of line ends", b"id,v\r\n1,a\n2,b\r3,c\r\n", "3 rows"),
    csv("carriage returns alone", b"id,v\r1,a\r2,b\r", "2 rows"),
    csv("letters that turn a text around", "id,v\n\u202e1,\u2066a\u200b\n", "1 row"),
]  # fmt: skip


def zst(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


def zipped(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


GZ = gzip.compress(PLAIN)
SMALL = {"limits": {"unpacked_bytes": 1_000}}
DAMAGED = "error truncated_extract: the packed file is cut short or damaged…"
BOMB = gzip.compress(bytes(101 * MILLION))
PACKED = [
    packed("gzip", "x.csv.gz", GZ, "2 rows"),
    packed("gzip cut short", "x.csv.gz", GZ[:-9], DAMAGED),
    packed("gzip of its first bytes", "x.csv.gz", GZ[:4], DAMAGED),
    packed("gzip with something behind it", "x.csv.gz", GZ + b"and more", DAMAGED),
    packed("gzip by its name alone", "x.csv.gz", PLAIN, DAMAGED),
    packed("gzip of nothing", "x.csv.gz", gzip.compress(b""), "error empty_extract: the extract of s is empty once unpacked"),
    packed("gzip within gzip", "x.csv.gz", gzip.compress(GZ),
           "error unreadable_extract: this is a gzip file, not utf-8 text"),
    packed("gzip that is not named so", "x.csv", GZ, "error unreadable_extract: this is a gzip file, not utf-8 text"),
    packed("a gzip bomb", "x.csv.gz", BOMB,
           "error oversized_extract: it unpacks to more than 100,000,000 bytes, which is what `limits.expansion` allows"),
    packed("a gzip bomb within a gzip", "x.csv.gz", gzip.compress(BOMB),
           "error unreadable_extract: this is a gzip file, not utf-8 text"),
    packed("a zstd bomb over a declared limit", "x.csv.zst", zst(PLAIN * 1_000),
           "error oversized_extract: it unpacks to more than 1,000 bytes, which is what `limits.unpacked_bytes` allows",
           **SMALL),
    packed("bzip2 over a declared limit", "x.csv.bz2", bz2.compress(PLAIN * 1_000),
           "error oversized_extract: it unpacks to more than 1,000 bytes, which is what `limits.unpacked_bytes` allows", **SMALL),
    packed("a ZIP file", "x.csv", zipped({"x.csv": PLAIN}),
           "error unreadable_extract: this is a ZIP file or a workbook, not utf-8 text"),
    packed("a PDF", "x.csv", b"%PDF-1.7\n%\xe2\xe3\n", "error unreadable_extract: this is a PDF, not utf-8 text"),
]  # fmt: skip


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def odd_types() -> pa.Table:
    """Two rows whose columns are of types that no contract has."""
    columns: dict[str, Any] = {
        "id": pa.array([b"\xff\x00", b"a"], pa.binary()),
        "v": pa.array([{"a": [1, None]}, None], pa.struct([("a", pa.list_(pa.int8()))])),
        "w": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        "t": pa.array([0, 1], pa.timestamp("us", tz="America/New_York")),
        "d": pa.array(["a", "b"]).dictionary_encode(),
        "n": pa.nulls(2),
    }
    return pa.table(columns)


ROWS = parquet(pa.table({"id": [1, 2], "v": ["a", "b"]}))
PARQUET = {"format": {"type": "parquet"}}
NOT_READ = "error unreadable_extract: the file cannot be read as "
BOOK = {"format": {"type": "excel"}}


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def laughing(book: bytes) -> bytes:
    """A workbook whose sheet is XML of a billion laughs."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><worksheet>&l9;</worksheet>'
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped(parts | {"xl/worksheets/sheet1.xml": xml.encode()})


SHEET = workbook(["id", "v"], [1, "a"], [2, "b"])
STRUCTURED = [
    packed("Parquet", "x.parquet", ROWS, "2 rows", **PARQUET),
    Case("Parquet of types that no contract has", text(parquet(odd_types()), "x.parquet"), "2 rows", PARQUET | at("x.parquet"),
         ("id", "v", "w", "t", "d", "n")),
    packed("Parquet cut short", "x.parquet", ROWS[:-20], NOT_READ + "parquet…", **PARQUET),
    packed("Parquet without its beginning", "x.parquet", ROWS[9:], NOT_READ + "parquet…", **PARQUET),
    packed("Parquet by its name alone", "x.parquet", PLAIN, NOT_READ + "parquet…", **PARQUET),
    packed("Parquet of no rows", "x.parquet", parquet(pa.table({"id": pa.array([], pa.int64()), "v": pa.nulls(0)})),
           "0 rows", **PARQUET),
    packed("Parquet that is not declared", "x.csv", ROWS,
           "error unreadable_extract: this is a Parquet file, not utf-8 text"),
    packed("Parquet of other columns", "x.parquet", parquet(pa.table({"id": [1], "w": [2]})),
           "error changed_shape: the columns of s are not those of its contract (missing: v; new: w)", **PARQUET),
    packed("Parquet of names twice", "x.parquet", parquet(pa.Table.from_arrays([pa.array([1])] * 3, ["id", "v", "v"])),
           "error changed_shape: the columns of s are not those of its contract (new: v_1)", **PARQUET),
    packed("a Parquet bomb", "x.parquet", parquet(pa.table({"id": pa.nulls(60 * MILLION), "v": pa.nulls(60 * MILLION)})),
           "error oversized_extract: it unpacks to more than 100,000,000 bytes, which is what `limits.expansion` allows",
           **PARQUET),
    packed("a workbook", "x.xlsx", SHEET, "2 rows", **BOOK),
    packed("a workbook cut short", "x.xlsx", SHEET[:-30], NOT_READ + "excel: no whole workbook…", **BOOK),
    packed("a workbook by its name alone", "x.xlsx", PLAIN, NOT_READ + "excel: no whole workbook…", **BOOK),
    packed("a workbook without sheets", "x.xlsx", zipped({"a": b"b"}), NOT_READ + "excel: no whole workbook…", **BOOK),
    packed("a workbook that unpacks to much", "x.xlsx", zipped({"a": bytes(101 * MILLION)}),
           "error oversized_extract: it unpacks to more than 100,000,000 bytes, which is what `limits.expansion` allows", **BOOK),
    packed("a workbook of a billion laughs", "x.xlsx", laughing(SHEET), NOT_READ + "excel…", **BOOK),
    csv("JSON lines of which some are none", '{"id":1,"v":"a"}\n{"id":2,\n[1]\nnull\n{"id":3}\n',
        "2 rows, 3 lines aside (line 2: not a JSON object)", **JSON),
    csv("JSON that is one list", '[\n{"id":1},\n{"id":2,"v":"b"}\n]\n', "1 row, 3 lines aside (line 1: not a JSON object)", **JSON),
    csv("JSON that is no object", "[1,2]\n", NOT_READ + "jsonl: no line of it is a JSON object", **JSON),
    csv("JSON a hundred thousand lists deep", '{"id":1,"v":' + "[" * 100_000 + "\n" + '{"id":2,"v":"b"}\n',
        "1 row, 1 line aside (line 1: not a JSON object)", **JSON),
    csv("JSON deep and whole", '{"id":1,"v":' + "[" * 5_000 + "]" * 5_000 + '}\n{"id":2,"v":"b"}\n', "2 rows", **JSON),
    csv("JSON of half a letter", '{"id":1,"v":"\\ud800"}\n{"id":2,"v":"b"}\n',
        "1 row, 1 line aside (line 1: not a JSON object)", **JSON),
    csv("JSON of large numbers", '{"id":1e999,"v":' + "9" * 500 + '}\n{"id":NaN,"v":-0}\n', "2 rows", **JSON),
    csv("JSON with a key for each row", "".join(f'{{"id":{n},"k{n}":1}}\n' for n in range(10_001)),
        "error oversized_extract: the file has 10,002 columns, more than `limits.columns` allows (10,000)",
        extra_columns="ignore", **JSON),
    csv("JSON in UTF-16", '{"id":1}\n'.encode("utf-16"),
        "error unreadable_extract: this is UTF-16 text, not JSON lines in UTF-8", **JSON),
]  # fmt: skip


def outside(folder: Path) -> Path:
    """A file that is not of the project, beside its folder."""
    path = folder.parent / f"{folder.name}-secret.csv"
    path.write_bytes(PLAIN)
    return path


def link(name: str, to: Callable[[Path], Path | str]) -> Callable[[Path], object]:
    return lambda folder: (folder / name).symlink_to(to(folder))


def listening(folder: Path) -> None:
    """A socket where a file should be. Its path is short, for the system takes no long one."""
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as one:
        one.bind(f"{short}/s")
        os.rename(f"{short}/s", folder / "x.csv")


def linked_folder(folder: Path) -> None:
    (folder.parent / f"{folder.name}-other").mkdir()
    (folder.parent / f"{folder.name}-other/x.csv").write_bytes(PLAIN)
    (folder / "in").symlink_to(folder.parent / f"{folder.name}-other")


def looped(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a/b").symlink_to(folder)
    (folder / "a/x.csv").write_bytes(PLAIN)


SQL_NAME = "x'); drop table raw.landed; --.csv"
LEADS_OUT = "error unreadable_extract: it leads out of …"
MISSING = "error missing_extract: the extract of s is missing"
PLACES = [
    Case("a folder", lambda folder: (folder / "x.csv").mkdir(), f"{MISSING}: this is a folder, not a file"),
    Case("a pipe that nobody writes to", lambda folder: os.mkfifo(folder / "x.csv"),
         f"{MISSING}: this is a pipe, not a file"),
    Case("a pipe that a glob finds", lambda folder: os.mkfifo(folder / "x1.csv"),
         f"{MISSING}: this is a pipe, not a file", at("x*.csv")),
    Case("a socket", listening, f"{MISSING}: this is a socket, not a file"),
    Case("a device without end", link("x.csv", lambda _: "/dev/zero"), f"{MISSING}: this is a device, not a file"),
    Case("a device that is empty", link("x.csv", lambda _: "/dev/null"), f"{MISSING}: this is a device, not a file"),
    Case("a link to itself", link("x.csv", lambda _: "x.csv"), MISSING),
    Case("a link to nothing", link("x.csv", lambda _: "gone.csv"), MISSING),
    Case("a link to a file beside it", lambda folder: [text(PLAIN, "y.csv")(folder), link("x.csv", lambda _: "y.csv")(folder)],
         "2 rows"),
    Case("a link out of the project", link("x.csv", outside), LEADS_OUT),
    Case("a link out that is allowed", link("x.csv", outside), "2 rows", {"location": {"path": "x.csv", "outside": True}}),
    Case("a link to a file of the system", link("x.csv", lambda _: "/etc/passwd"), LEADS_OUT),
    Case("a file that the system does not give", link("x.csv", lambda _: "/proc/self/mem"),
         "error unreadable_extract: the extract cannot be read…", {"location": {"path": "x.csv", "outside": True}}),
    Case("a folder that is linked from elsewhere", linked_folder, LEADS_OUT, at("in/*.csv")),
    Case("folders that hold each other", looped, "2 rows", at("**/x.csv")),
    Case("a path that climbs out", outside, LEADS_OUT, at("../NAME-secret.csv")),
    Case("a glob that climbs out", outside, LEADS_OUT, at("../*-secret.csv")),
    Case("a date that climbs out", outside, LEADS_OUT, at("{run_date:../NAME-secret}.csv")),
    Case("a glob for everything", text(PLAIN), "2 rows", at("**/*")),
    Case("NUL in the path", text(PLAIN), MISSING, at("x\0.csv")),
    Case("SQL in the file's name", text(PLAIN, SQL_NAME), "2 rows", at(SQL_NAME)),
    Case("marks of a glob in the file's name", text(PLAIN, "x[1]*?.csv"), "2 rows", at("x[1]*?.csv")),
    Case("line ends and orders in the file's name", text(b"", "x\n\x1b[2J.csv"),
         "error empty_extract: the extract of s is empty (0 bytes)", at("x*.csv")),
    Case("a file's name that is no UTF-8", text(PLAIN, os.fsdecode(b"x\xff.csv")),
         "error unreadable_extract: the name of the file, or of a folder, is no UTF-8", at("x*.csv")),
    Case("a file's name of 255 letters", text(PLAIN, "x" * 251 + ".csv"), "2 rows", at("x*.csv")),
]  # fmt: skip

GROUPS: dict[str, list[Case]] = {
    "Fields, lines and columns": FIELDS,
    "Headers and files of nothing": HEADERS,
    "Encodings and line ends": ENCODINGS,
    "Packed files": PACKED,
    "Parquet, workbooks and JSON lines": STRUCTURED,
    "Places": PLACES,
}
CASES = [case for group in GROUPS.values() for case in group]
