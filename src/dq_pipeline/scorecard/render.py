"""A run's tables -> the report that a steward reads in the morning (one HTML file), and its figures as a document.

The page loads nothing and shows people as masked values only. Its one script takes decisions on pairs.
"""

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dq_pipeline.errors import Breach
from dq_pipeline.scorecard.masking import mask_free_texts
from dq_pipeline.scorecard.night import Listing, Night
from dq_pipeline.scorecard.sections import read_owner_sections, read_sections
from dq_pipeline.warehouse import Warehouse

# Where values of a run's tables, or of the errors about them, come as sentences.
_FREE_TEXTS = frozenset({"detail", "reason", "error", "message", "problem", "where", "value_of"})
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# What a spreadsheet takes for a formula when the page is copied into one; a number is none.
_FORMULA = re.compile(r"\s*[=+\-@](?![\d.,\s]*%?\Z)")
_PUBLISHED = {"scored": "quality", "mastered": "identity"}


@dataclass(frozen=True)
class ReportContext:
    """What the report says beside the tables.

    `verdict` is published, held, failed or stopped (before publishing, as asked); `error` the message of a failed
    run. `stages` are (name, rows, seconds). Each of `inputs` has source, file, sha256, bytes, rows_read, validated,
    quarantined and unparsed. `personal` names the columns that the project's contracts call personal, beyond those
    whose names tell it. `is_unmasked` shows people in clear, with a banner that says so.
    """

    title: str
    run_id: str
    run_date: date
    verdict: str
    breaches: Sequence[Breach]
    error: str | None
    stages: Sequence[tuple[str, int | None, float]]
    versions: Mapping[str, str]
    inputs: Sequence[Mapping[str, object]]
    personal: frozenset[str] = field(default_factory=frozenset)
    owners: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_unmasked: bool = False


def render_pages(warehouse: Warehouse, context: ReportContext) -> dict[str, str]:
    """Path -> HTML document: `report.html` of the whole night, and `report/<owner>.html` of what is each owner's."""
    pages = {"report.html": {**read_sections(_night(warehouse, context)), **_troubles(context)}}
    for name in context.owners:
        pages[f"report/{name}.html"] = read_owner_sections(_night(warehouse, context, name))
    shown = _masked(warehouse, context, pages)
    documents = {"report.html": _document("report.html", context, shown["report.html"])}
    for name, owner in context.owners.items():
        path = f"report/{name}.html"
        documents[path] = _document("owner.html", context, {**shown[path], "owner": owner})
    return documents


def render_report(warehouse: Warehouse, context: ReportContext) -> str:
    """The report of the whole night as one HTML document, from whatever tables the run got to make."""
    page = {**read_sections(_night(warehouse, context)), **_troubles(context)}
    return _document("report.html", context, _masked(warehouse, context, page))


def _document(template: str, context: ReportContext, page: Mapping[str, Any]) -> str:
    environment = _environment()
    style, script = (environment.get_template(name).render() for name in ("report.css", "report.js"))
    return environment.get_template(template).render(
        **page,
        context=context,
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        place=lambda table: place_of(table, context.verdict),
    )


def _night(warehouse: Warehouse, context: ReportContext, owner: str | None = None) -> Night:
    return Night(warehouse, context.run_id, context.run_date, context.personal, owner, context.is_unmasked)


def _hash(text: str) -> Markup:
    """The hash by which the page's policy knows a text of its own."""
    return Markup(base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


def scorecard_document(warehouse: Warehouse, context: ReportContext) -> dict[str, Any]:
    """Verdict, breaches, scores, issues and plan as plain JSON values, without personal data."""
    page = _masked(warehouse, context, _troubles(context))
    scored = """select cut, dimension, source, entity, touchpoint, owner, passed, failed, score, target, status,
        weight, change, usual, movement from scored.scorecard"""
    tables = {
        "scores": ("scored.scorecard", f"{scored} order by cut, source, entity, touchpoint, owner, dimension"),
        "issues": ("scored.issues", "select * from scored.issues order by code"),
        "plan": ("scored.action_plan", "select * from scored.action_plan order by rank"),
    }
    document: dict[str, Any] = {
        "title": context.title,
        "run_id": context.run_id,
        "run_date": context.run_date.isoformat(),
        "verdict": context.verdict,
        "error": page["trouble"]["message"] or None,
        "breaches": page["breaches"],
    }
    for name, (table, select) in tables.items():
        rows = warehouse.records(select) if warehouse.has(table) else []
        document[name] = [{column: _plain(value) for column, value in row.items()} for row in rows]
    return document


def place_of(table: str, verdict: str) -> tuple[str, str]:
    """Where a whole list is: a table, and the database that has it: the published one after a published run."""
    schema, name = table.split(".")
    if verdict == "published" and schema in _PUBLISHED:
        return f"{_PUBLISHED[schema]}.{name}", "of the published database"
    return table, "of this run’s working database"


def _troubles(context: ReportContext) -> dict[str, Any]:
    """What went wrong: the breaches, and the error of a failed run."""
    failed = context.verdict == "failed"
    return {
        "breaches": [asdict(breach) for breach in context.breaches],
        "trouble": {"message": context.error} if failed and context.error else {"message": ""},
    }


def _masked(warehouse: Warehouse, context: ReportContext, page: Mapping[str, Any]) -> dict[str, Any]:
    """Every free text masked: the one door through which values reach a page."""
    if context.is_unmasked:
        return dict(page)
    masked = mask_free_texts(warehouse, set(_free_texts(page)), context.run_date, context.personal)
    shown: dict[str, Any] = _with_masked(page, masked)
    return shown


def _free_texts(value: Any) -> Iterator[str]:
    """Every free text anywhere in a section."""
    if isinstance(value, Listing):
        yield from _free_texts(value.rows)
    elif isinstance(value, Mapping):
        for key, held in value.items():
            if key in _FREE_TEXTS and isinstance(held, str):
                yield held
            else:
                yield from _free_texts(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _free_texts(held)


def _with_masked(value: Any, masked: Mapping[str, str]) -> Any:
    if isinstance(value, Listing):
        return Listing(_with_masked(value.rows, masked), value.total, value.table)
    if isinstance(value, Mapping):
        return {
            key: masked.get(held, held) if key in _FREE_TEXTS and isinstance(held, str) else _with_masked(held, masked)
            for key, held in value.items()
        }
    if isinstance(value, list | tuple):
        return [_with_masked(held, masked) for held in value]
    return value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("dq_pipeline.scorecard", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": _count,
        "money": lambda amount: f"{amount or 0:,.2f}",
        "percent": _percent,
        "signed": _signed,
        "ticks": _ticks,
        "points": _points,
        "duration": _duration,
        "work": _work,
        "bytes": _bytes,
        "exact": lambda value: Markup("{}").format(value),
        "words": lambda name: str(name).replace("_", " "),
    }
    environment.globals |= {"spark": _spark, "scale_floor": _scale_floor}
    return environment


def _harmless(value: Any) -> Any:
    """A text without characters that hide or turn what follows, and that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = _UNSEEN.sub("\ufffd", value)
    return f"'{text}" if _FORMULA.match(text) else text


def _ticks(text: str) -> Markup:
    """A sentence whose `words in backticks` are set as code."""
    parts = [escape(part) for part in _harmless(text).split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def _count(number: Any) -> str:
    return "–" if number is None else f"{int(number):,}"


def _percent(share: Any) -> str:
    """A share in percent, rounded down, so that nothing but all is 100 % and a missed target never looks met."""
    return f"{math.floor(round(float(share) * 10_000, 6)) / 100:.2f}\u00a0%"


def _points(change: float) -> str:
    """The change of a share in percentage points, with its sign."""
    return _signed(change * 100, 2)


def _signed(number: float, places: int = 1) -> str:
    sign = "±" if round(number, places) == 0 else "+" if number > 0 else "−"
    return f"{sign}{abs(number):.{places}f}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _work(minutes: float) -> str:
    hours, rest = divmod(math.ceil(minutes), 60)
    return " ".join(
        part for part in (f"{hours:,} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def _bytes(size: Any) -> str:
    amount = float(size or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return ""


def _scale_floor(rows: Sequence[Mapping[str, Any]]) -> float:
    """Where the axis of the scores begins: the highest of a few round shares that is below all scores and targets."""
    shares = [share for row in rows for share in (row["score"], row["target"]) if share is not None]
    return max((floor for floor in (0.0, 0.5, 0.8, 0.9, 0.95) if floor < min(shares, default=1)), default=0.0)


def _spark(trend: Sequence[Mapping[str, Any]], width: int = 120, height: int = 28) -> dict[str, Any]:
    """The points of a line through a trend's scores in a box of `width` x `height`, and what it says in words."""
    shares = [float(run["score"]) for run in trend]
    low, high = min(shares), max(shares)
    # Half a point at least, or the noise of one row would fill the box.
    span = max(high - low, 0.005)
    bottom = (high + low - span) / 2
    step = (width - 8) / max(len(shares) - 1, 1)
    points = [
        (4 + index * step, height - 4 - (share - bottom) / span * (height - 8)) for index, share in enumerate(shares)
    ]
    first, last = trend[0], trend[-1]
    said = f"{_percent(shares[0])} on {first['run_date']}, {_percent(shares[-1])} on {last['run_date']}"
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        "last": points[-1],
        "said": f"{len(shares)} runs: {said}; lowest {_percent(low)}, highest {_percent(high)}",
    }
