"""A person is erased: no byte of them is left below the output, totals stay, and no extract brings them back."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from dq_pipeline import archive
from dq_pipeline.config import load_project
from dq_pipeline.erasing import files, finishing
from dq_pipeline.extracts.suppressing import read_marks
from dq_pipeline.warehouse import Warehouse
from tests.conftest import Answer, call
from tests.read_out import read_out
from tests.scenario import NIGHTS

# The scenario's best customer: five orders, nobody shares anything with him. His e-mail, phone, place and names; his
# given name alone is in the list of nicknames.
KONRAD = "crm_customers:C000014"
HIS = ("konrad.aldous", "konrad aldous", "aldous", "402-345-9914", "4023459914", "402) 345", "5120 dodge", "1972-02-19")
TOTALS = """select
    (select (count(*), sum(order_total)) from master.orders),
    (select (count(*), sum(quantity), sum(amount)) from master.order_lines),
    (select (count(*), sum(quantity)) from master.shipment_lines),
    (select count(*) from master.shipments)"""


class KilledError(BaseException):
    """The process dies here."""


@pytest.fixture
def project(scenario: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(scenario, tmp_path / "project", symlinks=True))
    path = folder / "pipelines/nightly.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    # So few orders: without one buyer's name, a share of them lacks it.
    settings["gates"]["scores"] = {}
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return folder


def asked(folder: Path, query: str) -> Any:
    reader = Warehouse((folder / "output/published/truth.duckdb").resolve(), read_only=True)
    try:
        return reader.rows(query)
    finally:
        reader.close()


def master_of(folder: Path) -> str:
    query = f"select master_id from identity.xref where entity = 'customer' and record_id = '{KONRAD}'"
    return str(asked(folder, query)[0][0])


def whatever_is_left(output: Path) -> list[str]:
    """Where anything of his stands: in the bytes of any file, as UTF-8 and UTF-16, and in what databases read out."""
    found = []
    for path in sorted(path for path in output.rglob("*") if path.is_file() and not path.is_symlink()):
        held = read_out(path).lower()
        for value in HIS:
            if any(value.encode(code) in held for code in ("utf-8", "utf-16-le", "utf-16-be")):
                found.append(f"{path.relative_to(output)}: {value}")
    return found


def test_an_erasure_cut_in_half_is_finished_by_the_next_night_which_does_not_bring_him_back(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, master, before = project / "output", master_of(project), asked(project, TOTALS)
    assert call("export", "--project", project, "--to", output / "exports/all", "--format", "csv").code == 0
    (project / "pipelines/judgements/customer.csv").write_text(
        "record_id_l,record_id_r,judgement,decided_by,decided_at,why\n"
        f"crm_customers:C000001,{KONRAD},different,ann,2026-11-20,\n"
        "crm_customers:C000005,crm_customers:C000006,different,ann,2026-11-20,\n",
        encoding="utf-8",
    )
    assert {"runs/2026-11-19-1/1/truth.duckdb", "runs/2026-11-20-1/1/truth.duckdb"} <= {
        line.split(":")[0] for line in whatever_is_left(output)
    }
    _cut_after_one_database(monkeypatch)
    with pytest.raises(KilledError):
        erase(project, master)
    monkeypatch.undo()
    pending = output / files.UNDER_WAY
    assert pending.stat().st_mode & 0o777 == 0o600
    assert asked(project, f"select count(*) from master.customer where customer_id = '{master}'") == [(1,)]
    again = erase(project, master)
    assert (again.code, "dq erase --resume" in again.text) == (2, True)

    answer = call("run", "--project", project, "--date", NIGHTS[1])
    assert answer.code == 0, answer.text
    assert "rows of people who were erased, left out or without them: 11" in answer.text
    assert not pending.exists()
    assert whatever_is_left(output) == []
    assert asked(project, TOTALS) == before
    assert asked(project, f"select event from identity.id_history where master_id = '{master}' order by event") == [
        ("created",),
        ("retired",),
    ]
    _certificate_tells_all_and_names_nobody(project)
    _last_night_reads_what_is_left_and_can_be_repeated(project)
    assert (project / "pipelines/judgements/customer.csv").read_text(encoding="utf-8").count("\n") == 2
    assert asked(project, "select count(*) from master.customer where display_name is not null")[0][0] > 10
    refused = erase(project, master)
    assert (refused.code, "no customer has the id" in refused.text) == (2, True)


def erase(project: Path, *what: str) -> Answer:
    return call("erase", "--project", project, *what, "--reason", "request 7", "--by", "ann", "--yes")


def _cut_after_one_database(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, done = finishing.purge_database, list[Path]()

    def cut(path: Path, *arguments: Any, **options: Any) -> Any:
        if done:
            raise KilledError
        done.append(path)
        return whole(path, *arguments, **options)

    monkeypatch.setattr(finishing, "purge_database", cut)


def _certificate_tells_all_and_names_nobody(project: Path) -> None:
    (path,) = (project / "output/erasures").glob("*.json")
    held = json.loads(path.read_text(encoding="utf-8"))
    done = {entry["file"]: entry["action"] for entry in held["files"]}
    assert done["runs/2026-11-19-1/1/truth.duckdb"] == done["runs/2026-11-20-1/1/truth.duckdb"] == "rewritten"
    assert done["working.duckdb"] == done["address_parsed.parquet"] == "removed"
    assert done["pipelines/judgements/customer.csv"] == "rewritten"
    assert done["exports/all/master.customer.csv"] == "removed"
    assert sum(file.startswith("snapshots/") for file in done) >= 3
    assert (held["people"], held["reason"], held["erased_by"], held["still_named_in"]) == (1, "request 7", "ann", [])
    for file in (path, path.with_suffix(".txt")):
        text = file.read_text(encoding="utf-8").lower()
        assert not [value for value in (*HIS, "c000014") if value in text]
        assert file.stat().st_mode & 0o777 == 0o600
    marks = read_marks(load_project(project))
    assert held["suppressions"] == len(marks) > 5
    assert not [value for value in HIS if value in (project / "pipelines/suppressions.csv").read_text().lower()]


def _last_night_reads_what_is_left_and_can_be_repeated(project: Path) -> None:
    nights = archive.manifests(project / "output")
    for night in nights:
        assert all(path.is_file() for path in archive.snapshots_of(project / "output", night))
    taken = {source: sum(file["suppressed"] for file in listed) for source, listed in nights[-1]["snapshots"].items()}
    assert {source: rows for source, rows in taken.items() if rows} == {"crm_customers": 1, "orders": 5, "shipments": 5}
    read = asked(
        project, "select source, rows_read, validated + quarantined + unparsed from ops.sources order by source"
    )
    assert all(rows == kept for _, rows, kept in read)
    assert {source: rows for source, rows, _ in read}["crm_customers"] == 14


def test_a_dry_run_tells_what_would_go_and_changes_nothing(project: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (project / "output/runs").rglob("*") if path.is_file()}
    where = "email = 'konrad.aldous@gmail.com'"
    answer = call("erase", "--project", project, "--where", where, "--dry-run", "--json")
    told = json.loads(answer.text)
    assert told["masters"] == [master_of(project)]
    assert told["rows"] == {"crm_customers": 1, "orders": 5, "shipments": 5}
    assert "runs/2026-11-20-1/1/truth.duckdb" in {entry["file"] for entry in told["files"]}
    assert before == {path: path.stat().st_mtime_ns for path in (project / "output/runs").rglob("*") if path.is_file()}
    assert not (project / "pipelines/suppressions.csv").exists()
    assert not (project / "suppressions.key").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nobody is named"),
        (["CUS-NOBODY"], 2, "no customer has the id CUS-NOBODY"),
        (["--where", "nonsense ="], 2, "--where is no condition"),
        (["--where", "customer_id in (select content from read_text('/etc/hostname'))"], 2, "--where is no condition"),
        (["--where", "false"], 2, "--where is true of no customer"),
        (["--resume"], 2, "no erasure is under way"),
        (["--resume", "CUS-1"], 2, "leave ids and --where out"),
    ],
)
def test_what_is_refused(scenario: Path, arguments: list[str], code: int, said: str) -> None:
    answer = call("erase", "--project", scenario, *arguments, "--reason", "r", "--yes")
    assert (answer.code, said in answer.text) == (code, True), answer.text


@pytest.mark.parametrize(("more", "said"), [([], "has a reason"), (["--reason", "r", "--json"], "nobody is asked")])
def test_without_a_reason_or_an_answer_nobody_is_erased(scenario: Path, more: list[str], said: str) -> None:
    answer = call("erase", "--project", scenario, master_of(scenario), *more)
    assert (answer.code, said in answer.text) == (2, True), answer.text
    assert not (scenario / "pipelines/suppressions.csv").exists()


def test_while_a_run_goes_on_nobody_is_erased(project: Path) -> None:
    with FileLock(project / "output/.lock", timeout=0):
        assert erase(project, master_of(project)).code == 4
    assert not os.path.exists(project / "pipelines/suppressions.csv")


def test_a_reason_that_names_the_person_is_refused(project: Path) -> None:
    answer = call("erase", "--project", project, master_of(project), "--reason", "Konrad Aldous wrote", "--yes")
    assert (answer.code, "the reason names the person" in answer.text) == (2, True)
    assert not (project / "output" / files.UNDER_WAY).exists()


def test_without_rules_or_with_a_column_of_nobody_nothing_is_erased(project: Path) -> None:
    path = project / "pipelines/sources/crm_interactions.yml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract.pop("people")
    path.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    answer = erase(project, master_of(project))
    assert (answer.code, "nothing says whose these personal columns are: preferred_name" in answer.text) == (2, True)
    path = project / "pipelines/nightly.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings.pop("erasure")
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    answer = erase(project, master_of(project))
    assert (answer.code, "does not say what stays" in answer.text) == (2, True)
