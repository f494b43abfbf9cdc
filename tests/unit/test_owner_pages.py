"""The pages of the owners: each shows what is that owner's, and nothing of another's."""

import re
from dataclasses import replace

import pytest

from dq_pipeline.scorecard.render import render_pages
from dq_pipeline.warehouse import Warehouse
from tests.unit.test_render import CONTEXT, PERSONAL, Page, whole_night

OWNERS = {name: {"title": f"The <{name}> desk", "contact": f"{name}@example.com"} for name in ("sales", "warehouse")}
night = pytest.fixture(whole_night, scope="module")


@pytest.fixture(scope="module")
def pages(night: Warehouse) -> dict[str, str]:
    return render_pages(night, replace(CONTEXT, owners=OWNERS))


def test_every_owner_has_a_page_that_the_report_leads_to(pages: dict[str, str]) -> None:
    assert set(pages) == {"report.html", "report/sales.html", "report/warehouse.html"}
    links = {tag["href"] for tag in Page(pages["report.html"]).having("a")}
    assert links >= {"report/sales.html", "report/warehouse.html"}
    for path in ("report/sales.html", "report/warehouse.html"):
        page = Page(pages[path])
        assert "../report.html" in {tag["href"] for tag in page.having("a")}
        assert not page.having("script", "img", "form", "iframe")


@pytest.mark.parametrize("owner", OWNERS)
def test_a_page_holds_the_repairs_and_expectations_of_its_owner_alone(
    night: Warehouse, pages: dict[str, str], owner: str
) -> None:
    html = pages[f"report/{owner}.html"]
    mine = f"from scored.action_plan where owner = '{owner}' and status <> 'done'"
    assert len(re.findall(r'<li class="card">', html)) == min(night.value(f"select count(*) {mine}"), 25)
    assert set(re.findall(r"owner: (\w+)", html)) <= {owner}
    total = night.value(f"select count(*) from scored.rule_results where owner = '{owner}'")
    assert re.search(rf"of {total:,} expectations were met", html)
    rows = f"from scored.quarantine where owner = '{owner}' and status = 'open'"
    open_rows = night.value(f"select count(distinct record_id) {rows}")
    assert re.search(rf"{open_rows:,} rows? (is|are) kept out", html)


def test_pages_show_nobody(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        assert "The &lt;sales&gt; desk" in html or path == "report/warehouse.html"
        for value in PERSONAL:
            assert value not in html
