"""A run's tables -> the report that a steward reads in the morning (one HTML file), and its figures as a document.

The page loads nothing and shows people as masked values only. Its one script takes decisions on pairs.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from dq_pipeline.errors import Breach
from dq_pipeline.language import Language, speak
from dq_pipeline.scorecard.masking import mask_free_texts
from dq_pipeline.scorecard.night import Listing, Night
from dq_pipeline.scorecard.sections import read_owner_sections, read_sections
from dq_pipeline.scorecard.wording import environment
from dq_pipeline.warehouse import Warehouse

# Where values of a run's tables, or of the errors about them, come as sentences.
_FREE_TEXTS = frozenset({"detail", "reason", "error", "message", "problem", "where", "value_of"})
_PUBLISHED = {"scored": "quality", "mastered": "identity"}


@dataclass(frozen=True)
class ReportContext:
    """What the report says beside the tables.

    `verdict` is published, held, failed or stopped (before publishing, as asked); `error` the message of a failed
    run. `stages` are (name, rows, seconds). Each of `inputs` has source, file, sha256, bytes, rows_read, validated,
    quarantined and unparsed. `personal` names the columns that the project's contracts call personal, beyond those
    whose names tell it. `language` is what the page is written in. `is_unmasked` shows people in clear, with a banner
    that says so. `output` is the folder of outputs, as commands name it.
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
    language: Language = field(default_factory=lambda: speak("en"))
    is_unmasked: bool = False
    output: str = "output"


def render_pages(warehouse: Warehouse, context: ReportContext) -> dict[str, str]:
    """Path -> HTML document: `report.html` of the whole night, and `report/<owner>.html` of what is each owner's."""
    pages = {"report.html": {**read_sections(_night(warehouse, context)), **_troubles(context)}}
    for name in context.owners:
        pages[f"report/{name}.html"] = read_owner_sections(_night(warehouse, context, name))
    shown = _masked(warehouse, context, pages)
    templates = environment(context.language)
    documents = {"report.html": _document(templates, "report.html", context, shown["report.html"])}
    for name, owner in context.owners.items():
        path = f"report/{name}.html"
        documents[path] = _document(templates, "owner.html", context, {**shown[path], "owner": owner})
    return documents


def render_report(warehouse: Warehouse, context: ReportContext) -> str:
    """The report of the whole night as one HTML document, from whatever tables the run got to make."""
    page = {**read_sections(_night(warehouse, context)), **_troubles(context)}
    return _document(environment(context.language), "report.html", context, _masked(warehouse, context, page))


def _document(templates: Environment, template: str, context: ReportContext, page: Mapping[str, Any]) -> str:
    style, script = (templates.get_template(name).render() for name in ("report.css", "report.js"))
    return templates.get_template(template).render(
        **page,
        context=context,
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        place=lambda table: place_of(table, context.verdict),
        see=lambda table, where="": command_of(table, context, where),
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


def command_of(table: str, context: ReportContext, where: str = "") -> str:
    """A command that shows all rows of a table, or those that meet a condition: for the project's folder."""
    name, _ = place_of(table, context.verdict)
    is_published = name != table
    if is_published and not where:
        return f"dq export --format csv {name}"
    file = f"{context.output}/{'published/truth' if is_published else 'working'}.duckdb"
    condition = f" where {where}" if where else ""
    return f'duckdb -readonly {file} -c "from {name}{condition}"'


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
    texts = set(_free_texts(page)) - _declared(warehouse)
    masked = mask_free_texts(warehouse, texts, context.run_date, context.personal)
    shown: dict[str, Any] = _with_masked(page, masked)
    return shown


def _declared(warehouse: Warehouse) -> set[str]:
    """The project's own sentences: what its expectations say tells of no person, whatever examples it gives."""
    if not warehouse.has("scored.rule_results"):
        return set()
    return {said for (said,) in warehouse.rows("select distinct description from scored.rule_results")}


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


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value
