"""The sample night in Spanish: report, owner pages and summary, with nothing left in English."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.language import speak
from dq_pipeline.recording import last_warehouse, report_context
from dq_pipeline.reporting import _last, _outcome
from dq_pipeline.scorecard.render import ReportContext, render_pages
from tests.conftest import call

# What is a name, an id, a file, a value or a unit is the same in both languages.
_SAME = re.compile(
    r"[\W\d_]*|[A-Z]{2,4}-[0-9A-F•]+|[\w.]+:[\w/.-]+|\w+_\w+(\.\w+)?|[\w./-]+\.(csv|md|json|html|duckdb|parquet)|[0-9a-f]{64}"
    r"|SKU-\d+|([\d.,]+ (s|min|h|kB|MB|B) ?)+|[^ ]*•[^ ]*|([A-Z]\d+,? ?)+…?|[A-Z]\d+(\.\w+)?|[a-z]+\.[a-z_]+"
)
# Values of the sample's rows, versions, and words that both languages have.
SAME_IN_BOTH = {
    *(
        "FedEx",
        "UPS",
        "USPS",
        "WH-EAST",
        "WH-WEST",
        "carrier pigeon",
        "fax",
        "kiosk",
        "WEBB",
        "sku",
        "quantity",
        "Bits",
        "web",
        "Web",
        "similar",
        "touchpoint",
    ),
    *("duckdb", "pandas", "python", "splink", "usaddress"),
}


class Texts(HTMLParser):
    """The texts of a page and its attributes that people read, without scripts, styles, code and masked values."""

    SILENT = frozenset({"script", "style", "code", "kbd"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.found += [value for name in ("aria-label", "title", "data-text", "alt") if (value := held.get(name))]
        if tag not in {"meta", "link", "br", "input", "progress"}:
            classes = set((held.get("class") or "").split())
            self.inside.append("code" if classes & {"masked", "key", "id", "hash", "path"} else tag)

    def handle_endtag(self, _tag: str) -> None:
        if self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.SILENT & set(self.inside):
            self.found.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def context(sample: Path) -> ReportContext:
    project = load_project(sample)
    warehouse = last_warehouse(project)
    try:
        return report_context(project, _outcome(_last(project)), warehouse)
    finally:
        warehouse.close()


@pytest.fixture(scope="module")
def pages(sample: Path, context: ReportContext) -> dict[str, dict[str, str]]:
    """Language -> path -> page."""
    project = load_project(sample)
    warehouse = last_warehouse(project)
    try:
        return {
            name: render_pages(warehouse, replace(context, language=speak(name, project.catalogues)))
            for name in ("en", "es")
        }
    finally:
        warehouse.close()


def test_every_text_of_every_page_is_in_spanish(pages: dict[str, dict[str, str]]) -> None:
    left = set()
    for path, page in pages["es"].items():
        english = set(Texts(pages["en"][path]).found)
        left |= {text for text in Texts(page).found if text in english and not _SAME.fullmatch(text)}
    assert left <= SAME_IN_BOTH


def test_both_pages_have_the_same_parts(pages: dict[str, dict[str, str]]) -> None:
    for path, page in pages["es"].items():
        assert '<html lang="es">' in page
        tags = [
            re.findall(r"<(\w+)", re.sub(r"<script>.*?</script>", "", text, flags=re.S))
            for text in (page, pages["en"][path])
        ]
        assert tags[0] == tags[1], path


def test_numbers_and_days_are_written_as_in_spanish(pages: dict[str, dict[str, str]]) -> None:
    spanish, english = (" ".join(Texts(pages[name]["report.html"]).found) for name in ("es", "en"))
    assert "Friday, 20 November 2026" in english
    assert "viernes, 20 de noviembre de 2026" in spanish
    assert re.search(r"\b\d{1,3}\.\d{3}\b", spanish)
    assert re.search(r"\b\d{2},\d{2}\s%", spanish)
    assert not re.search(r"\b[1-9]\d{0,2},\d{3}\b", spanish)
    assert re.search(r"\d+ nov 2026", spanish)


def test_the_report_and_what_is_printed_are_in_the_language_asked_for(project: Path) -> None:
    answer = call("report", "--project", project, "--lang", "es", "--unmasked")
    assert answer.code == 0, answer.text
    assert "muestra" in answer.text.lower()
    assert '<html lang="es">' in (project / "output/private/report-unmasked.html").read_text(encoding="utf-8")


def test_a_project_declares_its_language(project: Path) -> None:
    settings = project / "pipelines/nightly.yml"
    settings.write_text("language: es\n" + settings.read_text(encoding="utf-8"), encoding="utf-8")
    answer = call("report", "--project", project)
    assert answer.code == 0, answer.text
    assert '<html lang="es">' in (project / "output/published/report.html").read_text(encoding="utf-8")
    answer = call("report", "--project", project, "--lang", "en")
    assert answer.code == 0, answer.text
    assert '<html lang="en">' in (project / "output/published/report.html").read_text(encoding="utf-8")
