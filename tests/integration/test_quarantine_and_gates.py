"""Half an extract holds the night back and deletes nobody; the quarantine's commands on the sample."""

import csv
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, published

FILE = "output/published/truth.duckdb"


def fingerprint(project: Path) -> str:
    return hashlib.sha256((project / FILE).resolve().read_bytes()).hexdigest()


def keep_lines(path: Path, *, every: int) -> None:
    """Only the header and every so many rows of a CSV stay."""
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows[::every]])


def test_half_an_extract_holds_the_night_back_and_deletes_no_master(project: Path) -> None:
    before = fingerprint(project)
    masters = published(project)
    customers = masters.count("master.customer")
    masters.close()
    keep_lines(project / "data/sample/crm_customers.csv", every=2)
    answer = call("run", "--project", project, "--date", "2026-11-21")
    assert answer.code == 3, answer.text
    assert fingerprint(project) == before
    reader = published(project)
    assert reader.count("master.customer") == customers
    reader.close()
    assert re.search(
        r"volume_drop: crm_customers: 1,506 rows, 3,012 in the last published night \(50.0% fewer", answer.text
    )
    assert "records_lost: crm_customers: " in answer.text
    assert "held back; what was published before stays as it was" in answer.text
    (report,) = (project / "output/runs").glob("2026-11-21-*/*/report.html")
    page = report.read_text("utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page[page.index("<body") :]))
    # The page leads with what stopped the night, and with what to do.
    leading = text[: text.index("1,506 rows, 3,012 in the last published night") + 900]
    assert len(leading) < 4_000
    assert "ask sales for the whole extract" in leading
    manifest = json.loads((report.parent / "manifest.json").read_text("utf-8"))
    assert manifest["verdict"] == "held"
    assert {"volume_drop", "records_lost"} <= {breach["gate"] for breach in manifest["breaches"]}


@pytest.fixture
def working(project: Path) -> Any:
    def opened() -> Warehouse:
        return Warehouse(project / "output/working.duckdb", read_only=True)

    return opened


def bad_total(project: Path) -> str:
    """A record that is kept out for its order_total, and for nothing else."""
    listed = json.loads(call("quarantine", "list", "orders", "--project", project, "--json").text)
    codes: dict[str, set[str]] = {}
    for one in listed:
        codes.setdefault(one["record_id"], set()).add(one["code"])
    return min(record_id for record_id, found in codes.items() if found == {"bad_total"})


def test_a_row_is_listed_shown_masked_released_and_replayed(project: Path, working: Any) -> None:
    listed = call("quarantine", "list", "--project", project)
    assert listed.code == 0
    assert "bad_created_at" in listed.text
    record_id = bad_total(project)
    key = record_id.removeprefix("orders:")
    shown = call("quarantine", "show", record_id, "--project", project)
    clear = call("quarantine", "show", record_id, "--project", project, "--unmasked")
    name = re.search(r"customer_name +(.+)", clear.text)
    assert name is not None
    assert name[1].strip() not in shown.text
    assert "open, since 2026-11-20 (0 days)" in shown.text
    assert "owner sales" in shown.text

    said = ("--reason", "a sample, free of charge", "--by", "Ann Lee")
    released = call("quarantine", "release", record_id, "--project", project, *said)
    assert released.code == 0, released.text
    assert f"released {record_id} from bad_total" in released.text
    again = call("quarantine", "release", record_id, "--project", project, *said)
    assert "All of it was released before." in again.text
    lines = (project / "pipelines/releases/orders.csv").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.startswith(record_id)]) == len(lines) - 1 >= 1
    assert name[1].strip() not in "".join(lines)

    tables = working()
    before = (tables.count("validated.orders"), tables.count("quarantined.rows"))
    tables.close()
    replayed = call("quarantine", "replay", "orders", "--project", project, "--json")
    found = {one["record_id"]: one for one in json.loads(replayed.text)}
    assert found[record_id]["verdict"] == "released"
    assert {one["verdict"] for record, one in found.items() if record != record_id} == {"kept out"}
    # A replay changes nothing; the next run does, and twice is as once.
    for _ in range(2):
        assert call("run", "--project", project, "--from", "validate", "--until", "validate").code == 0
        tables = working()
        assert (tables.count("validated.orders"), tables.count("quarantined.rows")) == (before[0] + 1, before[1] - 1)
        assert tables.rows("select count(*) from validated.orders where order_id = ?", [key]) == [(1,)]
        assert tables.rows("select status from quarantined.releases") == [("applied",)] * (len(lines) - 1)
        tables.close()


def test_a_rule_that_was_corrected_lets_rows_pass_in_a_replay(project: Path) -> None:
    path = project / "expectations/raw/orders.json"
    suite = json.loads(path.read_text("utf-8"))
    for one in suite["expectations"]:
        if one["meta"]["code"] == "bad_status":
            one["severity"] = "warning"
    path.write_text(json.dumps(suite), encoding="utf-8")
    answer = call("quarantine", "replay", "orders", "--project", project, "--json")
    found = json.loads(answer.text)
    passing = [one for one in found if one["verdict"] == "passes"]
    assert passing
    assert all(one["before"] == ["bad_status"] and one["now"] == [] for one in passing)
    assert all(one["verdict"] == "kept out" for one in found if "bad_status" not in one["before"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "orders:nothing"), "the quarantine knows no record 'orders:nothing'"),
        (("list", "nothing"), "no source is named 'nothing'"),
        (("release", "orders:nothing", "--reason", "r", "--by", "b"), "the quarantine knows no record"),
    ],
)
def test_what_is_not_there_is_named(sample: Path, arguments: tuple[str, ...], message: str) -> None:
    answer = call("quarantine", *arguments, "--project", sample)
    assert answer.code == 2
    assert message in answer.text


def test_a_row_without_a_key_cannot_be_released(sample: Path) -> None:
    listed = json.loads(call("quarantine", "list", "--project", sample, "--json").text)
    for code in ("missing_key", "repeated_key"):
        record_id = next(one["record_id"] for one in listed if one["code"] == code)
        answer = call("quarantine", "release", record_id, "--project", sample, "--reason", "r", "--by", "b")
        assert answer.code == 2
        assert "has no key of its own" in answer.text
    assert not (sample / "pipelines/releases").exists()
