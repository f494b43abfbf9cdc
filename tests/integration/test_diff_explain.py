"""Two nights of the sample: what differs and why; and explanations of what the first night decided."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, published

CUSTOMERS = "data/sample/crm_customers.csv"


def accounts(project: Path, number: int) -> list[tuple[str, list[str]]]:
    """Customers with that many CRM accounts: (customer_id, keys)."""
    reader = published(project)
    try:
        return [
            (str(master), list(keys))
            for master, keys in reader.rows(
                """select master_id, list_sort(list(source_key)) from identity.xref
                where entity = 'customer' and source = 'crm_customers'
                group by master_id having count(*) = ? order by master_id""",
                [number],
            )
        ]
    finally:
        reader.close()


def alone(project: Path) -> list[tuple[str, str]]:
    """Customers of one record, a CRM account: (customer_id, key)."""
    reader = published(project)
    try:
        rows = reader.rows(
            """select master_id, min(source_key) from identity.xref where entity = 'customer'
            group by master_id having count(*) = 1 and min(source) = 'crm_customers' order by master_id"""
        )
        return [(str(master), str(key)) for master, key in rows]
    finally:
        reader.close()


def rewrite(path: Path, change: Callable[[dict[str, dict[str, str]]], None]) -> None:
    """Change the rows of an extract, given by key."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        names = list(reader.fieldnames or ())
        rows = list(reader)
    by_key = {row[names[0]]: row for row in rows}
    change(by_key)
    kept = [row for row in rows if row[names[0]] in by_key]
    kept += [row for key, row in by_key.items() if key not in {one[names[0]] for one in rows}]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


STRANGER = {
    "full_name": "Zebulon Quist", "first_name": "Zebulon", "last_name": "Quist", "preferred_name": "",
    "email": "zq77@nowhere.example.org", "phone": "212-555-0188", "date_of_birth": "1931-02-03",
    "address_line1": "9 Far Away Lane", "address_line2": "", "city": "Albany", "state": "NY", "postal_code": "12207",
}  # fmt: skip


@pytest.fixture(scope="module")
def second(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The sample after a second night, in which a few things changed, and what they were."""
    project = Path(shutil.copytree(sample, tmp_path_factory.mktemp("second") / "project", symlinks=True))
    two, one = accounts(project, 2), alone(project)
    changed = {
        "split": (two[0][0], two[0][1][1]), "judged": two[1], "gone": one[0], "new": "C999999",
        "merged": (one[1], one[2]), "kept_out": one[3],
    }  # fmt: skip

    def change(rows: dict[str, dict[str, str]]) -> None:
        rows[two[0][1][1]] |= STRANGER
        rows["C999999"] = rows[one[0][1]] | STRANGER | {"customer_id": "C999999", "email": "new@x.example.org",
            "full_name": "Nadia Brandneu", "first_name": "Nadia", "last_name": "Brandneu", "phone": "",
            "date_of_birth": "1999-09-09", "address_line1": "77 New Street", "address_line2": ""}  # fmt: skip
        del rows[one[0][1]]
        same = {name: value for name, value in rows[one[1][1]].items() if name not in {"customer_id", "created_at"}}
        rows[one[2][1]] |= same
        rows[one[3][1]]["created_at"] = "rubbish"

    rewrite(project / CUSTOMERS, change)
    left, right = (f"crm_customers:{key}" for key in two[1][1])
    with (project / "pipelines/judgements/customer.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"{left},{right},different,ann,2026-11-20,two people\n")
    answer = call("run", "--project", project, "--date", "2026-11-21", "--quiet")
    assert answer.code == 0, answer.text
    return project, changed


@pytest.fixture(scope="module")
def difference(second: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    answer = call("diff", "--project", second[0], "--json", "--unmasked")
    assert answer.code == 0, answer.text
    found: dict[str, Any] = json.loads(answer.text)
    return found


def event(difference: dict[str, Any], kind: str, record: str) -> dict[str, Any]:
    """The event of that kind among customers that moved a record."""
    found = [
        one
        for one in difference["events"]
        if one["entity"] == "customer" and one["event"] == kind and f"crm_customers:{record}" in one["members"]
    ]
    assert len(found) == 1, [one for one in difference["events"] if f"crm_customers:{record}" in one["members"]]
    return found[0]


def test_every_change_is_found_with_its_cause(second: tuple[Path, dict[str, Any]], difference: dict[str, Any]) -> None:
    _, changed = second
    master, key = changed["split"]
    split = event(difference, "split", key)
    assert (split["master_id"], split["cause"]) == (master, "record_changed")
    judged = [
        one for one in difference["events"] if one["event"] == "split" and one["master_id"] == changed["judged"][0]
    ]
    assert [one["cause"] for one in judged] == ["judgement"]
    assert event(difference, "created", changed["new"])["cause"] == "record_added"
    assert event(difference, "retired", changed["gone"][1])["cause"] == "record_removed"
    assert event(difference, "retired", changed["kept_out"][1])["cause"] == "record_quarantined"
    (kept, _), (gone, key) = changed["merged"]
    merged = [one for one in difference["events"] if one["event"] == "merged" and one["entity"] == "customer"]
    assert {merged[0]["master_id"], merged[0]["into_master_id"]} == {kept, gone}
    assert merged[0]["cause"] == "record_changed"
    assert difference["models_changed"] == []


def test_nothing_else_happened(difference: dict[str, Any]) -> None:
    figures = {row["entity"]: row for row in difference["entities"]}
    customers = figures["customer"]
    assert (customers["merged"], customers["retired"], customers["created"]) == (1, 2, 1)
    assert 2 <= customers["split"] <= 4
    assert customers["values"] == len([value for value in difference["values"] if value["entity"] == "customer"])
    assert "settings" not in customers["causes"]


def test_text_is_masked_and_limited(second: tuple[Path, dict[str, Any]]) -> None:
    project, _ = second
    answer = call("diff", "--project", project, "--limit", "1")
    assert answer.code == 0, answer.text
    assert "Zebulon" not in answer.text
    assert re.search(r"2026-11-20-1/\d+ \(2026-11-20\) → 2026-11-21-1/\d+ \(2026-11-21\)", answer.text)
    assert "because the source changed a record" in answer.text
    assert "--limit 0 shows all" in answer.text


def test_a_night_with_itself_differs_in_nothing(second: tuple[Path, dict[str, Any]]) -> None:
    answer = call("diff", "current", "2026-11-21-1", "--project", second[0], "--json")
    found = json.loads(answer.text)
    assert (found["events"], found["values"], found["orders"], found["models_changed"]) == ([], [], [], [])


def test_a_run_that_is_not_there(second: tuple[Path, dict[str, Any]]) -> None:
    answer = call("diff", "2026-01-01-1", "--project", second[0])
    assert answer.code == 2
    assert "no published run is called '2026-01-01-1'" in answer.text


def test_explain_a_customer_of_two_accounts(sample: Path) -> None:
    master, (left, right) = accounts(sample, 2)[0]
    pair = [f"crm_customers:{left}", f"crm_customers:{right}"]
    answer = call("explain", *pair, "--project", sample)
    assert answer.code == 0, answer.text
    assert f"{pair[0]} and {pair[1]}: one" in answer.text
    assert master in answer.text
    found = json.loads(call("explain", *pair, "--project", sample, "--json").text)
    said = found["prior"] + sum(one["total"] for one in found["comparisons"]) + found["correction"]
    assert said == pytest.approx(found["match_weight"])
    working = Warehouse(sample / "output/working.duckdb", read_only=True)
    weights = working.rows(
        """select scored.match_weight from linked.customer_scored as scored
        join linked.customer_profiles as l on l.profile_no = scored.l
        join linked.customer_profiles as r on r.profile_no = scored.r
        where l.record_id in (?, ?) and r.record_id in (?, ?)""",
        [*pair, *pair],
    )
    working.close()
    assert all(weight == pytest.approx(found["match_weight"], abs=1e-3) for (weight,) in weights)


def test_explain_masks_what_a_customer_is_called(sample: Path) -> None:
    _, (left, right) = accounts(sample, 2)[0]
    with (sample / CUSTOMERS).open(encoding="utf-8", newline="") as stream:
        name = next(row["last_name"] for row in csv.DictReader(stream) if row["customer_id"] == left)
    pair = [f"crm_customers:{left}", f"crm_customers:{right}", "--project", sample]
    assert name.lower() not in call("explain", *pair).text.lower()
    assert name.lower() in call("explain", *pair, "--unmasked").text.lower()


def test_explain_two_customers_and_one(sample: Path, tmp_path: Path) -> None:
    (master, _), (other, _) = accounts(sample, 2)[:2]
    answer = call("explain", master, other, "--project", sample)
    assert answer.code == 0, answer.text
    assert ": two" in answer.text
    graph = tmp_path / "graph.dot"
    answer = call("explain", master, "--project", sample, "--picture", graph)
    assert answer.code == 0, answer.text
    for part in ("best links that hold it", "weakest", "order of joins"):
        assert part in answer.text
    links = len(re.findall(" -- ", graph.read_text(encoding="utf-8")))
    records = json.loads(call("explain", master, "--project", sample, "--json").text)["records"]
    assert links == len(records) - 1


def test_explain_nobody(sample: Path) -> None:
    answer = call("explain", "nobody", "--project", sample)
    assert answer.code == 2
    assert "no record and no master is called 'nobody'" in answer.text
