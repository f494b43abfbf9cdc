"""`dq export`: whole, safe, private, and the same rows as the published file."""

import csv
import json
import shutil
import stat
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from dq_pipeline import exporting
from dq_pipeline.config import load_project
from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.warehouse import Warehouse, literal
from tests.conftest import call, published


@pytest.fixture
def reader(sample: Path) -> Iterator[Warehouse]:
    warehouse = published(sample)
    yield warehouse
    warehouse.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_parquet_is_every_table_of_master_row_for_row(sample: Path, reader: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "out"
    answer = call("export", "--project", sample, "--to", target)
    assert answer.code == 0, answer.text
    tables = reader.tables("master")
    assert {path.name for path in target.iterdir()} == {f"master.{table}.parquet" for table in tables}
    assert {"customer_360", "orders"} <= set(tables)
    assert mode(target) == 0o700
    assert {mode(path) for path in target.iterdir()} == {0o600}
    for table in ("customer_360", "orders"):
        file = literal(str(target / f"master.{table}.parquet"))
        kinds = reader.rows(f"describe select * from read_parquet({file})")
        expected = {name: kind.replace("HUGEINT", "BIGINT") for name, kind in reader.columns(f"master.{table}").items()}
        assert {str(row[0]): str(row[1]) for row in kinds} == expected
        for one, other in ((f"master.{table}", f"read_parquet({file})"), (f"read_parquet({file})", f"master.{table}")):
            assert reader.value(f"select count(*) from (select * from {one} except all select * from {other})") == 0


def test_csv_and_workbook_hold_the_same(sample: Path, reader: Warehouse, tmp_path: Path) -> None:
    for form in ("csv", "xlsx"):
        arguments = ("--project", sample, "--format", form, "--to", tmp_path / form, "--json")
        answer = call("export", *arguments, "orders", "customer_360")
        assert answer.code == 0, answer.text
        rows = {one["table"]: one["rows"] for one in json.loads(answer.text)}
        assert rows == {
            "master.orders": reader.count("master.orders"),
            "master.customer_360": rows["master.customer_360"],
        }
    with (tmp_path / "csv/master.orders.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    book = openpyxl.load_workbook(tmp_path / "xlsx/master.orders.xlsx", read_only=True)
    cells = list(book["master.orders"].iter_rows(values_only=True))
    book.close()
    expected = reader.rows("select order_id, order_total, ordered_at from master.orders")
    assert [line["order_id"] for line in lines] == [row[0] for row in expected]
    place = {name: index for index, name in enumerate(cells[0])}
    assert [row[place["order_id"]] for row in cells[1:]] == [row[0] for row in expected]
    for line, row, (_, total, ordered_at) in zip(lines, cells[1:], expected, strict=True):
        assert Decimal(line["order_total"]) == total
        assert row[place["order_total"]] == pytest.approx(float(total))
        assert row[place["ordered_at"]] == ordered_at


HOSTILE = ["=1+1", "+1555", "-2+3", "@sum(a1)", "\tcmd", "\r=cmd", "＝1", "\x01=1", "plain", "two\nlines"]


@pytest.fixture
def hostile(sample: Path, tmp_path: Path) -> Path:
    """The project with a published table of texts that spreadsheets take for formulas, and numbers that are none."""
    project = Path(shutil.copytree(sample, tmp_path / "project", symlinks=True))
    warehouse = Warehouse((project / "output/published/truth.duckdb").resolve())
    warehouse.execute(
        """create table quality.hostile (place integer, "=name" varchar, amount decimal(9, 2), share double, day date,
        moment timestamp, many varchar[])"""
    )
    for place, text in enumerate(HOSTILE):
        warehouse.execute(
            "insert into quality.hostile values (?, ?, -1.50, -0.5, '2026-11-20', '2026-11-20 10:00', ['=1', 'b'])",
            [place, text],
        )
    warehouse.close()
    return project


def test_no_cell_is_a_formula_and_numbers_stay_numbers(hostile: Path, tmp_path: Path) -> None:
    for form in ("csv", "xlsx"):
        answer = call("export", "--project", hostile, "--format", form, "--to", tmp_path / form, "quality.hostile")
        assert answer.code == 0, answer.text
    shown = ["'=1+1", "'+1555", "'-2+3", "'@sum(a1)", "'cmd", "'=cmd", "'＝1", "'=1", "plain", "two lines"]
    with (tmp_path / "csv/quality.hostile.csv").open(encoding="utf-8-sig", newline="") as stream:
        header, *lines = csv.reader(stream)
    assert header[1] == "'=name"
    assert [line[1] for line in lines] == shown
    assert lines[0][2:] == ["-1.50", "-0.5", "2026-11-20", "2026-11-20 10:00:00", '["=1","b"]']
    sheet = openpyxl.load_workbook(tmp_path / "xlsx/quality.hostile.xlsx")["quality.hostile"]
    assert sheet.freeze_panes == "A2"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n", "d"}
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows] == shown
    assert rows[0][2:] == (-1.5, -0.5, datetime(2026, 11, 20), datetime(2026, 11, 20, 10), '["=1","b"]')
    assert isinstance(rows[0][4], date)


def test_a_table_that_no_sheet_holds_is_named_before_anything_is_written(hostile: Path, tmp_path: Path) -> None:
    warehouse = Warehouse((hostile / "output/published/truth.duckdb").resolve())
    warehouse.execute("create table quality.full_sheet as select range as n from range(1048575)")
    warehouse.execute("create table quality.too_long as select range as n from range(1048576)")
    exporting._refuse_too_long(warehouse, ["quality.full_sheet"])
    warehouse.close()
    target = tmp_path / "out"
    answer = call("export", "--project", hostile, "--format", "xlsx", "--to", target, "hostile", "too_long")
    assert answer.code == 2
    assert "quality.too_long has 1,048,576 rows" in answer.text
    assert "--format parquet" in answer.text
    assert not target.exists()
    answer = call("export", "--project", hostile, "--format", "csv", "--to", target, "too_long")
    assert answer.code == 0
    with (target / "quality.too_long.csv").open() as stream:
        assert sum(1 for _ in stream) == 1_048_577


def test_a_failure_in_the_middle_leaves_nothing_and_the_old_export(hostile: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert call("export", "--project", hostile, "--format", "xlsx", "--to", target, "hostile").code == 0
    warehouse = Warehouse((hostile / "output/published/truth.duckdb").resolve())
    warehouse.execute("create table quality.wide_cell as select repeat('x', 32768) as text")
    warehouse.close()
    before = (target / "quality.hostile.xlsx").read_bytes()
    arguments = ("--project", hostile, "--format", "xlsx", "--to", target, "--force", "hostile", "wide_cell")
    answer = call("export", *arguments)
    assert answer.code == 1
    assert "quality.wide_cell: a cell holds 32,768 characters" in answer.text
    assert [path.name for path in target.iterdir()] == ["quality.hostile.xlsx"]
    assert (target / "quality.hostile.xlsx").read_bytes() == before
    assert not list(tmp_path.glob(".out*"))


def test_nothing_is_replaced_without_force_and_nothing_foreign_ever(sample: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    again = ("export", "--project", sample, "--to", target, "address")
    assert call(*again).code == 0
    refused = call(*again)
    assert refused.code == 2
    assert "--force" in refused.text
    assert call(*again[:-1], "--force", "household").code == 0
    assert [path.name for path in target.iterdir()] == ["master.household.parquet"]
    (target / "notes.txt").write_text("mine")
    refused = call(*again, "--force")
    assert refused.code == 2
    assert "notes.txt" in refused.text
    assert (target / "notes.txt").read_text() == "mine"
    (tmp_path / "link").symlink_to(target)
    assert call(*again[:-2], tmp_path / "link", "--force", "address").code == 2


def test_without_a_place_it_is_the_run_s_own(project: Path) -> None:
    assert call("export", "--project", project, "household").code == 0
    assert call("export", "--project", project, "--format", "csv", "household").code == 0
    reader = published(project)
    run_id = reader.value("select run_id from ops.runs")
    reader.close()
    made = sorted(path.relative_to(project / "output/exports") for path in (project / "output/exports").rglob("*.*"))
    files = [path for path in made if path.suffix in {".csv", ".parquet"}]
    assert files == [
        Path(run_id) / "csv/master.household.csv",
        Path(run_id) / "parquet/master.household.parquet",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("custmer_360", "did you mean master.customer_360"),
        ("master.ordrs", "did you mean master.orders"),
        ("qqqq", "--list"),
    ],
)
def test_a_mistyped_table_names_the_nearest(sample: Path, tmp_path: Path, asked: str, said: str) -> None:
    answer = call("export", "--project", sample, "--to", tmp_path / "out", asked)
    assert answer.code == 2
    assert said in answer.text
    assert not (tmp_path / "out").exists()


def test_tables_are_chosen_by_name_and_schema() -> None:
    warehouse = Warehouse()
    for table in ("master.a", "master.same", "identity.same", "quality.b", "lookup.hidden"):
        schema = table.split(".")[0]
        warehouse.execute(f"create schema if not exists {schema}")
        warehouse.execute(f"create table {table} as select 1 as n")
    assert exporting.chosen(warehouse, (), ()) == ["master.a", "master.same"]
    assert exporting.chosen(warehouse, ["B", "master.a"], ["identity"]) == ["identity.same", "quality.b", "master.a"]
    with pytest.raises(ConfigError, match=r"write master.same or identity.same"):
        exporting.chosen(warehouse, ["same"], ())
    with pytest.raises(ConfigError, match="hidden"):
        exporting.chosen(warehouse, ["lookup.hidden"], ())


def test_what_there_is_is_listed_and_before_the_first_night_it_is_said(sample: Path, tmp_path: Path) -> None:
    answer = call("export", "--project", sample, "--list")
    assert "master.customer_360" in answer.text
    assert "quality.action_plan" in answer.text
    bare = tmp_path / "bare"
    shutil.copytree(sample / "pipelines", bare / "pipelines")
    shutil.copytree(sample / "expectations", bare / "expectations")
    answer = call("export", "--project", bare)
    assert answer.code == 2
    assert "dq run" in answer.text


def test_a_folder_that_cannot_be_written_is_said(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StageError, match="cannot be written"):
        exporting.export(load_project(sample), ["household"], to=tmp_path / "file" / "out")
