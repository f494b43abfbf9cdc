"""An attempt that is told of: its log by the schema, its manifest, its metrics, and no secret anywhere."""

import json
import os
import re
import shutil
import stat
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import dq_pipeline.telling as telling
from dq_pipeline import archive, recording
from dq_pipeline.config.telling import LineageTarget, Prometheus
from dq_pipeline.errors import StageError
from dq_pipeline.run import Outcome, StageReport
from dq_pipeline.telling import Teller, hindrances, notifying, sending
from tests.conftest import CHECKOUT
from tests.telling_case import LOST, channel_of, concluded, project_of, receiver

SCHEMA = json.loads((Path(telling.__file__).parent / "schemas/log.json").read_text(encoding="utf-8"))
TOKEN = "planted-T0K3N-of-a-hook"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST_WAIT", 0.05)


class Nobody:
    """An observer that only counts."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def started(self, stage: str) -> None:
        self.heard.append(stage)

    def finished(self, stage: str, report: StageReport, seconds: float) -> None:
        self.heard.append(f"{stage} {len(report.rows)} {seconds}")


def tell(project: Any, outcome: Outcome, **options: Any) -> Nobody:
    """Tell of an attempt as a run does."""
    nobody = Nobody()
    teller = Teller(project, outcome, nobody, **options)
    teller.started("ingest")
    teller.finished("ingest", StageReport({"raw.orders": 12}, tuple(outcome.breaches)), 0.25)
    teller.concluded(None)
    return nobody


def log_of(outcome: Outcome) -> list[dict[str, Any]]:
    """The lines of the attempt's log, each checked by the schema."""
    lines = [json.loads(line) for line in (outcome.directory / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    checker = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    for line in lines:
        checker.validate(line)
        assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta()
        assert (line["run_id"], line["attempt"]) == (outcome.run_id, outcome.directory.name)
    return lines


def test_a_held_night_is_logged_told_and_kept(tmp_path: Path) -> None:
    echoed: list[str] = []
    with receiver() as hook:
        project = project_of(tmp_path, channel_of(url=hook.url), channel_of(name="down", url="http://127.0.0.1:1/"))
        concluded(project, "published", run_id="2026-11-19-1")
        outcome = concluded(project, "held", [LOST])
        nobody = tell(project, outcome, echo=echoed.append)
    assert nobody.heard == ["ingest", "ingest 1 0.25"]
    lines = log_of(outcome)
    events = ["run_started", "stage_started", "stage_finished", "breach", "concluded", "told", "told", "warning"]
    assert [line["event"] for line in lines] == [*events[:6], "told", "warning"]
    assert [json.loads(line)["event"] for line in echoed] == [line["event"] for line in lines]
    assert (lines[2]["rows"], lines[2]["seconds"]) == (12, 0.25)
    assert lines[3]["gate"] == "records_lost"
    assert hook.document["verdict_before"] == "published"
    manifest = json.loads((outcome.directory / archive.MANIFEST).read_text(encoding="utf-8"))
    assert [(one["channel"], one["sent"]) for one in manifest["told"]] == [("webhook", True), ("down", False)]
    assert manifest["verdict"] == "held"
    assert outcome.warnings == [lines[-1]["message"]]
    assert "down was not told" in outcome.warnings[0]
    assert stat.S_IMODE((outcome.directory / "log.jsonl").stat().st_mode) == 0o600


def test_no_secret_is_written_or_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"http://night:{TOKEN}@127.0.0.1:1/services/{TOKEN}?key={TOKEN}")
    echoed: list[str] = []
    project = project_of(tmp_path, channel_of(type="slack", url="${HOOK}"), channel_of(url="${HOOK}", secret="${HOOK}"))
    outcome = concluded(project, "failed")
    outcome.error = StageError(f"cannot post to http://night:{TOKEN}@127.0.0.1:1/services/{TOKEN}")
    # What raised knew the secret, so it was filled in before.
    notifying.fill("${HOOK}")
    recording.write_manifest(project, outcome, None)
    tell(project, outcome, echo=echoed.append)
    assert [line["event"] for line in log_of(outcome)].count("told") == 2
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN.encode() not in written
    assert not any(TOKEN in text for text in (*echoed, *outcome.warnings))


def test_whatever_breaks_in_telling_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no way")

    monkeypatch.setattr("dq_pipeline.telling.teller.notify", broken)
    project = project_of(tmp_path, channel_of(), prometheus=Prometheus(file=Path("metrics")))
    outcome = concluded(project, "published")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/x").touch()
    (outcome.directory / archive.MANIFEST).unlink()
    tell(project, outcome)
    assert [warning.split()[0] for warning in outcome.warnings] == ["notify", "prometheus", "manifest"]
    assert log_of(outcome)[-1]["event"] == "warning"


def test_a_folder_that_is_gone_loses_the_log_and_nothing_else(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    outcome = concluded(project, "published")
    shutil.rmtree(outcome.directory)
    echoed: list[str] = []
    tell(project, outcome, echo=echoed.append)
    assert [json.loads(line)["event"] for line in echoed] == [
        *("run_started", "stage_started", "stage_finished", "concluded", "warning")
    ]


def test_what_would_keep_a_night_from_being_told_is_seen_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    monkeypatch.setenv("TOKEN", TOKEN)
    channels = [channel_of(type="slack", url="${HOOK}"), channel_of(name="down"), channel_of(name="well", ca_file="ca")]
    where = {"prometheus": Prometheus(file=Path("dq.prom")), "lineage": LineageTarget(url="http://x", token="${TOKEN}")}
    project = project_of(tmp_path, *channels, **where)
    told = [{"channel": "down", "sent": False, "reason": "no answer in time"}, {"channel": "well", "sent": True}]
    concluded(project, "held", told=told)
    monkeypatch.setattr("dq_pipeline.telling.ready.find_spec", lambda package: None if package == "openlineage" else 1)
    assert [(one.where, one.message, one.remedy) for one in hindrances(project)] == [
        (
            "slack",
            "the environment variable HOOK is not set",
            "set HOOK for the user that starts `dq run`; the project's files hold no secrets",
        ),
        ("well", "ca is not there", "put the certificates there, or leave `ca_file` out"),
        (None, "openlineage is not installed", "pip install 'dq-pipeline[lineage]'"),
        (None, "down was not told: no answer in time", "`dq notify --test down` tries it again"),
    ]
    assert list(hindrances(project_of(tmp_path))) == []


def metrics_of(root: Path, verdict: Any = "held") -> Path:
    project = project_of(root, channel_of(url="http://127.0.0.1:1/"), prometheus=Prometheus(file=Path("out/dq.prom")))
    before = concluded(project, "published", run_id="2026-11-19-1")
    (before.directory / "truth.duckdb").write_bytes(b"x" * 4321)
    archive.point_to(project.output, before.directory)
    breaches = [LOST, LOST] if verdict == "held" else []
    mask = os.umask(0o077)
    try:
        tell(project, concluded(project, verdict, breaches))
    finally:
        os.umask(mask)
    return root / "out/dq.prom"


def test_the_metrics_are_read_by_prometheus_own_parser(tmp_path: Path) -> None:
    path = metrics_of(tmp_path)
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("project") == "nightly"
            found[sample.name, *labels.values()] = sample.value
    assert found["dq_last_run_success",] == 0
    assert found["dq_last_run_verdict", "held"] == 1
    assert found["dq_last_run_verdict", "published"] == 0
    assert found["dq_stage_duration_seconds", "validate"] == 1.5
    assert found["dq_source_rows", "orders"] == 1200
    assert found["dq_source_quarantined_rows", "orders"] == 10
    assert found["dq_gate_breaches", "records_lost"] == found["dq_breaches",] == 2
    assert found["dq_score_ratio", "overall"] == 0.9712
    assert found["dq_masters", "customer"] == 1100
    assert found["dq_published_file_bytes",] == 4321
    assert found["dq_published_timestamp_seconds",] <= found["dq_last_run_timestamp_seconds",]
    assert found["dq_untold_channels",] == 1
    # The collector is another user, whatever the umask of the night is; nothing half-written is left.
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["dq.prom"]


needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian's package prometheus) is not installed"
)


@needs_promtool
@pytest.mark.parametrize("verdict", ["held", "published", "failed"])
def test_promtool_finds_no_fault_with_the_metrics(verdict: str, tmp_path: Path) -> None:
    text = metrics_of(tmp_path, verdict).read_bytes()
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


@needs_promtool
def test_the_guide_s_alerts_are_rules_on_metrics_that_there_are(tmp_path: Path) -> None:
    guide = (CHECKOUT / "docs/guides/telling.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(- alert:.*?)```", guide, re.DOTALL)
    rules = yaml.safe_load(block)
    written = tmp_path / "rules.yml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "dq", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run(["promtool", "check", "rules", written], capture_output=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    metrics = metrics_of(tmp_path / "night").read_text(encoding="utf-8")
    assert all(f"# TYPE {name} " in metrics for rule in rules for name in re.findall(r"dq_\w+", rule["expr"]))
