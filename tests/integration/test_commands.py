"""The commands as a data engineer types them."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT, call


def test_init_makes_a_project_that_checks(tmp_path: Path) -> None:
    answer = call("init", tmp_path / "demo")
    assert answer.code == 0
    assert "dq run" in answer.text
    made = {path.relative_to(tmp_path / "demo") for path in (tmp_path / "demo").rglob("*") if path.is_file()}
    for part in ("pipelines", "expectations", "data"):
        ours = {path.relative_to(CHECKOUT) for path in (CHECKOUT / part).rglob("*") if path.is_file()}
        assert {path for path in ours if "models" not in path.parts} == {path for path in made if path.parts[0] == part}
    answer = call("check", "--project", tmp_path / "demo")
    assert answer.code == 0, answer.text
    assert "All is well: 8 sources, 2 entities" in answer.text


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "pipelines").mkdir()
    answer = call("init", tmp_path)
    assert answer.code == 2
    assert "pipelines is there already" in answer.text


def test_a_folder_without_project_says_what_to_do(tmp_path: Path) -> None:
    answer = call("run", "--project", tmp_path)
    assert answer.code == 2
    assert "dq init" in answer.text


def test_until_stops_and_from_goes_on(project: Path) -> None:
    answer = call("run", "--project", project, "--until", "validate")
    assert answer.code == 0, answer.text
    assert "stopped where --until said" in answer.text
    answer = call("run", "--project", project, "--from", "score")
    assert answer.code == 2
    assert "--from score needs a run that got through standardize, link, master" in answer.text
    answer = call("run", "--project", project, "--from", "standardize")
    assert answer.code == 0, answer.text
    assert "published" in answer.text


def test_from_after_until_is_refused(project: Path) -> None:
    answer = call("run", "--project", project, "--from", "score", "--until", "link")
    assert answer.code == 2
    assert "the order is ingest → validate" in answer.text


def test_runs_lists_verdicts_and_marks_the_published_one(sample: Path) -> None:
    answer = call("runs", "--project", sample)
    assert re.search(r"2026-11-20-1/1 +published \(current\)", answer.text)
    listed = json.loads(call("runs", "--project", sample, "--json").text)
    assert listed[0]["run_id"] == "2026-11-20-1"
    assert [stage["stage"] for stage in listed[0]["stages"]] == [
        "ingest", "validate", "standardize", "link", "master", "score", "publish",
    ]  # fmt: skip


def test_runs_are_listed_although_the_published_night_is_gone(project: Path) -> None:
    import shutil

    shutil.rmtree((project / "output/published").resolve().parent)
    answer = call("runs", "--project", project)
    assert answer.code == 0, answer.text
    assert "No run yet" in answer.text


def test_report_is_written_again(project: Path) -> None:
    path = project / "output/published/report.html"
    before = path.read_text(encoding="utf-8")
    path.write_text("gone", encoding="utf-8")
    answer = call("report", "--project", project)
    assert answer.code == 0
    assert "report.html" in answer.text
    assert path.read_text(encoding="utf-8") == before


def test_trace_shows_a_record_in_every_state_and_masks_it(sample: Path) -> None:
    extract = (sample / "data/sample/orders.csv").read_text(encoding="utf-8").splitlines()
    line = next(line for line in extract[1:] if line.split(",")[1] and '"' not in line)
    order, _, name, email = line.split(",")[:4]
    masked = call("trace", f"orders:{order}", "--project", sample)
    assert masked.code == 0, masked.text
    for state in ("raw", "validated", "standardized", "linked", "mastered"):
        assert re.search(rf"^{state}  ", masked.text, re.M), state
    assert "golden customer" in masked.text
    assert email not in masked.text
    assert name not in masked.text
    clear = call("trace", f"orders:{order}", "--project", sample, "--unmasked")
    assert email in clear.text
    states = [
        entry["state"] for entry in json.loads(call("trace", f"orders:{order}", "--project", sample, "--json").text)
    ]
    assert states[0] == "raw"


def test_trace_of_nobody_says_how_records_are_called(sample: Path) -> None:
    answer = call("trace", "nobody", "--project", sample)
    assert answer.code == 2
    assert "write <source>:<key>; the sources are crm_customers" in answer.text


def test_a_mistyped_command_gets_a_proposal() -> None:
    answer = call("chekc")
    assert answer.code == 2
    assert "Did you mean `dq check`?" in answer.text


def test_train_writes_the_same_model_again_and_learns_from_judgements_only_when_asked_to(project: Path) -> None:
    nothing = call("train", "--project", project, "--use-judgements")
    assert nothing.code == 2
    assert "no judged pair of address or customer is in force" in nothing.text
    assert "dq review export" in nothing.text
    path = project / "pipelines/models/customer.json"
    before = json.loads(path.read_text(encoding="utf-8"))
    path.write_text("{}", encoding="utf-8")
    answer = call("train", "customer", "--project", project, "--json")
    assert answer.code == 0, answer.text
    told = json.loads(answer.text)
    assert told["written"] == [str(path)]
    assert [(one["entity"], one["compared_with"]) for one in told["models"]] == [("customer", "run")]
    trained = json.loads(path.read_text(encoding="utf-8"))
    assert "judgements" not in trained
    assert {name: trained[name] for name in before if name != "versions"} == {
        name: value for name, value in before.items() if name != "versions"
    }
    with (project / "data/sample/truth/namesakes.csv").open(encoding="utf-8") as stream:
        pair = next(csv.DictReader(stream))
    with (project / "pipelines/judgements/customer.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"{pair['record_id_a']},{pair['record_id_b']},different,ann,2026-11-20,two people\n")
    without = call("train", "customer", "--project", project)
    assert without.code == 0, without.text
    assert "no weight changes" in without.text
    assert "learned from" not in without.text
    # What the judged pair says of the model is written beside it.
    again = json.loads(path.read_text(encoding="utf-8"))
    assert again.pop("evaluation")["judged_different"] == 1
    assert again == trained
    taught = call("train", "customer", "--project", project, "--use-judgements")
    assert taught.code == 0, taught.text
    text = " ".join(taught.text.split())
    assert (
        "learned from 0 pairs judged the same and 1 different, each worth 5 pairs; the old model from no judged pair"
        in text
    )
    assert json.loads(path.read_text(encoding="utf-8"))["judgements"] == {"same": 0, "different": 1, "weight": 5}


def test_train_shows_what_changes_and_writes_nothing_on_a_dry_run(project: Path) -> None:
    path = project / "pipelines/models/customer.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    email = next(entry for entry in model["comparisons"] if entry["name"] == "email")
    email["levels"][0] |= {"u": email["levels"][0]["u"] * 32, "weight": round(email["levels"][0]["weight"] - 5, 3)}
    path.write_text(json.dumps(model), encoding="utf-8")
    before = path.read_bytes()
    linked = (project / "output/working.duckdb").read_bytes()
    answer = call("train", "customer", "--project", project, "--dry-run", "--limit", "3")
    assert answer.code == 0, answer.text
    assert re.search(r"email +same .* \+5\.00\n", answer.text)
    assert re.search(r"clusters: [\d,]+ with the old model, [\d,]+ now; ", answer.text)
    assert "nothing was written" in answer.text
    assert path.read_bytes() == before
    assert (project / "output/working.duckdb").read_bytes() == linked


@pytest.mark.parametrize("command", ["init", "check", "run", "train", "report", "runs", "trace", "diff", "explain"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    answer = call(command, "--help")
    assert answer.code == 0
    assert re.search(rf"Examples?:\n +dq {command}", answer.text)
