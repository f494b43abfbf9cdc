"""Judgements, round trip: pairs are exported, decided, imported and applied; opened again when a record changes."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline import archive
from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, copy_sample, published
from tests.integration.test_report_browser import BROWSER, look

CUSTOMERS = "data/sample/crm_customers.csv"


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def write(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8-sig") -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(stream.getvalue(), encoding=encoding)


def ask(project: Path, query: str) -> list[tuple[Any, ...]]:
    reader = published(project)
    try:
        return reader.rows(query)
    finally:
        reader.close()


def masters(project: Path) -> dict[str, str]:
    return dict(ask(project, "select record_id, master_id from identity.xref where entity = 'customer'"))


def merged_accounts(project: Path) -> tuple[str, str]:
    """Two accounts that linkage made one customer of, and nobody else."""
    query = """select min(record_id), max(record_id) from identity.xref where entity = 'customer'
        group by master_id having count(*) = 2 and bool_and(source = 'crm_customers') order by 1"""
    return ask(project, query)[0]  # type: ignore[return-value]


# Goes to some of the report's pairs by key, decides them by key, and writes down the file that the page saves.
BY_KEYS = """<!doctype html><meta charset="utf-8"><title>harness</title><body><script>
(async () => {
  const frame = document.createElement("iframe");
  frame.width = 1280; frame.height = 900; frame.src = "report.html";
  document.body.append(frame);
  await new Promise(done => frame.onload = done);
  const page = frame.contentDocument, view = frame.contentWindow;
  const key = name => (page.activeElement || page.body).dispatchEvent(
    new view.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  let at = -1;
  for (const [place, name] of PLAN) { for (; at < place; at++) key("j"); key(name); }
  const who = page.getElementById("deciding-who");
  who.value = "Dee Park"; who.dispatchEvent(new view.Event("input"));
  let blob = null;
  view.URL.createObjectURL = made => { blob = made; return "#"; };
  page.getElementById("deciding-save").click();
  const result = document.createElement("pre");
  result.id = "found";
  result.textContent = JSON.stringify([await blob.text()]);
  document.body.append(result);
  frame.remove();
})();
</script></body>"""


def decide_by_keys(project: Path, folder: Path) -> list[dict[str, str]]:
    """Two pairs of the night's own report decided by keys in a browser and imported; none where there is no browser."""
    if BROWSER is None:
        return []
    page = (project / "output/published/report.html").read_text(encoding="utf-8")
    cards = re.findall(r'<li class="card" data-entity="(\w+)" data-left="([^"]+)" data-right="([^"]+)"', page)
    found, chosen, used = masters(project), [], set[str]()
    for place, (entity, left, right) in enumerate(cards):
        pair = {found[left], found[right]} if entity == "customer" else used
        if len(chosen) < 2 and not pair & used:
            chosen.append((place, left, right, ("different", "same")[len(chosen)]))
            used |= pair
    assert len(chosen) == 2
    folder.mkdir()
    plan = json.dumps([(place, judgement[0]) for place, _, _, judgement in chosen])
    (folder / "report.html").write_text(page, encoding="utf-8")
    (folder / "harness.html").write_text(BY_KEYS.replace("PLAN", plan), encoding="utf-8")
    saved = folder / "decisions.csv"
    saved.write_text(str(look(folder, dark=False).frames[0]), encoding="utf-8", newline="")
    answer = call("review", "import", saved, "--project", project)
    assert "customer: 2 decided (1 different, 1 same)" in answer.text, answer.text
    return [{"record_id_l": left, "record_id_r": right, "judgement": judgement} for _, left, right, judgement in chosen]


def decide(project: Path, tmp_path: Path, before: list[dict[str, str]]) -> list[dict[str, str]]:
    """Ten decisions: five pairs of the queue the same, four different, and one pair of merged accounts different.

    None of them bears on what was decided `before`.
    """
    sheet = tmp_path / "pairs.csv"
    answer = call("review", "export", "customer", "--limit", "40", "--out", sheet, "--project", project)
    assert answer.code == 0, answer.text
    # Each customer in one decision only, so that none of them bears on another.
    chosen: list[dict[str, str]] = []
    found = masters(project)
    used = {found[row[side]] for row in before for side in ("record_id_l", "record_id_r")}
    for row in read(sheet):
        pair = {row["master_id_l"], row["master_id_r"]}
        if len(chosen) < 9 and not pair & used:
            row["judgement"] = "same" if len(chosen) < 5 else "Different "
            chosen.append(row)
            used |= pair
    assert len(chosen) == 9
    left, right = merged_accounts(project)
    chosen.append(dict.fromkeys(chosen[0], "") | {"record_id_l": right, "record_id_r": left, "judgement": "different"})
    chosen[-1] |= {"entity": "customer", "decided_by": "Bo", "decided_at": "20.11.2026", "why": '=two sisters, "twins"'}
    undecided = [row for row in read(sheet) if row["master_id_l"] not in used]
    write(sheet, [*chosen, *undecided])
    return chosen


@pytest.mark.slow
def test_the_round_trip(project: Path, tmp_path: Path) -> None:
    before = masters(project)
    by_keys = decide_by_keys(project, tmp_path / "browser")
    decided = by_keys + decide(project, tmp_path, by_keys)
    answer = call("review", "import", tmp_path / "pairs.csv", "--by", "Ann Lee", "--project", project)
    assert answer.code == 0, answer.text
    assert "customer: 10 decided (5 different, 5 same), 0 known before, " in answer.text
    again = call("review", "import", tmp_path / "pairs.csv", "--by", "Ann Lee", "--project", project)
    assert "0 decided, 10 known before" in again.text

    answer = call("run", "--project", project)
    assert answer.code == 0, answer.text
    assert_decisions_hold(project, decided)
    assert_unmerged_without_loss(project, before, *merged_pair(decided))
    statuses = ask(project, "select decided_by, status, count(*) from identity.judgements group by all order by all")
    assert [one for one in statuses if one[0] != "Dee Park"] == [("Ann Lee", "applied", 9), ("Bo", "applied", 1)]
    assert sum(number for by, status, number in statuses if (by, status) == ("Dee Park", "applied")) == len(by_keys)

    changed = change_a_judged_account(project, decided)
    answer = call("run", "--until", "link", "--project", project)
    assert answer.code == 0, answer.text
    assert_listed_as_reopened(project)
    answer = call("run", "--from", "master", "--project", project)
    assert answer.code == 0, answer.text
    assert_decisions_hold(project, decided)
    assert_reopened(project, changed)

    answer_again(project, tmp_path, changed)
    answer = call("run", "--from", "link", "--project", project)
    assert answer.code == 0, answer.text
    assert_decisions_hold(project, decided)
    statuses = ask(project, "select status, count(*) from identity.judgements group by all order by all")
    assert statuses == [("applied", len(decided)), ("superseded", 1)]
    assert ask(project, "select 1 from identity.review_queue where reason like 'reopened%'") == []


def merged_pair(decided: list[dict[str, str]]) -> tuple[str, str]:
    return decided[-1]["record_id_l"], decided[-1]["record_id_r"]


def assert_decisions_hold(project: Path, decided: list[dict[str, str]]) -> None:
    found = masters(project)
    for row in decided:
        together = found[row["record_id_l"]] == found[row["record_id_r"]]
        assert together == (row["judgement"] == "same"), row


def assert_unmerged_without_loss(project: Path, before: dict[str, str], one: str, other: str) -> None:
    """One of two keeps the id, the other has one of its own; each golden value comes from its own record alone."""
    found = masters(project)
    assert before[one] == before[other]
    assert before[one] in {found[one], found[other]}
    values = ask(
        project,
        f"""select provenance.master_id, provenance.record_id, provenance.losing_values from identity.provenance
        where entity = 'customer' and master_id in ('{found[one]}', '{found[other]}')""",
    )
    assert {(master_id, record_id) for master_id, record_id, _ in values} == {(found[one], one), (found[other], other)}
    assert [losing for _, _, losing in values if losing] == []
    events = ask(project, f"select event, into_master_id from identity.id_history where master_id = '{before[one]}'")
    assert ("split", ({found[one], found[other]} - {before[one]}).pop()) in events
    leads = ask(project, f"select current_id, is_live from identity.resolve where master_id = '{before[one]}'")
    assert leads == [(before[one], True)]


def change_a_judged_account(project: Path, decided: list[dict[str, str]]) -> tuple[str, str]:
    """Another name and birth date for an account that was judged; returns the pair."""
    pair = merged_pair(decided)
    key = pair[0].removeprefix("crm_customers:")
    path = project / CUSTOMERS
    rows = read(path)
    found = [row for row in rows if row["customer_id"] == key]
    assert len(found) == 1
    found[0] |= {"full_name": "Quentin Zabriskie", "first_name": "Quentin", "last_name": "Zabriskie"}
    found[0] |= {"date_of_birth": "1951-03-09"}
    write(path, rows, "utf-8")
    return pair


def assert_reopened(project: Path, pair: tuple[str, str]) -> None:
    rows = ask(
        project, "select record_id_l, record_id_r, status, changed from identity.judgements where status <> 'applied'"
    )
    assert [(left, right, status) for left, right, status, _ in rows] == [(*sorted(pair), "reopened")]
    changed = rows[0][3].split(",")
    assert {"first_key", "last_key"} <= set(changed)
    assert [name for name in changed if name.startswith("birth")]
    assert not any("email" in name or "phone" in name for name in changed)
    queue = ask(
        project, "select record_id_l, record_id_r, reason, uncertainty from identity.review_queue where is_asked_again"
    )
    assert queue == [(*sorted(pair), f"reopened:{rows[0][3]}", 1)]
    assert_listed_as_reopened(project)


def assert_listed_as_reopened(project: Path) -> None:
    listed = json.loads(call("review", "list", "--json", "--project", project).text)
    assert [one["status"] for one in listed if one["changed"]] == ["reopened"]
    text = call("review", "list", "customer", "--project", project).text
    assert "reopened: " in text
    assert "…" not in text, "ids are shown whole, if need be on two lines"


def answer_again(project: Path, tmp_path: Path, pair: tuple[str, str]) -> None:
    """The same answer on the changed record is an answer: the pair is asked no more."""
    sheet = tmp_path / "again.csv"
    call("review", "export", "--limit", "1", "--out", sheet, "--project", project)
    (row,) = read(sheet)
    assert row["reason"].startswith("reopened:"), "what is asked again comes first"
    assert [row["record_id_l"], row["record_id_r"]] == sorted(pair)
    assert row["judged_before"] == "different, 2026-11-20, Bo"
    write(sheet, [row | {"judgement": "different"}])
    answer = call("review", "import", sheet, "--by", "Cleo", "--project", project)
    assert "customer: 1 decided (1 different)" in answer.text, answer.text
    assert "1 known before" in call("review", "import", sheet, "--by", "Cleo", "--project", project).text


def test_open_orders_of_planted_namesakes_are_in_the_queue(sample: Path) -> None:
    """None of the planted pairs is merged, and whoever looks through the queue sees each of their open orders."""
    working = Warehouse(sample / "output/working.duckdb", read_only=True)
    names_confusable = working.has("linked.customer_confusable")
    working.close()
    truth = f"read_csv('{sample}/data/sample/truth/namesakes.csv', all_varchar = true)"
    merged = f"""select record_id_a, record_id_b from {truth}
        join identity.xref as a on a.entity = 'customer' and a.record_id = record_id_a
        join identity.xref as b on b.entity = 'customer' and b.record_id = record_id_b
        where a.master_id = b.master_id"""
    assert ask(sample, merged) == []
    if not names_confusable:
        pytest.skip("linkage names no pairs that people confuse")
    missing = f"""with accounts as (
            select record_id_a as record_id from {truth}
            union
            select record_id_b from {truth}
        ), masters as (
            select distinct master_id from accounts join identity.xref using (record_id) where entity = 'customer'
        ), listed as (
            select distinct unnest(open_order_ids) as order_id from identity.review_queue where entity = 'customer'
        )
        select order_id from master.orders
        where status = 'open' and order_id not in (select order_id from listed) and (
            customer_id in (select master_id from masters)
            or 'crm_customers:' || source_customer_id in (select record_id from accounts))"""
    hint = "entities/customer.yml: no key of `confusable` finds these: two who live at one place, whatever their names?"
    assert ask(sample, missing) == [], hint


BAD_SHEETS = [
    ("crm_customers:C000001,crm_customers:NOBODY,same,,", "no customer record is called 'crm_customers:NOBODY'", 2),
    ("{l},{r},maybe,,", "column judgement: 'maybe' is none of same, different, unsure", 2),
    ("{l},{l},same,,", "column record_id_r: {l} is judged against itself", 2),
    ("{l},,same,,", "column record_id_r: the record id is missing", 2),
    ("{l},{r},same,,\n{r},{l},different,,", "line 3, column judgement: the pair is 'same' in line 2", 2),
    ("{l},{r},same,03/04/2026,", "column decided_at: '03/04/2026' is no date like 2026-11-20", 2),
    ("{l},{r},same,2999-01-01,", "column decided_at", 2),
    (
        "{l},{r},same,,\n{r},{x},same,,\n{l},{x},different,,",
        "line 2, column judgement: it contradicts {r} same {x} (line 3)",
        2,
    ),
    ("{l},{r},same,,\n{l},{x},what,,\n{l},{x},why,,", "line 4, column judgement: 'why' is none of", 2),
]


@pytest.mark.parametrize(("body", "message", "code"), BAD_SHEETS)
def test_a_faulty_sheet_is_named_and_nothing_is_imported(
    sample: Path, tmp_path: Path, body: str, message: str, code: int
) -> None:
    judgements = sample / "pipelines/judgements/customer.csv"
    content = judgements.read_bytes()
    ids = {"l": "crm_customers:C000001", "r": "crm_customers:C000002", "x": "crm_customers:C000003"}
    path = tmp_path / "customer.csv"
    path.write_text("record_id_l,record_id_r,judgement,decided_at,why\n" + body.format(**ids), encoding="utf-8")
    answer = call("review", "import", path, "--by", "Ann", "--project", sample)
    assert answer.code == code
    assert message.format(**ids) in answer.text
    assert "nothing of the file was imported" in answer.text
    assert judgements.read_bytes() == content


def test_somebody_must_have_decided(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "customer.csv"
    path.write_text("record_id_l,record_id_r,judgement\ncrm_customers:C000001,crm_customers:C000002,same\n")
    answer = call("review", "import", path, "--project", sample)
    assert answer.code == 2
    assert "give --by NAME" in answer.text


def test_the_export_is_masked_and_says_what_is_alike(sample: Path, tmp_path: Path) -> None:
    for name, arguments in {"masked": (), "clear": ("--unmasked",)}.items():
        path = tmp_path / f"{name}.csv"
        answer = call("review", "export", "customer", "--limit", "30", "--out", path, "--project", sample, *arguments)
        assert answer.code == 0, answer.text
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    masked, clear = read(tmp_path / "masked.csv"), read(tmp_path / "clear.csv")
    assert list(masked[0])[:6] == ["record_id_l", "record_id_r", "judgement", "decided_by", "decided_at", "why"]
    assert [row["worth"] for row in masked] == sorted((row["worth"] for row in masked), key=float, reverse=True)
    text = (tmp_path / "masked.csv").read_text(encoding="utf-8-sig")
    for hidden, shown in zip(masked, clear, strict=True):
        assert (hidden["record_id_l"], hidden["alike"]) == (shown["record_id_l"], shown["alike"])
        for name in ("email_l", "phone_l", "display_name_l", "line1_r"):
            assert len(shown[name]) < 7 or shown[name] not in text
        for name in ("email", "phone"):
            same = shown[f"{name}_l"] == shown[f"{name}_r"] != ""
            assert same == (name in shown["alike"].split(", "))
    assert any(row["phone_l"].startswith("'+1") for row in clear)


@pytest.mark.slow
def test_a_night_that_changes_too_many_ids_is_held(project: Path, tmp_path: Path) -> None:
    file = project / "pipelines/nightly.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("id_churn: 0.1 ", "id_churn: 0.0 "), encoding="utf-8")
    left, right = merged_accounts(project)
    sheet = tmp_path / "customer.csv"
    sheet.write_text(f"record_id_l,record_id_r,judgement\n{left},{right},different\n", encoding="utf-8")
    assert call("review", "import", sheet, "--by", "Ann", "--project", project).code == 0
    before = masters(project)
    answer = call("run", "--from", "link", "--project", project)
    assert answer.code == 3
    assert "breach id_churn: customer: 1 of " in answer.text
    assert "0 merged, 1 split, 0 retired" in answer.text
    assert masters(project) == before


def test_a_stake_without_its_columns_is_named_before_a_run(project: Path) -> None:
    path = project / "pipelines/sql/mastered/stake.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("status = 'open' as is_open", "status"), encoding="utf-8")
    answer = call("check", "--project", project)
    assert answer.code == 2
    assert "the column is_open is missing" in answer.text
    assert "stake.sql" in answer.text
    path.unlink()
    answer = call("check", "--project", project)
    assert answer.code == 2
    assert "write one SELECT for mastered.stake there" in answer.text


def test_while_a_run_goes_on_nothing_is_imported(project: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "customer.csv"
    sheet.write_text("record_id_l,record_id_r,judgement\na,b,same\n", encoding="utf-8")
    with archive.lock(project / "output"):
        for command in (("import", sheet), ("export", "customer")):
            answer = call("review", *command, "--project", project)
            assert answer.code == 4, answer.text


def test_before_the_first_run_there_is_nothing_to_review(tmp_path: Path) -> None:
    project = copy_sample(tmp_path / "new")
    sheet = tmp_path / "customer.csv"
    sheet.write_text("record_id_l,record_id_r,judgement\na,b,same\n", encoding="utf-8")
    for command in (("export",), ("import", sheet, "--by", "Ann")):
        answer = call("review", *command, "--project", project)
        assert answer.code == 2
        assert "run `dq run` first" in answer.text
    answer = call("review", "list", "--project", project)
    assert answer.code == 0
    assert "No judgement yet" in answer.text


def test_ids_are_known_although_the_working_file_is_lost(project: Path, tmp_path: Path) -> None:
    (project / "output/working.duckdb").unlink()
    sheet = tmp_path / "customer.csv"
    sheet.write_text("record_id_l,record_id_r,judgement\n{0}1,{0}2,same\n".format("crm_customers:C00000"))
    answer = call("review", "import", sheet, "--by", "Ann", "--project", project)
    assert answer.code == 0, answer.text
    listed = json.loads(call("review", "list", "--json", "--project", project).text)
    assert [(one["status"], one["decided_by"]) for one in listed] == [("pending", "Ann")]


@pytest.mark.parametrize("command", ["export", "import", "list"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    answer = call("review", command, "--help")
    assert answer.code == 0
    assert re.search(rf"Examples?:\n +dq review {command}", answer.text)
    assert re.search(rf"\n +dq review {command}", call("review", "--help").text)
