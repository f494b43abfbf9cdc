"""A bad night changes nothing that others read: one clear message, the right exit code, nothing published."""

import gzip
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import call

Fault = Callable[[Path], None]
DATA = "data/sample"


def edit(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def remove_an_extract(project: Path) -> None:
    (project / DATA / "orders.csv").unlink()


def empty_an_extract(project: Path) -> None:
    (project / DATA / "inventory.csv").write_bytes(b"")


def leave_only_the_header(project: Path) -> None:
    path = project / DATA / "shipments.csv"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def rename_a_column(project: Path) -> None:
    edit(project / DATA / "crm_customers.csv", b"date_of_birth", b"birthday")


def cut_a_gzip_in_half(project: Path) -> None:
    path = project / DATA / "order_lines.csv"
    packed = gzip.compress(path.read_bytes())
    path.with_suffix(".csv.gz").write_bytes(packed[: len(packed) // 2])
    edit(project / "pipelines/sources/order_lines.yml", b"order_lines.csv", b"order_lines.csv.gz")


def put_a_nul_byte_in_a_csv(project: Path) -> None:
    lines = (project / DATA / "orders.csv").read_bytes().splitlines(keepends=True)
    lines[16] = lines[16].replace(b",", b",\x00", 2)
    (project / DATA / "orders.csv").write_bytes(b"".join(lines))


def put_latin_1_in_a_csv(project: Path) -> None:
    lines = (project / DATA / "shipments.csv").read_bytes().splitlines(keepends=True)
    lines[41] = lines[41].replace(b"a", "é".encode("latin-1"), 1)
    (project / DATA / "shipments.csv").write_bytes(b"".join(lines))


def break_a_line(project: Path) -> None:
    lines = (project / DATA / "inventory.csv").read_bytes().splitlines(keepends=True)
    lines[9] = lines[9].rsplit(b",", 2)[0] + b"\n"
    (project / DATA / "inventory.csv").write_bytes(b"".join(lines))


def make_an_extract_stale(project: Path) -> None:
    edit(project / "pipelines/sources/orders.yml", b"max_age_days: 7", b"max_age_days: 0")
    path = project / DATA / "orders.csv"
    path.write_bytes(path.read_bytes().replace(b"2026-11-20", b"2026-11-10").replace(b"2026-11-19", b"2026-11-09"))


def break_the_yaml(project: Path) -> None:
    edit(project / "pipelines/sources/orders.yml", b"columns:", b"columns: [")


def misname_a_field(project: Path) -> None:
    edit(project / "pipelines/sources/orders.yml", b"newest_by:", b"newest_bye:")


def write_a_key_twice(project: Path) -> None:
    edit(project / "pipelines/nightly.yml", b"name: nightly", b"name: nightly\nname: again")


def break_the_sql(project: Path) -> None:
    edit(project / "pipelines/sql/mastered/orders.sql", b"orders.promised_at,", b"orders.promissed_at,")


def forget_a_remark(project: Path) -> None:
    edit(project / "pipelines/sql/mastered/orders.sql", b" -- when it was promised", b"")


def break_the_suite(project: Path) -> None:
    edit(project / "expectations/raw/orders.json", b'"expectations": [', b'"expectations": [,')


def name_an_unknown_expectation(project: Path) -> None:
    edit(project / "expectations/raw/orders.json", b'"expect_column_values_to_not_be_null"', b'"expect_miracles"')


def break_the_model(project: Path) -> None:
    (project / "pipelines/models/customer.json").write_text("{", encoding="utf-8")


def break_a_judgement(project: Path) -> None:
    path = project / "pipelines/judgements/customer.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "record_id_l,record_id_r,judgement,decided_by,decided_at,why\na,b,perhaps,me,2026-11-20,\n", "utf-8"
    )


def flood_the_quarantine(project: Path) -> None:
    path = project / DATA / "shipments.csv"
    path.write_bytes(path.read_bytes().replace(b",delivered,ok", b",arrived,ok"))


def lose_a_record_in_sql(project: Path) -> None:
    path = project / "pipelines/sql/standardized/orders__customer.sql"
    text = path.read_text(encoding="utf-8").rstrip().rstrip(";")
    path.write_text(f"{text}\nunion all\n{text}", encoding="utf-8")


FAULTS: list[tuple[Fault, int, str]] = [
    (remove_an_extract, 3, r"orders\.csv: the extract of orders is missing"),
    (empty_an_extract, 3, r"inventory\.csv: the extract of inventory is empty"),
    (leave_only_the_header, 3, r"shipments\.csv: shipments has 0 rows"),
    (rename_a_column, 3, r"crm_customers\.csv, line 1: .*missing: date_of_birth; new: birthday"),
    (cut_a_gzip_in_half, 3, r"order_lines\.csv\.gz: the packed file is cut short"),
    (flood_the_quarantine, 3, r"shipments: [\d,]+ of [\d,]+ rows are in quarantine"),
    (break_the_yaml, 2, r"orders\.yml, line \d+, column \d+: not valid YAML"),
    (misname_a_field, 2, r"orders\.yml, line 8: newest_bye: is not a known field"),
    (write_a_key_twice, 2, r"nightly\.yml, line 3, column 1: not valid YAML: 'name' is written twice"),
    (break_the_sql, 2, r"mastered/orders\.sql, line 26: .*promissed_at"),
    (forget_a_remark, 2, r"mastered/orders\.sql: no remark says what promised_at is"),
    (break_the_suite, 2, r"raw/orders\.json, line \d+, column \d+: not valid JSON"),
    (name_an_unknown_expectation, 2, r"raw/orders\.json: .*expect_miracles"),
    (break_the_model, 2, r"models/customer\.json"),
    (break_a_judgement, 2, r"judgements/customer\.csv, line 2: .*perhaps"),
    (lose_a_record_in_sql, 1, r"standardized/customer\.sql: [\d,]+ conformed records became"),
]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("fault", "code", "message"), FAULTS, ids=[fault.__name__ for fault, _, _ in FAULTS])
def test_a_fault_gives_one_message_and_leaves_what_is_published(
    project: Path, fault: Fault, code: int, message: str
) -> None:
    published = project / "output/published"
    files = {path: digest(path) for path in sorted(published.rglob("*")) if path.is_file()}
    where = published.readlink()
    fault(project)

    answer = call("run", "--project", project)

    flat = " ".join(answer.text.split())
    assert re.search(message, flat), answer.text
    assert answer.code == code, answer.text
    assert "What to do:" in flat
    assert "Traceback" not in answer.text
    assert published.readlink() == where
    assert {path: digest(path) for path in published.rglob("*") if path.is_file()} == files


def test_a_held_night_names_all_that_is_wrong_in_its_report_and_the_next_good_night_publishes(project: Path) -> None:
    wrong = {
        put_a_nul_byte_in_a_csv: ("orders.csv, line 17", "a NUL byte"),
        put_latin_1_in_a_csv: ("shipments.csv, line 42", "bytes that are not of the declared encoding"),
        break_a_line: ("inventory.csv, line 10", "10 fields where 12 are expected"),
        make_an_extract_stale: ("orders.csv", "the newest ordered_at of orders is 2026-11-1"),
    }
    kept = Path(shutil.copytree(project, project.with_name("kept"), symlinks=True))
    published = (project / "output/published").readlink()
    for fault in wrong:
        fault(project)
    answer = call("run", "--project", project)
    assert answer.code == 3, answer.text
    assert (project / "output/published").readlink() == published
    held = max((project / "output/runs").glob("*/*/report.html"), key=lambda path: path.stat().st_mtime)
    page = " ".join(held.read_text(encoding="utf-8").split())
    for where, what in wrong.values():
        assert f"{where}: {what}" in " ".join(answer.text.split())
        assert where in page
        assert what in page
    for folder in (DATA, "pipelines"):
        shutil.copytree(kept / folder, project / folder, dirs_exist_ok=True)
    answer = call("run", "--project", project)
    assert answer.code == 0, answer.text
    assert (project / "output/published").readlink() != published


def test_a_bad_line_is_kept_aside_and_counted_where_the_gate_allows_it(project: Path) -> None:
    break_a_line(project)
    edit(project / "pipelines/nightly.yml", b"unparsed_lines: 0 ", b"unparsed_lines: 1 ")
    answer = call("run", "--project", project)
    assert answer.code == 0, answer.text
    assert re.search(r"inventory +287 +\d+ +\d+ +1\b", answer.text) or re.search(r"inventory.* 1$", answer.text, re.M)


def test_a_second_run_at_the_same_time_is_refused(project: Path) -> None:
    from dq_pipeline import archive

    with archive.lock(project / "output"):
        answer = call("run", "--project", project)
    assert answer.code == 4
    assert "another run is going on here (process " in answer.text
