"""Sheets: safe for a spreadsheet that opens them, and read back however it saves them."""

from pathlib import Path

import pytest

from dq_pipeline.errors import ConfigError
from dq_pipeline.sheets import Sheet, read_sheet

NEEDED = ("record_id_l", "judgement")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_is_a_formula_and_it_is_read_back_as_it_was(tmp_path: Path, start: str) -> None:
    text = f"{start}1+cmd|' /C calc'!A0"
    path = tmp_path / "sheet.csv"
    Sheet(["record_id_l", "judgement"], [[text, ""]]).write(path)
    assert f"'{text.strip()}" in path.read_text(encoding="utf-8-sig")
    assert [line.get("record_id_l") for line in read_sheet(path, NEEDED)] == [
        text.strip() if start != "\t" else f"'{text.strip()}"
    ]


@pytest.mark.parametrize("text", ["harmless;=1+1", 'a; "@b', "a;b;-1", "+1;+2", "a ; ' = b"])
def test_no_cell_is_a_formula_where_semicolons_cut_the_line_either(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sheet.csv"
    Sheet(["record_id_l", "judgement"], [[text, ""]]).write(path)
    for cell in path.read_text(encoding="utf-8-sig").splitlines()[1].replace('"', "").split(";"):
        assert not cell.strip().startswith(("=", "+", "-", "@"))
    assert [line.get("record_id_l") for line in read_sheet(path, NEEDED)] == [text]


def test_no_cell_commands_a_terminal() -> None:
    assert Sheet(["a"], [["\x1b[2Jred\x07"], ["\x01=1"]]).text() == "a\n[2Jred\n'=1\n"


def test_numbers_stay_numbers_and_a_row_is_one_line() -> None:
    assert (
        Sheet(["a", "b", "c"], [[-1.5, None, "two\nlines\tand 'more'"]]).text() == "a,b,c\n-1.5,,two lines and 'more'\n"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_whatever_a_spreadsheet_saves_is_read(tmp_path: Path, delimiter: str, encoding: str, newline: str) -> None:
    rows = [["Judgement", "x", " RECORD_ID_L "], ["same", "é, ; |\t", "a:1"], ["", "", ""], ["", "", "a:2"]]
    text = newline.join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    found = read_sheet(path, NEEDED)
    assert [(line.number, line.get("record_id_l"), line.get("judgement")) for line in found] == [
        (2, "a:1", "same"),
        (4, "a:2", ""),
    ]
    assert found[0].get("x") == "é, ; |"
    assert found[0].get("no such column") == ""


def test_a_line_that_names_the_delimiter_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("sep=;\nrecord_id_l;judgement\na,b;same\n", encoding="utf-8")
    assert [(line.number, line.get("record_id_l")) for line in read_sheet(path, NEEDED)] == [(3, "a,b")]


FAULTS = [
    (b"", "the column record_id_l is missing"),
    (b"record_id_l,other\n", "the column judgement is missing; the columns are record_id_l, other"),
    (b"record_id_l,judgement\nAndr\xe9,same\n", "not in UTF-8"),
    (b'record_id_l,judgement\n"a,same\n', "no CSV"),
]


@pytest.mark.parametrize(("content", "message"), FAULTS)
def test_what_is_no_sheet_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_sheet(path, NEEDED)


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        Sheet(["a"], []).write(tmp_path / "no/such/folder.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_sheet(tmp_path / "none.csv", NEEDED)
