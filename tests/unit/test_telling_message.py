"""What is told: the document by its schema, the forms of Slack, Teams and mail, the language, and nothing personal."""

import dataclasses
import json
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import dq_pipeline.telling as telling
from dq_pipeline import archive
from dq_pipeline.errors import Breach, StageError
from dq_pipeline.language import speak
from dq_pipeline.telling.change import News, key_of
from dq_pipeline.telling.forms import mail, slack, teams
from dq_pipeline.telling.message import Message, build_message, document_of
from dq_pipeline.telling.wording import worded
from tests.telling_case import LOST, STALE, channel_of, concluded, manifests, project_of

SCHEMA = json.loads((Path(telling.__file__).parent / "schemas/message.json").read_text(encoding="utf-8"))
PERSON = Breach(
    "unreadable_extract", "orders", "the line of 'Zebulon Quisling' <z.quisling@post.example> is cut", "mend"
)
LEAST: dict[str, Any] = {"link": "https://dq.example/{run_id}/{attempt}/report.html"}


def message_of(
    root: Path, *breaches: Breach, verdict: str = "held", error: str | None = None, **fields: Any
) -> Message:
    """The message on the second of two nights, the first of which was published."""
    channel = channel_of(**LEAST, **fields)
    project = project_of(root, channel)
    summary = {"sources": [{"source": "orders", "rows_read": 2000, "quarantined": 4}]}
    concluded(project, "published", run_id="2026-11-19-1", summary=summary)
    outcome = concluded(project, verdict, breaches)  # type: ignore[arg-type]
    *before, tonight = manifests(project)
    if error:
        tonight["error"] = error
        (outcome.directory / "scorecard.json").unlink()
    why = News("published", frozenset({key_of(LOST)}))
    return build_message(project, tonight, before, channel, why)


def test_the_document_is_that_of_its_schema(tmp_path: Path) -> None:
    document = document_of(message_of(tmp_path, LOST, STALE))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert (document["verdict"], document["verdict_before"], document["compared_with"]) == (
        "held",
        "published",
        "2026-11-19-1",
    )
    assert [(one["gate"], one["is_new"]) for one in document["breaches"]] == [
        ("records_lost", True),
        ("stale_extract", False),
    ]
    assert document["breaches"][0]["remedy"] == LOST.remedy
    figures = {(one["what"], one["entity"]): (one["tonight"], one["before"]) for one in document["figures"]}
    assert figures["rows", ""] == (2100, 2000)
    assert figures["quarantined", ""] == (10, 4)
    assert figures["masters", "customer"] == (1100, None)
    assert document["plan"][0]["code"] == "S06"
    assert document["link"] == "https://dq.example/2026-11-20-1/1/report.html"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"verdict": "fine"}, SCHEMA)


def test_many_breaches_are_cut_and_counted(tmp_path: Path) -> None:
    message = message_of(tmp_path, *(Breach("issues", f"S{number:02}", "many rows", "repair") for number in range(14)))
    assert (len(message.breaches), message.more_breaches) == (10, 4)
    assert "and 4 more: see the report" in worded(message, speak("en")).text


def test_a_failed_run_says_why_and_what_to_do(tmp_path: Path) -> None:
    error = StageError("the disk is full", where="output", remedy="make room")
    message = message_of(tmp_path, verdict="failed", error=str(error))
    assert message.error == {"message": "output: the disk is full", "remedy": "make room"}
    text = worded(message, speak("en")).text
    assert "failed, nothing was published" in text
    assert "- make room" in text


def test_nothing_personal_is_told_even_without_a_scorecard(tmp_path: Path) -> None:
    error = str(StageError("row of Zebulon Quisling, z.quisling@post.example, 512-555-0147"))
    message = message_of(tmp_path, PERSON, verdict="failed", error=error)
    words = worded(message, speak("en"))
    documents = [document_of(message), slack(words, None), teams(words, None)]
    for said in (*map(json.dumps, documents), str(mail(words, message, channel_of(**MAIL), "en"))):
        assert "unreadable" in said
        assert not any(part in said for part in ("Zebulon", "uisling", "post.example", "0147")), said


def test_the_scorecard_s_masked_words_are_told_where_there_is_one(tmp_path: Path) -> None:
    channel = channel_of()
    project = project_of(tmp_path, channel)
    outcome = concluded(project, "held", [PERSON])
    card = outcome.directory / "scorecard.json"
    shown = vars(PERSON) | {"message": "the line of 'Z•••' is cut"}
    archive.write_json(card, json.loads(card.read_text(encoding="utf-8")) | {"breaches": [shown]})
    message = build_message(project, manifests(project)[-1], [], channel, News(None, frozenset()))
    assert message.breaches[0].message == "the line of 'Z•••' is cut"


def test_paths_begin_in_the_project_and_the_report_is_found(tmp_path: Path) -> None:
    gone = Breach("missing_extract", f"{tmp_path}/data/orders.csv", "the extract is missing", "ask sales")
    error = str(StageError("it cannot be read", where=tmp_path / "data/orders.csv"))
    message = message_of(tmp_path, gone, verdict="failed", error=error)
    assert message.breaches[0].where == "data/orders.csv"
    assert (message.error or {})["message"] == "data/orders.csv: it cannot be read"
    # Without a link, readers need the whole path, and the machine.
    assert f"{tmp_path}/output/runs/2026-11-20-1/1" in message.report
    text = worded(dataclasses.replace(message, link=None, host="night-1"), speak("es")).text
    assert text.endswith(f"- Informe: {message.report} en night-1\n")


def test_messages_speak_the_project_s_language(tmp_path: Path) -> None:
    message = message_of(tmp_path, LOST)
    project = project_of(tmp_path / "p")
    english = worded(message, speak("en")).text
    spanish = worded(message, speak("es", project.catalogues)).text
    assert worded(message, speak("es")).button == "Abrir el informe"
    for said in ("held back, nothing was published", "Breached limits", "What to repair first", "Next step", "new: "):
        assert said in english
        assert said not in spanish
    assert "2,100 (2,000)" in english
    assert "2.100 (2.000)" in spanish


def test_slack_s_form_keeps_its_limits_and_commands_nothing(tmp_path: Path) -> None:
    trap = Breach("issues", "S06", "<!channel> see <https://evil.example|this> & " + "x" * 5000, "repair")
    body = slack(worded(message_of(tmp_path, trap), speak("en")), "https://dq.example/r")
    assert set(body) == {"text", "blocks"}
    assert len(body["blocks"]) <= 50
    header, *sections, actions = body["blocks"]
    assert header["type"] == "header"
    assert header["text"]["type"] == "plain_text"
    assert len(header["text"]["text"]) <= 150
    assert all(one["type"] == "section" and 0 < len(one["text"]["text"]) <= 3000 for one in sections)
    assert actions["elements"][0]["url"] == "https://dq.example/r"
    said = json.dumps(sections)
    assert "<!channel>" not in said
    assert "&lt;!channel&gt;" in said
    assert "<https" not in said


def test_teams_form_is_one_adaptive_card(tmp_path: Path) -> None:
    trap = Breach("issues", "S06", "see [this](https://evil.example) **now**", "repair")
    body = teams(worded(message_of(tmp_path, trap), speak("en")), "https://dq.example/r")
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert all(one["type"] == "TextBlock" and one["wrap"] is True for one in card["body"])
    assert card["body"][0]["color"] == "Attention"
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the report", "url": "https://dq.example/r"}]
    assert "[this](" not in "".join(one["text"] for one in card["body"])
    assert len(json.dumps(body)) < 28_000


MAIL = {
    "type": "email",
    "host": "mail.example",
    "from": "night@example.com",
    "to": ["data@example.com", "b@example.com"],
}


def test_a_mail_has_both_parts_and_its_headers(tmp_path: Path) -> None:
    trap = Breach("issues", "S06", "<script>alert(1)</script>", "repair")
    message = message_of(tmp_path, trap)
    made = mail(worded(message, speak("en")), message, channel_of(**MAIL), "en")
    read = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert read.get_content_type() == "multipart/alternative"
    plain, page = read.iter_parts()
    assert (plain.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert "Breached limits" in plain.get_content()
    assert "<script>" not in page.get_content()
    assert "&lt;script&gt;" in page.get_content()
    assert read["From"].addresses[0].addr_spec == "night@example.com"
    assert [one.addr_spec for one in read["To"].addresses] == ["data@example.com", "b@example.com"]
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-DQ-Verdict"] == "held"
    assert read["Importance"] == "high"
    assert read["Date"].datetime is not None
    assert read["Message-ID"].endswith("@example.com>")
    assert "\n" not in read["Subject"]
