"""`dq run` tells: a night that is held, a stage that breaks, and what is refused before the first stage."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from dq_pipeline import pipeline
from dq_pipeline.cli import dq
from dq_pipeline.config import load_project
from dq_pipeline.errors import ConfigError
from tests.conftest import call
from tests.openlineage_case import checked
from tests.scenario import scenario_project
from tests.telling_case import Receiver, receiver


def declare(project: Path, channels: Any, **settings: Any) -> None:
    """Write channels, and other settings, into the project file."""
    path = project / "pipelines/nightly.yml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(written | {"notify": channels, **settings}, sort_keys=False), encoding="utf-8")


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A small project, one of whose extracts did not come, and one is no text: it is held at the first stage."""
    scenario_project(tmp_path)
    (tmp_path / "data/sample/catalog.csv").write_bytes(b"sku,\x1b[31m\x8b no text \xff\xfe\n1,2\n")
    (tmp_path / "data/sample/orders.csv").unlink()
    return tmp_path


def last_manifest(project: Path) -> dict[str, Any]:
    paths = sorted((project / "output/runs").glob("*/*/manifest.json"), key=lambda path: path.stat().st_mtime_ns)
    manifest: dict[str, Any] = json.loads(paths[-1].read_text(encoding="utf-8"))
    return manifest


def test_a_held_night_a_crash_and_the_log_on_the_error_stream(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as hook:
        monkeypatch.setenv("HOOK", hook.url)
        down = {"type": "webhook", "name": "down", "url": "http://127.0.0.1:1/", "timeout": 0.5}
        files = {"prometheus": {"file": "output/dq.prom"}, "lineage": {"file": "output/lineage.jsonl"}}
        declare(night, [{"type": "webhook", "url": "${HOOK}"}, down], **files)
        _held(night, hook)
        _crashed(night, hook, monkeypatch)
    _traced(night)


def _held(night: Path, hook: Receiver) -> None:
    answer = call("run", "--project", night)
    assert answer.code == 3, answer.text
    assert "warning down was not told: the connection was refused" in answer.text
    assert hook.document["verdict"] == "held"
    assert any(one["gate"] == "missing_extract" and "ask sales" in one["remedy"] for one in hook.document["breaches"])
    # The header that is no text is said with its odd bytes written out.
    assert "catalog" in answer.text
    assert "\\x1b[31m\\x8b no text" in answer.text
    assert "\x1b[31m" not in answer.text
    assert any("missing: product_name, " in one["message"] for one in hook.document["breaches"])
    assert any("\\x1b[31m\\x8b no text" in one["message"] for one in hook.document["breaches"])
    assert [one["sent"] for one in last_manifest(night)["told"]] == [True, False]
    assert 'dq_gate_breaches{gate="missing_extract",project="nightly"} 1.0' in (night / "output/dq.prom").read_text()


def _crashed(night: Path, hook: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that nobody foresaw: told, logged as JSON, and the run ends as it would have."""

    def ingest(_: Any) -> Any:
        raise ZeroDivisionError("of Zebulon Quisling")

    monkeypatch.setattr(pipeline, "STAGES", (ingest, *pipeline.STAGES[1:]))
    result = CliRunner().invoke(dq, ["run", "--project", str(night), "--log-format", "json"])
    assert isinstance(result.exception, ZeroDivisionError)
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    events = ["run_started", "stage_started", "concluded", "told", "told", "warning"]
    assert [line["event"] for line in lines] == events
    assert lines[2]["verdict"] == "failed"
    assert "Zebulon" not in result.stderr
    assert (hook.document["verdict"], hook.document["verdict_before"]) == ("failed", "held")
    assert "an unforeseen fault: ZeroDivisionError" in hook.document["error"]["message"]


def _traced(night: Path) -> None:
    """Both nights as OpenLineage has them: what the held one read, and that nobody got anything of either."""
    text = (night / "output/lineage.jsonl").read_text(encoding="utf-8")
    whole = [one for one in checked(text.splitlines()) if one["job"]["facets"]["jobType"]["jobType"] == "JOB"]
    assert [one["eventType"] for one in whole] == ["START", "FAIL", "START", "FAIL"]
    held, crashed = whole[1::2]
    assert held["outputs"] == crashed["outputs"] == []
    assert "missing_extract" in held["run"]["facets"]["errorMessage"]["message"]
    read = {one["name"]: one["inputFacets"]["dataQualityMetrics"]["rowCount"] for one in held["inputs"]}
    assert read["crm_customers"] > 0
    assert "orders" not in read or read["orders"] == 0
    assert "Zebulon" not in text


def test_a_program_reads_why_a_night_is_held(night: Path) -> None:
    declare(night, [{"type": "webhook", "name": "down", "url": "http://127.0.0.1:1/", "timeout": 0.5}])
    answer = CliRunner().invoke(dq, ["run", "--project", str(night), "--json"])
    told = json.loads(answer.stdout)
    assert (told["verdict"], told["exit_code"], answer.exit_code) == ("held", 3, 3)
    missing, shape = told["breaches"]
    assert (missing["gate"], Path(missing["where"]).name) == ("missing_extract", "orders.csv")
    assert missing["remedy"].startswith("ask sales for it")
    assert shape["gate"] == "changed_shape"
    assert told["error"]["message"]
    assert told["warnings"][0].startswith("down was not told: the connection was refused")
    assert Path(told["directory"]).is_dir()


def test_what_is_refused_before_the_first_stage_tells_nobody(night: Path) -> None:
    with receiver() as hook:
        declare(night, [{"type": "webhook", "url": hook.url}], sources=["no_such"])
        result = CliRunner().invoke(dq, ["run", "--project", str(night), "--log-format", "json"])
    assert hook.got == []
    (line,) = map(json.loads, result.stderr.splitlines())
    assert (result.exit_code, line["event"], line["exit_code"]) == (2, "refused", 2)
    assert "no_such" in line["where"]


def test_a_test_message_says_that_it_is_one(night: Path) -> None:
    with receiver() as hook, receiver(statuses=[404]) as wrong:
        channels = [{"type": "webhook", "url": hook.url}, {"type": "webhook", "name": "wrong", "url": wrong.url}]
        declare(night, channels)
        answer = call("notify", "--project", night, "--test", "webhook")
        assert (answer.code, hook.document["event"], len(wrong.got)) == (0, "test", 0)
        answer = call("notify", "--project", night, "--test")
    assert answer.code == 1
    assert "webhook: sent" in answer.text
    assert "wrong: not sent: the receiver answered 404" in answer.text
    assert call("notify", "--project", night, "--test", "nobody").code == 2
    listed = call("notify", "--project", night)
    assert listed.code == 0
    assert "wrong" in listed.text
    assert "none yet" in listed.text
    as_json = json.loads(call("notify", "--project", night, "--json").text)
    assert [(one["channel"], one["type"], one["last"]) for one in as_json] == [
        ("webhook", "webhook", None),
        ("wrong", "webhook", None),
    ]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"type": "slack", "url": "https://hooks.slack.example/T0/B0/in-clear"}, "url is a secret"),
        ({"type": "webhook", "url": "https://me:in-clear@hook.example/"}, "in clear"),
        ({"type": "webhook", "url": "file:///etc/passwd"}, "must begin with https"),
        ({"type": "webhook", "url": "https://x.example", "secret": "in-clear"}, "secret is a secret"),
        ({"type": "command", "run": ["tell", "${TOKEN}"]}, "words of a command"),
        ({"type": "webhook", "url": "https://x.example", "link": "{nope}"}, "link cannot be filled in"),
        ({"type": "pigeon"}, "notify.0"),
    ],
)
def test_secrets_in_clear_and_nonsense_are_refused(channel: dict[str, Any], said: str, night: Path) -> None:
    declare(night, [channel])
    with pytest.raises(ConfigError, match=said) as caught:
        load_project(night)
    assert "in-clear" not in str(caught.value)


def test_a_channel_of_a_gate_that_is_none_is_refused(night: Path) -> None:
    declare(night, [{"type": "webhook", "url": "https://x.example", "only": ["sails"]}])
    answer = call("check", "--project", night)
    assert answer.code == 2
    assert "'sails' is no gate and no owner" in answer.text


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({}, "give either url or file"),
        ({"url": "https://marquez.example", "file": "x.jsonl"}, "give either url or file"),
        ({"url": "https://me:in-clear@marquez.example"}, "in clear"),
        ({"url": "https://marquez.example", "token": "in-clear"}, "token is a secret"),
        ({"file": "x.jsonl", "token": "${TOKEN}"}, "token and ca_file go with url"),
        ({"file": "x.jsonl", "columnz": True}, "columnz"),
    ],
)
def test_where_lineage_cannot_go_is_refused(target: dict[str, Any], said: str, night: Path) -> None:
    declare(night, [], lineage=target)
    with pytest.raises(ConfigError, match=said) as caught:
        load_project(night)
    shown = str(caught.value)
    assert "nightly.yml, line " in shown
    assert caught.value.remedy
    assert "in-clear" not in shown
