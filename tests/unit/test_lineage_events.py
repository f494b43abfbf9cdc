"""OpenLineage events reach a file or a receiver, say nothing personal, and never cost a run more than a warning."""

import json
import ssl
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme

from dq_pipeline.config.telling import LineageTarget
from dq_pipeline.errors import Breach, StageError
from dq_pipeline.run import Outcome, StageReport
from dq_pipeline.telling import Teller
from dq_pipeline.warehouse import Warehouse
from tests.openlineage_case import checked
from tests.telling_case import LOST, concluded, project_of, receiver, timed

TOKEN = "planted-T0K3N-of-lineage"
MAIL = "zebulon.quisling@example.org"
READ = {"owner": "sales", "validated": 1190, "quarantined": 10, "unparsed": 0}
SUMMARY = {
    "sources": [
        {"source": "orders", "file": "a.csv", "sha256": "aa", "bytes": 700, "rows_read": 900, **READ},
        {"source": "orders", "file": "b.csv", "sha256": "bb", "bytes": None, "rows_read": 300, **READ},
        {"source": "catalog", "file": None, "sha256": None, "bytes": None, "rows_read": 0, **READ},
    ]
}


class Nobody:
    """An observer who looks away."""

    def started(self, stage: str) -> None:
        pass

    def finished(self, stage: str, report: StageReport, seconds: float) -> None:
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def warehouse() -> Any:
    """What a night measured of a source."""
    made = Warehouse()
    made.execute(
        """create table scored.profile_history as select * from (values
            ('2026-11-20-1', 'orders', 'order_id', 1200, 0, 1200), ('2026-11-20-1', 'orders', 'email', 1200, 200, 900),
            ('2026-11-19-1', 'orders', 'email', 9, 9, 9), ('2026-11-20-1', 'orders', '', 1200, null, null))
        t(run_id, source, column_name, rows, nulls, distinct_values)"""
    )
    made.execute(
        """create table scored.rule_results as select * from (values
            ('orders', 'expect_column_values_to_not_be_null', false, 'email', 'warning', 'C01', 200),
            ('orders', 'expect_column_pair_values_to_be_equal', true, 'email, phone', 'warning', 'D01', 0),
            ('orders', 'expect_table_row_count_to_be_between', true, null, 'critical', 'V01', null))
        t(source, expectation, success, column_name, severity, code, failed)"""
    )
    yield made
    made.close()


def tell(root: Path, target: Any, verdict: Any = "failed", warehouse: Any = None, **outcome: Any) -> Outcome:
    """A night of one stage whose lineage is told."""
    project = project_of(root, lineage=LineageTarget(**target))
    over = concluded(project, verdict, outcome.pop("breaches", ()), summary=SUMMARY)
    for name, value in outcome.items():
        setattr(over, name, value)
    teller = Teller(project, over, Nobody())
    teller.started("ingest")
    if verdict != "failed":
        teller.finished("ingest", StageReport({"raw.orders": 1200}), 0.25)
    teller.concluded(warehouse)
    return over


def events_of(root: Path) -> list[dict[str, Any]]:
    return checked((root / "lineage/events.jsonl").read_text(encoding="utf-8").splitlines())


FILE = {"file": "lineage/events.jsonl"}


def test_a_run_that_fails_says_where_and_why_without_anybody(tmp_path: Path) -> None:
    error = StageError(f"the mail {MAIL} cannot be read", remedy="look at it")
    outcome = tell(tmp_path, FILE, error=error)
    assert outcome.warnings == []
    events = events_of(tmp_path)
    about = [(one["job"]["name"], one["eventType"]) for one in events]
    assert about == [
        ("nightly", "START"),
        ("nightly.ingest", "START"),
        ("nightly.ingest", "FAIL"),
        ("nightly", "FAIL"),
    ]
    for event in events[2:]:
        assert event["run"]["facets"]["errorMessage"]["message"].startswith("the mail ")
        assert event["outputs"] == []
    assert MAIL not in json.dumps(events)
    assert stat.S_IMODE((tmp_path / "lineage/events.jsonl").stat().st_mode) == 0o600


def test_a_held_night_says_what_was_read_and_expected_and_has_no_outputs(tmp_path: Path, warehouse: Any) -> None:
    personal = Breach("quarantine", f"{tmp_path}/data/orders.csv", f"5 rows, {MAIL} among them", "look")
    tell(tmp_path, FILE, "held", warehouse, breaches=[LOST, personal])
    *_, stage, last = events_of(tmp_path)
    assert (stage["eventType"], last["eventType"], last["outputs"]) == ("COMPLETE", "FAIL", [])
    message = last["run"]["facets"]["errorMessage"]["message"]
    assert message.startswith("records_lost, orders: 12 of 40 records are missing")
    assert "quarantine, data/orders.csv: 5 rows" in message
    assert MAIL not in message
    orders, missing = last["inputs"]
    assert (missing["name"], "version" in missing["facets"]) == ("catalog", False)
    assert (orders["name"], orders["facets"]["version"]["datasetVersion"]) == ("orders", "aa+bb")
    first = orders["facets"]["schema"]["fields"][0]
    assert (first["name"], first["type"]) == ("order_id", "text")
    measured = orders["inputFacets"]["dataQualityMetrics"]
    assert (measured["rowCount"], measured["bytes"], measured["fileCount"]) == (1200, 700, 2)
    columns = {
        name: (one["nullCount"], one["distinctCount"], one["count"]) for name, one in measured["columnMetrics"].items()
    }
    assert columns == {"order_id": (0, 1200, 1200), "email": (200, 900, 1000)}
    assertions = orders["inputFacets"]["dataQualityAssertions"]["assertions"]
    found = [(one["name"], one["success"], one.get("column"), one["severity"], one.get("actual")) for one in assertions]
    assert found == [
        ("C01", False, "email", "warn", "200 rows failed"),
        ("D01", True, None, "warn", "0 rows failed"),
        ("V01", True, None, "error", None),
    ]
    assert [one.get("description") for one in assertions] == [None, "email, phone", None]


def test_every_attempt_has_ids_of_its_own_and_the_same_one_the_same(tmp_path: Path) -> None:
    first = tell(tmp_path, FILE, "stopped")
    tell(tmp_path, FILE, "stopped")
    events = events_of(tmp_path)
    runs = [one["run"]["runId"] for one in events if one["job"]["name"] == "nightly"]
    assert runs[0] == runs[1] != runs[2] == runs[3]
    parents = {one["run"]["facets"]["parent"]["run"]["runId"] for one in events if "parent" in one["run"]["facets"]}
    assert parents == set(runs)
    assert events[0]["eventTime"] == first.started_at.isoformat(timespec="milliseconds")


def test_a_run_that_is_cancelled_is_aborted(tmp_path: Path) -> None:
    tell(tmp_path, FILE, "cancelled")
    whole = [one for one in events_of(tmp_path) if one["job"]["name"] == "nightly"]
    assert [one["eventType"] for one in whole] == ["START", "ABORT"]
    assert whole[-1]["run"]["facets"]["errorMessage"]["message"] == "cancelled"


def test_an_attempt_that_was_killed_is_ended_by_the_next(tmp_path: Path) -> None:
    project = project_of(tmp_path, lineage=LineageTarget(**FILE))
    before = concluded(project, "running", run_id="2026-11-19-1")
    Teller(project, before, Nobody()).lineage.emitter.close()
    tell(tmp_path, FILE, "stopped")
    tell(tmp_path, FILE, "stopped")
    whole = [one for one in events_of(tmp_path) if one["job"]["name"] == "nightly"]
    assert [one["eventType"] for one in whole] == ["START", "ABORT", "START", "COMPLETE", "START", "COMPLETE"]
    assert whole[0]["run"]["runId"] == whole[1]["run"]["runId"] != whole[2]["run"]["runId"]


def test_a_receiver_gets_every_event_with_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_TOKEN", TOKEN)
    with receiver(statuses=[503, 201]) as marquez:
        outcome = tell(tmp_path, {"url": marquez.url, "token": "${LINEAGE_TOKEN}"}, "stopped")
    assert outcome.warnings == []
    assert {(path, headers["authorization"]) for path, headers, _ in marquez.got} == {
        ("/hook/api/v1/lineage", f"Bearer {TOKEN}")
    }
    # The first was answered 503 and came again.
    assert marquez.got[0][2] == marquez.got[1][2]
    assert len(checked(body for _, _, body in marquez.got[1:])) == 4
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN.encode() not in written


def test_certificates_are_checked(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with receiver(context) as marquez:
        trusted = tell(tmp_path, {"url": marquez.url, "ca_file": "ca.pem"}, "stopped")
        assert (trusted.warnings, len(marquez.got)) == ([], 4)
        strange = tell(tmp_path, {"url": marquez.url}, "stopped")
    assert len(marquez.got) == 4
    assert "the receiver's certificate is not trusted" in strange.warnings[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"statuses": [401]}, "the receiver answered 401"),
        ({"statuses": [503]}, "the receiver answered 503"),
        # Followed, the event would be lost, and the page behind would say that all is well.
        ({"statuses": [302, 200], "headers": {"Location": "/login"}}, "the receiver answered 302"),
        ({"wait": 30}, "no answer in time"),
    ],
)
def test_a_receiver_that_does_not_take_events_is_a_warning(answer: dict[str, Any], said: str, tmp_path: Path) -> None:
    with timed(10), receiver(**answer) as marquez:
        outcome = tell(tmp_path, {"url": marquez.url, "timeout": 2 if "statuses" in answer else 0.5}, "published")
    (warning,) = outcome.warnings
    assert warning.startswith(f"lineage failed, the run did not: {said}; what to do: look at the receiver")
    assert (outcome.verdict, outcome.exit_code) == ("published", 0)
    assert json.loads((outcome.directory / "manifest.json").read_text())["warnings"] == outcome.warnings


def test_nobody_listens_and_the_address_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARQUEZ", f"http://night:{TOKEN}@127.0.0.1:1/")
    outcome = tell(tmp_path, {"url": "${MARQUEZ}"}, "published")
    (warning,) = outcome.warnings
    assert "the receiver was not reached (ConnectionError)" in warning
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN.encode() not in written


def test_a_token_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINEAGE_TOKEN", raising=False)
    outcome = tell(tmp_path, {"url": "http://127.0.0.1:1/", "token": "${LINEAGE_TOKEN}"}, "published")
    (warning,) = outcome.warnings
    assert "the environment variable LINEAGE_TOKEN is not set; what to do: set LINEAGE_TOKEN" in warning


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    outcome = tell(tmp_path, {"file": "taken"}, "published")
    (warning,) = outcome.warnings
    assert "the file cannot be written: Is a directory" in warning


def test_without_the_extra_the_warning_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "openlineage"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("lineage", "emitting"):
        monkeypatch.delitem(sys.modules, f"dq_pipeline.telling.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "openlineage", None)
    outcome = tell(tmp_path, FILE, "published")
    (warning,) = outcome.warnings
    assert "openlineage-python is not installed; what to do: pip install 'dq-pipeline[lineage]'" in warning


def test_a_fault_of_its_own_is_one_warning_and_the_night_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no way")

    monkeypatch.setattr("dq_pipeline.telling.lineage.Lineage.started", broken)
    outcome = tell(tmp_path, FILE, "published")
    assert outcome.warnings == ["lineage failed, the run did not: RuntimeError: no way"]
