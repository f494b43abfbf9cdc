"""What is told of a night: one document for each channel, from the attempt's manifest and scorecard.

Everything in it was masked before: breaches, error and plan are those of `scorecard.json`. Where that was never
written, free texts are masked by their look alone.
"""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dq_pipeline.config import Project
from dq_pipeline.config.secrets import redact, redact_all
from dq_pipeline.config.telling import AnyChannel
from dq_pipeline.errors import Breach
from dq_pipeline.scorecard.masking import mask_free_text
from dq_pipeline.telling.change import Manifest, News, breaches_in, heard, key_of

VERSION = 1
# A message is read on a phone; the report has the rest.
MOST_BREACHES = 10
MOST_ACTIONS = 3
MOST_LETTERS = 600


@dataclass(frozen=True)
class Trouble:
    """A breach as it is told. `is_new` where the night before did not have it."""

    gate: str
    where: str
    message: str
    remedy: str
    is_new: bool


@dataclass(frozen=True)
class Figure:
    """A figure tonight and the night before (None where it is not known): rows, quarantined, masters or score."""

    what: str
    tonight: float
    before: float | None
    entity: str = ""


@dataclass(frozen=True)
class Message:
    """One night for one channel; `before` is the verdict that the channel knew, None on the first night."""

    title: str
    run_id: str
    attempt: str
    run_date: str
    verdict: str
    before: str | None
    is_test: bool
    breaches: Sequence[Trouble]
    more_breaches: int
    error: Mapping[str, str | None] | None
    figures: Sequence[Figure]
    compared_with: str | None
    plan: Sequence[Mapping[str, Any]]
    report: str
    link: str | None = field(default=None)
    host: str = field(default_factory=socket.gethostname)


def build_message(
    project: Project,
    tonight: Manifest,
    before: Sequence[Manifest],
    channel: AnyChannel,
    why: News,
    *,
    is_test: bool = False,
) -> Message:
    """The message on an attempt. `tonight` and `before` are manifests with their `directory`."""
    directory = Path(tonight["directory"])
    card = _scorecard(directory)
    mask = _mask_of(tonight, card, project.root)
    troubles = [_trouble(breach, mask, why) for breach in heard(breaches_in(tonight), channel, project)]
    troubles.sort(key=lambda trouble: not trouble.is_new)
    published = next((one for one in reversed(before) if one.get("verdict") == "published"), None)
    error = tonight.get("error") if tonight["verdict"] == "failed" else None
    page = directory / "report.html"
    return Message(
        title=project.settings.title,
        run_id=str(tonight["run_id"]),
        attempt=directory.name,
        run_date=str(tonight["run_date"]),
        verdict=str(tonight["verdict"]),
        before=why.before,
        is_test=is_test,
        breaches=troubles[:MOST_BREACHES],
        more_breaches=max(0, len(troubles) - MOST_BREACHES),
        error=_error(str(error), mask) if error else None,
        figures=list(_figures(tonight, published)),
        compared_with=str(published["run_id"]) if published else None,
        plan=_plan(card),
        report=str(page if page.exists() else directory),
        link=channel.link.format(run_id=tonight["run_id"], attempt=directory.name) if channel.link else None,
    )


def document_of(message: Message) -> dict[str, Any]:
    """The message as plain JSON values: what webhooks and commands get (`telling/schemas/message.json`)."""
    document = {
        "version": VERSION,
        "event": "test" if message.is_test else "night",
        "project": message.title,
        "run_id": message.run_id,
        "attempt": message.attempt,
        "run_date": message.run_date,
        "verdict": message.verdict,
        "verdict_before": message.before,
        "breaches": [vars(trouble) for trouble in message.breaches],
        "more_breaches": message.more_breaches,
        "error": message.error,
        "figures": [vars(figure) for figure in message.figures],
        "compared_with": message.compared_with,
        "plan": list(message.plan),
        "report": message.report,
        "link": message.link,
        "host": message.host,
    }
    redacted: dict[str, Any] = redact_all(document)  # type: ignore[assignment]
    return redacted


class _Mask:
    """Free texts -> what may be told of them: as the scorecard has it, else masked by its look; paths short."""

    def __init__(self, run_date: date, known: Mapping[str, str], root: Path) -> None:
        self.run_date, self.known, self.root = run_date, known, root

    def __call__(self, text: str) -> str:
        told = self.known[text] if text in self.known else mask_free_text(text, self.run_date)
        told = within(told, self.root)
        return redact(told if len(told) <= MOST_LETTERS else f"{told[:MOST_LETTERS]}…")


def within(text: str, root: Path) -> str:
    """A text whose paths begin in the project's folder `root`: nobody who is told works from the root of the disk."""
    return text.replace(f"{root}/", "") if len(root.parts) > 1 else text


def _mask_of(manifest: Manifest, card: Mapping[str, Any], root: Path) -> _Mask:
    known: dict[str, str] = {}
    masked = card.get("breaches") or []
    written = breaches_in(manifest)
    if len(masked) == len(written):
        for breach, shown in zip(written, masked, strict=True):
            known |= {breach.where: str(shown["where"]), breach.message: str(shown["message"])}
    if manifest.get("error") and card.get("error"):
        known[str(manifest["error"])] = str(card["error"])
    return _Mask(date.fromisoformat(str(manifest["run_date"])), known, root)


def _trouble(breach: Breach, mask: _Mask, why: News) -> Trouble:
    return Trouble(
        breach.gate, mask(breach.where), mask(breach.message), redact(breach.remedy), key_of(breach) in why.new
    )


def _error(error: str, mask: _Mask) -> dict[str, str | None]:
    """An error's text and its remedy, which stands on a line of its own."""
    text, _, remedy = mask(error).partition("\n  What to do: ")
    return {"message": text, "remedy": remedy or None}


def _figures(tonight: Manifest, before: Manifest | None) -> list[Figure]:
    """Rows, quarantine, masters and the score, beside those of the last published night."""
    now, then = _sums(tonight), _sums(before) if before else {}
    return [Figure(what, value, then.get((what, entity)), entity) for (what, entity), value in now.items()]


def _sums(manifest: Manifest) -> dict[tuple[str, str], float]:
    summary = manifest.get("summary") or {}
    sources = summary.get("sources") or []
    found: dict[tuple[str, str], float] = {}
    for what, column in (("rows", "rows_read"), ("quarantined", "quarantined")):
        if sources and all(source.get(column) is not None for source in sources):
            found[what, ""] = float(sum(source[column] for source in sources))
    found |= {("masters", str(one["entity"])): float(one["masters"]) for one in summary.get("entities") or []}
    overall = [one["score"] for one in summary.get("scores") or [] if one["dimension"] == "overall"]
    return found | ({("score", ""): float(overall[0])} if overall and overall[0] is not None else {})


def _plan(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The first repairs that are worth doing."""
    columns = ("rank", "code", "title", "owner", "rows", "customers", "orders", "remedy")
    open_ones = [one for one in card.get("plan") or [] if one.get("status") != "done"]
    return [{column: one.get(column) for column in columns} for one in open_ones[:MOST_ACTIONS]]


def _scorecard(directory: Path) -> dict[str, Any]:
    try:
        card = json.loads((directory / "scorecard.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}
