"""A night full of strings that break programs: nothing is executed, and every page, sheet and line stays whole."""

import csv
import html
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dq_pipeline.warehouse import Warehouse
from tests.conftest import call, published
from tests.hostile import ACTIVE, HOSTILE_FILE, hostile_project, naughty_strings
from tests.integration.test_report_browser import BROWSER, look

FORMULA = tuple("=+-@\t\r＝＋－＠")
# Orders to a terminal, and marks that turn a text around.
COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# No page of ours has one of these; of the others below each has one.
FOREIGN = {"img", "image", "iframe", "frame", "frameset", "object", "embed", "base", "applet", "video", "audio", "math"}
FOREIGN |= {"foreignobject", "animate", "set", "x", "xss", "bgsound", "layer", "xml", "marquee", "isindex", "noscript"}
SINGLE = ("html", "head", "body", "link", "style")
ADDRESSES = ("#", "data:,", "report/", "../report.html")


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The salted project after its one run."""
    project = hostile_project(tmp_path_factory.mktemp("hostile"))
    answer = call("run", "--project", project, "--date", "2026-11-20")
    assert answer.code == 0, answer.text
    assert not COMMANDS.search(answer.text)
    return project


@pytest.fixture(scope="module")
def reader(night: Path) -> Iterator[Warehouse]:
    held = published(night)
    yield held
    held.close()


def pages(night: Path) -> list[Path]:
    folder = (night / "output/published").resolve()
    return [folder / "report.html", *sorted((folder / "report").glob("*.html"))]


def test_every_string_came_through_as_it_is(night: Path, reader: Warehouse) -> None:
    given = {string.strip() for string in naughty_strings()}
    held = {text for (text,) in reader.rows("select raw from quality.quarantine where raw is not null")}
    working = Warehouse(night / "output/working.duckdb", read_only=True)
    for table, column in (
        *(("crm_customers", "full_name"), ("orders", "customer_name"), ("shipments", "recipient_name")),
        *(("crm_interactions", "reason"), ("inventory", "product_name")),
    ):
        held |= {str(text).strip() for (text,) in working.rows(f"select distinct {column} from raw.{table}")}
    working.close()
    # Blank strings of the list are blank; strings that begin or end with blanks are compared without them.
    assert {string for string in given if string} - held == set()


def test_no_page_has_a_tag_or_an_attribute_of_theirs(night: Path) -> None:
    found = pages(night)
    assert len(found) == 5
    for path in found:
        text = path.read_text(encoding="utf-8")
        tags = Page(text).tags
        count = Counter(tag for tag, _ in tags)
        assert not count.keys() & FOREIGN, path.name
        assert [tag for tag in SINGLE if count[tag] != 1] == [], path.name
        assert count["script"] == (path.name == "report.html")
        # Ids that decisions are saved under stay as they are, in attributes that nobody reads.
        assert not COMMANDS.search(re.sub(r'data-(?:left|right)="[^"]*"', "", text))
        for tag, attributes in tags:
            assert not [name for name in attributes if name.startswith("on") or name in {"srcdoc", "formaction"}], tag
            for name in {"href", "src", "action", "xlink:href"} & attributes.keys():
                assert (attributes[name] or "#").startswith(ADDRESSES), attributes
    report = found[0].read_text(encoding="utf-8")
    for string in (HOSTILE_FILE, ACTIVE[0], ACTIVE[1]):
        assert html.escape(string).replace("&quot;", "&#34;") in report, "it must be shown, as text"
    assert "{{ 700007*7 }}" in report
    assert "4900049" not in report, "no string is a template"


HARNESS = """<!doctype html><meta charset="utf-8"><title>harness</title><body><script>
(async () => {
  const found = [];
  for (const page of PAGES) {
    const frame = document.createElement("iframe");
    frame.width = 1280; frame.height = 900; frame.src = page;
    document.body.append(frame);
    await new Promise(done => frame.onload = done);
    const inside = frame.contentDocument, view = frame.contentWindow;
    inside.querySelectorAll("details").forEach(details => details.open = true);
    inside.querySelectorAll("button, summary, input[type=radio]").forEach(one => one.click());
    await new Promise(done => setTimeout(done, 200));
    found.push({
      page, pwned: view.pwned === 1 || window.pwned === 1, title: inside.title,
      injected: inside.querySelectorAll("img, iframe, object, embed, base, script:not(body > script)").length,
      scripts: inside.scripts.length, rows: inside.querySelectorAll("tr").length,
      loaded: view.performance.getEntriesByType("resource").map(entry => entry.name),
      end: inside.querySelector("footer").textContent.trim().length,
    });
    frame.remove();
  }
  const result = document.createElement("pre");
  result.id = "found"; result.textContent = JSON.stringify(found);
  document.body.append(result);
})();
</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed (apt-get install chromium)")
def test_a_browser_executes_and_asks_for_nothing(night: Path, tmp_path: Path) -> None:
    names = []
    for path in pages(night):
        names.append(str(path.relative_to((night / "output/published").resolve())))
        (tmp_path / names[-1]).parent.mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / names[-1])
    (tmp_path / "harness.html").write_text(HARNESS.replace("PAGES", json.dumps(names)), encoding="utf-8")
    seen = look(tmp_path, dark=False)
    assert len(seen.frames) == len(names)
    for frame in seen.frames:
        assert not frame["pwned"], frame["page"]
        assert frame["injected"] == 0, frame["page"]
        assert frame["scripts"] <= 1
        assert frame["rows"] > 3
        assert frame["end"] > 40, "the page must be whole to its end"
        assert [name for name in frame["loaded"] if not name.startswith(("data:", "blob:"))] == []
    asked = {request.partition("?")[0] for request in seen.requests} - {"/favicon.ico"}
    assert asked == {"/harness.html", *(f"/{name}" for name in names)}
    assert seen.complaints == "[]"


@pytest.mark.parametrize(
    "command",
    [
        ("quarantine", "list", "--status", "all", "--limit", "1000"),
        ("review", "export", "--limit", "500"),
        ("review", "export", "--limit", "500", "--unmasked"),
        ("review", "list"),
        ("runs",),
        ("lookup", "<script>parent.pwned=1</script>"),
        ("lookup", "roses are red"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_no_value_commands_the_terminal(night: Path, command: tuple[str, ...]) -> None:
    answer = call(*command, "--project", night)
    assert answer.code == 0, answer.text
    assert len(answer.text) > 10
    assert not COMMANDS.search(answer.text.replace("\r\n", "\n"))


def cells_of(text: str, delimiter: str) -> Iterator[str]:
    for row in csv.reader(text.splitlines(), delimiter=delimiter):
        yield from row


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would calculate it; a number is none."""
    return cell.lstrip(" \"'" if not cell.startswith("'") else " ").startswith(FORMULA) and not re.fullmatch(
        r"\s*-?[\d.]+(e[+-]?\d+)?\s*", cell
    )


def test_sheets_calculate_nothing_wherever_the_spreadsheet_cuts_a_line(night: Path, tmp_path: Path) -> None:
    call("review", "export", "--limit", "500", "--unmasked", "--out", tmp_path / "pairs.csv", "--project", night)
    tables = ("customer", "orders", "shipments", "interactions", "inventory", "quarantine", "issue_rows", "provenance")
    answer = call("export", *tables, "--format", "csv", "--to", tmp_path / "csv", "--project", night)
    assert answer.code == 0, answer.text
    paths = [tmp_path / "pairs.csv", *sorted((tmp_path / "csv").iterdir())]
    marked = 0
    for path in paths:
        text = path.read_text(encoding="utf-8-sig")
        for delimiter in ",;":
            cells = list(cells_of(text, delimiter))
            assert [cell for cell in cells if is_formula(cell)] == [], (path.name, delimiter)
            marked += sum(cell.startswith("'=") for cell in cells)
    assert marked > 20, "the strings must be there"


def test_a_workbook_holds_text_and_parquet_the_value_as_it_was(night: Path, reader: Warehouse, tmp_path: Path) -> None:
    for form in ("xlsx", "parquet"):
        answer = call("export", "interactions", "--format", form, "--to", tmp_path / form, "--project", night)
        assert answer.code == 0, answer.text
    sheet = load_workbook(tmp_path / "xlsx/master.interactions.xlsx", read_only=True).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert [cell.value for cell in cells if isinstance(cell.value, str) and is_formula(cell.value)] == []
    query = "select distinct reason from "
    parquet = {*reader.rows(f"{query} '{tmp_path}/parquet/master.interactions.parquet'")}
    assert parquet == {*reader.rows(f"{query} master.interactions")}
    assert any(str(reason).startswith("=cmd") for (reason,) in parquet)
