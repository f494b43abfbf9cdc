"""What analysts are given works on a published night: cookbook, diagram, notebook, guide, and the file's format."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT, published
from tools.cookbook import answered, queries
from tools.diagram import Reference, diagram, references

COOKBOOK = CHECKOUT / "docs/cookbook.md"
NOTEBOOK = CHECKOUT / "docs/examples/analyst.ipynb"
GUIDE = CHECKOUT / "docs/guides/analysts.md"


@pytest.fixture(scope="module")
def truth_file(sample: Path) -> Path:
    return (sample / "output/published/truth.duckdb").resolve()


def test_every_question_of_the_cookbook_has_a_query_and_the_answer_that_is_shown(truth_file: Path) -> None:
    page = COOKBOOK.read_text(encoding="utf-8")
    questions = re.findall(r"^## (\d+)\. ", page, re.M)
    assert [int(number) for number in questions] == list(range(1, len(questions) + 1))
    assert len(questions) >= 15
    assert len(queries(page)) == page.count("```sql") == len(questions)
    assert answered(page, truth_file) == page, "run `make docs`"
    assert "(no rows)" not in page


def test_an_answer_that_is_stale_or_missing_is_written_anew(truth_file: Path) -> None:
    sql = "```sql\nselect 1.5 as n, null as none, ['a', 'b'] as many, 'text' as t\n```\n"
    expected = f"{sql}\n```text\n  n  none  many  t\n---  ----  ----  ----\n1.5        a, b  text\n```\n\nAfter.\n"
    assert answered(f"{sql}\nAfter.\n", truth_file) == expected
    assert answered(expected.replace("1.5  ", "9.9  "), truth_file) == expected
    assert "(no rows)" in answered("```sql\nselect 1 as n where false\n```\n", truth_file)


def test_the_diagram_is_that_of_the_published_file(truth_file: Path) -> None:
    assert (CHECKOUT / "docs/er-diagram.md").read_text(encoding="utf-8") == diagram(truth_file), "run `make docs`"


def test_what_the_diagram_calls_a_reference_is_one(sample: Path) -> None:
    """Values that point to a master point to one that there is, but for orders that name what was not delivered."""
    reader = published(sample)
    try:
        found = references(reader)
        assert Reference(("master", "orders", "customer_id"), ("master", "customer", "customer_id")) in found
        assert Reference(("quality", "issue_rows", "code"), ("quality", "issues", "code")) in found
        lost = {}
        for one in found:
            (schema, table, column), (to_schema, to_table, to_column) = one.source, one.target
            if to_column in {"customer_id", "address_id", "household_id", "code"}:
                lost[".".join(one.source)] = reader.value(
                    f"""select count(*) from {schema}.{table} as s where s.{column} is not null
                    and not exists (select 1 from {to_schema}.{to_table} as t where t.{to_column} = s.{column})"""
                )
        assert {name: count for name, count in lost.items() if count} == {}
    finally:
        reader.close()


def test_only_a_unique_column_is_a_key() -> None:
    warehouse = Warehouse()
    warehouse.execute("create schema master")
    for table, column, comment, values in (
        ("a", "a_id", "the id", "(1), (2)"),
        ("b", "a_id", "who: a.a_id", "(1), (1)"),
        ("c", "b_a", "which: b.a_id, lookups/a.a_id", "(1), (2)"),
        ("d", "a_id", "which: master.a.a_id", "(null), (2)"),
    ):
        warehouse.execute(f"create table master.{table} ({column} integer)")
        warehouse.execute(f"insert into master.{table} values {values}")
        warehouse.execute(f"comment on column master.{table}.{column} is '{comment}'")
    target = ("master", "a", "a_id")
    assert references(warehouse) == [
        Reference(("master", "b", "a_id"), target),
        Reference(("master", "d", "a_id"), target),
    ]


def test_the_notebook_runs_and_is_kept_without_outputs(
    truth_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in kept["cells"])
    book = nbformat.reads(NOTEBOOK.read_text(encoding="utf-8"), as_version=4)
    monkeypatch.setenv("DQ_FILE", str(truth_file))
    NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    shown = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    assert sum("text/html" in data for data in shown) == 4
    assert any("Perfect orders and target" in data.get("image/svg+xml", "") for data in shown)


def test_the_file_has_the_format_of_duckdb_1_2(truth_file: Path) -> None:
    """A DuckDB file's main header: 8 bytes of checksum, `DUCK`, then the storage version: 65 is that of DuckDB 1.2."""
    with truth_file.open("rb") as stream:
        header = stream.read(20)
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 65


def test_a_newcomer_s_query_on_each_table_of_the_guide_works(sample: Path) -> None:
    named = set(re.findall(r"`((?:master|identity|quality)\.\w+)`", GUIDE.read_text(encoding="utf-8")))
    assert {"master.customer_360", "master.orders", "quality.current_quarantine", "identity.xref"} <= named
    reader = published(sample)
    try:
        for table in sorted(named):
            assert len(reader.rows(f"select * from {table} limit 5")) == 5, table
        kept_out = "select count(distinct record_id) from quality.quarantine where status = 'open'"
        assert reader.count("quality.current_quarantine") == reader.value(kept_out)
    finally:
        reader.close()
