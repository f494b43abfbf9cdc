"""Every section of the report shows the figures that the published tables hold: the page is read, the tables asked."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import published

# Section -> the SELECT of each figure's name on the page and its value; a share is told in hundredths of a percent.
FIGURES = {
    "verdict": """select 'score:' || dimension, floor(round(score * 10000, 6)) from quality.scorecard
        where cut = 'dimension'""",
    "repair": """select 'repair:' || code, "rows" from quality.action_plan where status <> 'done' and rank <= 25""",
    "pairs": """select 'pairs:' || entity, count(*) from identity.review_queue group by entity""",
    "customers": """select 'masters:' || entity, count(distinct master_id) from identity.xref group by entity
        union all select 'groups:household', count(*) from master.household""",
    "orders": """select 'metric:' || metric, floor(round(rate * 10000, 6)) from quality.service_metrics
        where "by" = 'all' and rate is not null""",
    "touchpoints": """select 'touchpoint:' || touchpoint, failed_orders from quality.touchpoint_service
        where failure = 'all'""",
    "sources": """select 'read:' || source, rows_read from ops.sources
        union all select 'volume:' || source, "rows" from quality.profile_history where column_name = ''
        union all select 'waiting:0', count(distinct record_id) from quality.quarantine
            where status = 'open' and since = (select max(run_date) from ops.runs)""",
    "expectations": """select 'expectations:' || dimension || ':' || owner, count(*) from quality.rule_results
        group by dimension, owner""",
    "making": """select 'model:' || entity, count(distinct comparison) from ops.model_drift group by entity""",
}

# A list that is cut: its total, and the table that the command beside it exports.
_LISTED = re.compile(r"[\d,]+ of ([\d,]+) [^<>]+ are shown;[^\n]*<code>dq export --format csv ([a-z_.]+)</code>")


class Figures(HTMLParser):
    """Section -> the figures that its elements name, with their digits."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, int]] = {}
        self.section = ""
        self.open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "section":
            self.section = held.get("id") or ""
        self.open = held.get("data-figure")

    def handle_data(self, data: str) -> None:
        digits = "".join(filter(str.isdigit, data))
        if self.open and digits:
            self.found.setdefault(self.section, {})[self.open] = int(digits)
            self.open = None


@pytest.fixture(scope="module")
def shown(sample: Path) -> dict[str, dict[str, int]]:
    page = Figures()
    page.feed((sample / "output/published/report.html").read_text(encoding="utf-8"))
    return page.found


@pytest.fixture(scope="module")
def tables(sample: Path) -> Iterator[Warehouse]:
    reader = published(sample)
    yield reader
    reader.close()


@pytest.mark.parametrize("section", FIGURES)
def test_a_section_shows_what_the_tables_hold(
    shown: dict[str, dict[str, int]], tables: Warehouse, section: str
) -> None:
    held = {name: int(value) for name, value in tables.rows(FIGURES[section])}
    assert len(held) > 1
    on_page = shown[section]
    assert {name: on_page.get(name) for name in held} == held


def test_a_wrong_figure_is_noticed(sample: Path, tables: Warehouse) -> None:
    html = (sample / "output/published/report.html").read_text(encoding="utf-8")
    orders = tables.value("select rows_read from ops.sources where source = 'orders'")
    right = f'data-figure="read:orders">{orders:,}<'
    assert right in html
    page = Figures()
    page.feed(html.replace(right, f'data-figure="read:orders">{orders + 1:,}<'))
    assert page.found["sources"]["read:orders"] == orders + 1


def test_the_commands_that_show_the_rest_show_it(sample: Path, tables: Warehouse) -> None:
    html = unescape((sample / "output/published/report.html").read_text(encoding="utf-8"))
    listed = {name: int(total.replace(",", "")) for total, name in _LISTED.findall(html)}
    assert len(listed) > 5
    for name in listed:
        assert tables.value(f"select count(*) from {name}") >= listed[name], name
    filtered = set(re.findall(r'duckdb -readonly (\S+) -c "(from [^"]+)"', html))
    assert len(filtered) > 5
    for file, select in filtered:
        assert (sample / file).resolve() == (sample / "output/published/truth.duckdb").resolve()
        code = select.split("'")[1]
        shown = re.search(rf'data-figure="repair:{code}">([\d,]+)<', html)
        assert shown, code
        assert tables.value(f"select count(*) from ({select})") == int(shown[1].replace(",", "")), code
