"""The report: complete after any night, one self-contained file, and nobody's data in it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from dq_pipeline.errors import Breach
from dq_pipeline.scorecard.masking import kind_of, mask_email, mask_free_text, mask_name, mask_phone, mask_value
from dq_pipeline.scorecard.render import ReportContext, place_of, render_report, scorecard_document
from dq_pipeline.warehouse import Warehouse

NIGHT = (Path(__file__).parents[1] / "cases" / "report" / "night.sql").read_text(encoding="utf-8")
TODAY = date(2026, 11, 20)
CONTEXT = ReportContext(
    title="A company & its <night>",
    run_id="2026-11-20-1",
    run_date=TODAY,
    verdict="published",
    breaches=(),
    error=None,
    stages=[("ingest", 26_011, 1.42), ("validate", None, 83.2)],
    versions={"duckdb": "2.0.0"},
    inputs=[
        {"source": "orders", "file": "orders.csv", "sha256": "a3" * 32, "bytes": 12_345}
        | {"rows_read": 100, "validated": 90, "quarantined": 8, "unparsed": 2},
        {"source": "inventory", "file": None, "sha256": None, "bytes": 0}
        | {"rows_read": 50, "validated": 40, "quarantined": 4, "unparsed": 0},
    ],
)
BREACH = Breach("too_few_rows", "orders.csv", "orders has 12 rows of w.featherstone@posteo.example", "change `rows`")
SECTIONS = ("verdict", "repair", "pairs", "customers", "orders", "touchpoints", "sources", "expectations", "making")
# Whatever the fixture's tables hold of four people, as typed and in other spellings that its details quote.
PERSONAL = [
    *("Featherstone", "featherstone", "w.f", "posteo", "704-1400", "704.1400", "Kinnaird", "kinnaird", "1984", "09/03"),
    *("Quillfeather", "quillfeather", "evil.example", "Elm", "1979"),
    *("avramovitz", "אברמוביץ", "123 4567", "neddih", "1990-01"),
]


def whole_night() -> Iterator[Warehouse]:
    warehouse = Warehouse()
    warehouse.execute(NIGHT)
    yield warehouse
    warehouse.close()


night = pytest.fixture(whole_night, scope="module")
changing_night = pytest.fixture(whole_night)


class Page(HTMLParser):
    """What a test asks of a page: its tags with their attributes, its headings, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"code", "bdi", "span"}:
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def having(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in tags]


@pytest.mark.parametrize("verdict", ["published", "held", "failed", "stopped"])
def test_no_personal_value_and_no_foreign_tag_reaches_the_page(night: Warehouse, verdict: str) -> None:
    error = "Conversion Error: could not convert 'Wilhelmina Featherstone' to INT32"
    context = replace(CONTEXT, verdict=verdict, breaches=[BREACH], error=error)
    html = render_report(night, context)
    document = json.dumps(scorecard_document(night, context), ensure_ascii=False)
    for value in PERSONAL:
        assert value not in html
        assert value not in document
    tags = Counter(tag for tag, _ in Page(html).tags)
    assert not tags.keys() & {"img", "i", "b", "iframe", "object"}
    assert tags["script"] == 1
    assert tags["form"] <= 1
    assert len(html.encode()) < 3_000_000
    assert "W••• F•••" in html


def test_hostile_keys_are_shown_harmless(night: Warehouse) -> None:
    html = render_report(night, CONTEXT)
    assert "&#39;=cmd|" in html
    assert "\u202e" not in html
    assert "\u202d" not in html
    assert "O1\ufffd\ufffd2&lt;i&gt;" in html
    assert "A title with &lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quotes&#34;" in html


def test_the_page_is_one_file_that_loads_nothing(night: Warehouse) -> None:
    page = Page(render_report(night, CONTEXT))
    policy = page.having("meta")[1]["content"] or ""
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; img-src data:; "
        r"base-uri 'none'; form-action 'none'",
        policy,
    )
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))


@pytest.mark.parametrize("verdict", ["published", "held", "failed"])
def test_the_page_is_built_for_everyone(night: Warehouse, verdict: str) -> None:
    html = render_report(night, replace(CONTEXT, verdict=verdict, breaches=[BREACH], error="x"))
    page = Page(html)
    assert page.having("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer", "h1", "title"):
        assert len(page.having(landmark)) == 1, landmark
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    links = {attributes["href"] for attributes in page.having("a")}
    assert {f"#{name}" for name in (*SECTIONS, "main")} <= links
    assert {str(link).removeprefix("#") for link in links} <= set(ids)
    assert all(attributes.get("scope") for attributes in page.having("th"))
    assert len(page.having("caption")) == len(page.having("table"))
    for svg in page.having("svg"):
        assert svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and svg.get("aria-label"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_list_is_short_and_says_where_the_rest_is(night: Warehouse) -> None:
    text = " ".join(Page(render_report(night, CONTEXT)).text.split())
    for said in (
        "25 of 28 repairs are shown; all of them are in quality.action_plan of the published database.",
        "25 of 34 pairs of masters are shown; all of them are in identity.review_queue of the published database.",
        "10 of 522 masters with more than one record are shown; all of them are in identity.xref of the published",
        "25 of 34 lines are shown; all of them are in raw.unparsed of this run’s working database.",
        "10 of 14 missed targets are shown; all of them are in quality.service_metrics of the published database.",
        "25 of 29 expectations that were not met are shown; all of them are in quality.rule_results",
    ):
        assert said in text
    assert text.count("Agreement") == 4


def test_pairs_are_compared_by_their_full_values_and_shown_masked(night: Warehouse) -> None:
    text = " ".join(Page(render_report(night, CONTEXT)).text.split())
    assert "Customer: 34 pairs of masters (35 of records)" in text
    pair = text[text.index("crm_customers:C1 and crm_customers:C2") :].split("Kept in")[0]
    assert "match probability 60.00 % match weight +1.5 between thresholds" in pair
    assert "strongest of 2 pairs of records between these masters" in pair
    assert "open order" not in pair[:400]
    assert "6 open orders: O1, O2, O3, O4, O5, … " in text[text.index("crm_customers:C3 and crm_customers:C4") :][:400]
    assert text.index("crm_customers:C3 and") < text.index("crm_customers:X1 and")
    for said in (
        "source crm_customers crm_customers full name",
        "full name W••• F••• W••• J••• F••• different",
        "phone ••••••••00 ••••••••00 different",
        "address line1 ••• ••• same",
        "city Louisville Louisville same",
        "address id ADR-C1 ADR-C2 different",
        "master CUS-00000000000000A1 CUS-00000000000000B2",
    ):
        assert said in pair


def test_a_held_night_shows_breaches_first_and_names_the_tables_of_its_own_file(night: Warehouse) -> None:
    page = Page(render_report(night, replace(CONTEXT, verdict="held", breaches=[BREACH])))
    text = " ".join(page.text.split())
    assert text.index("Held: not published") < text.index("orders has 12 rows") < text.index("Score by dimension")
    assert "What to do change rows" in text
    assert "scored.action_plan of this run’s working database" in text
    assert "published database" not in text


def test_figures_are_those_of_the_tables(night: Warehouse) -> None:
    text = " ".join(Page(render_report(night, CONTEXT)).text.split())
    assert "1 of 6 dimensions misses the target: timeliness." in text
    assert "Timeliness 97.64 % 98.00 % missed +1.29" in text
    assert "Validity 99.99 % – no target – first run 1 of 100,000" in text
    assert "49 of 80 expectations were met, 29 were not, and 2 could not run." in text
    assert "54 rows are kept out." in text
    assert "0 pass because a steward released them, 6 came again repaired, and 0 did not come again." in text
    assert "orders 100 90 8 2 yes inventory 50 40 4 0 no: 6 missing" in text
    assert "Customer 900 423 477 2.13 30" in text
    assert "Customer 166 20 6 4" in text
    assert "Promises kept, kind 1 metric_1 90 10 5 90.00 % 95.00 % missed" in text
    assert "Promises kept, kind 2 metric_2 90 10 5 10.00 % at most 2.00 % missed" in text
    assert "Promises kept, kind 3 metric_3 90 10 5 – 95.00 % unknown" in text
    assert "Promises kept, kind 4 metric_4 90 10 5 90.00 % – no target" in text
    assert "What everybody is owed, whatever the tier. Customers who are not granted all of it: 3." in text
    assert "Rows read 493 500 +7" in text
    assert "orders 2 500 493 +7 surprise bygone" in text
    assert "Customer: email 80 20 80.00 % missed" in text
    assert "Is granted thing 1 condition_1 support 80 20 3 80.00 % ask for it" in text


def test_the_value_at_risk_counts_an_order_once(changing_night: Warehouse) -> None:
    changing_night.execute("delete from scored.issue_rows")
    changing_night.execute(
        """insert into scored.issue_rows by name
        select code, order_id, value_at_risk
        from (values ('O01', 'O1', 100.00), ('O02', 'O1', 80.00), ('O01', 'O2', 7.50), ('O03', 'O3', null))
            as rows(code, order_id, value_at_risk)"""
    )
    assert "107.50 open value at risk" in " ".join(Page(render_report(changing_night, CONTEXT)).text.split())


TABLES = re.findall(r"create table (\S+) as", NIGHT)


@pytest.mark.parametrize("missing", [*([table] for table in TABLES), TABLES, TABLES[2:]], ids=lambda names: names[0])
def test_a_night_that_broke_early_says_what_was_not_reached(changing_night: Warehouse, missing: list[str]) -> None:
    for table in missing:
        changing_night.execute(f"drop table {table}")
    html = render_report(changing_night, replace(CONTEXT, verdict="failed", error="it broke", stages=[], inputs=[]))
    assert [anchor for anchor in SECTIONS if f'id="{anchor}"' not in html] == []
    assert "Could not be read" not in html
    if missing == TABLES:
        assert html.count("Not reached") >= 8
    assert scorecard_document(changing_night, CONTEXT)["verdict"] == "published"


def test_expectations_are_told_from_the_checks_where_scoring_was_not_reached(changing_night: Warehouse) -> None:
    changing_night.execute("create table quarantined.rule_results as select * from scored.rule_results")
    changing_night.execute("drop table scored.rule_results")
    text = Page(render_report(changing_night, CONTEXT)).text
    assert "quarantined.rule_results" in text
    assert "49 of 80 expectations were met" in text


def test_a_table_of_another_shape_breaks_only_its_own_section(changing_night: Warehouse) -> None:
    changing_night.execute("create or replace table scored.quarantine as select 1 as surprise")
    text = Page(render_report(changing_night, CONTEXT)).text
    assert text.count("Could not be read") == 1
    assert "What to repair first" in text


def test_texts_stay_hidden_where_the_tables_cannot_be_asked(changing_night: Warehouse) -> None:
    changing_night.execute("create view raw.broken as select * from raw.crm_customers")
    changing_night.execute("alter table raw.crm_customers rename to gone")
    html = render_report(changing_night, replace(CONTEXT, verdict="held", breaches=[BREACH]))
    assert "orders has 12 rows" not in html
    assert "could not be checked" in html


def test_the_same_tables_give_the_same_page(night: Warehouse) -> None:
    assert render_report(night, CONTEXT) == render_report(night, CONTEXT)


def test_the_document_is_json_with_verdict_breaches_scores_issues_and_plan(night: Warehouse) -> None:
    document = json.loads(json.dumps(scorecard_document(night, replace(CONTEXT, verdict="held", breaches=[BREACH]))))
    assert document["verdict"] == "held"
    assert document["breaches"][0]["message"] == "orders has 12 rows of w•••@p•••"
    assert [len(document[name]) for name in ("scores", "issues", "plan")] == [6, 29, 29]
    assert document["plan"][0]["rank"] == 1
    assert document["error"] is None


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("full_name", "John Smith", "J••• S•••"),
        ("email", "John@Gmail.com", "j•••@g•••.com"),
        ("phone", "(404) 255-5068", "••••••••68"),
        ("phone", "12", "•••"),
        ("date_of_birth", date(1984, 3, 9), "••••-••-••"),
        ("ship_to_line1", "12 Elm Street", "•••"),
        ("street", "Elm Street 12", "E•••"),
        ("postal_code", "40243", "40•••"),
        ("city", "Louisville", "Louisville"),
        ("record_id", "orders:O1", "orders:O1"),
        ("address_id", "ADR-1", "ADR-1"),
        ("favorite_color", "mauve", "m•••"),
        ("email", "  ", None),
        ("email", None, None),
    ],
)
def test_values_are_masked_by_what_their_column_holds(column: str, value: object, shown: str | None) -> None:
    assert mask_value(column, value) == shown


def test_what_a_contract_calls_personal_is_never_plain() -> None:
    assert kind_of("city") == "plain"
    assert (kind_of("unit"), kind_of("unit_price")) == ("street", "plain")
    assert mask_value("city", "Louisville", {"city"}) == "L•••"
    assert mask_value("postal_code", "40243", {"postal_code"}) == "•••"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("charged 48.00, the list price is 47.99", None),
        ("promised for 2026-11-02, arrived 2026-11-05 10:00:00", None),
        ("the CRM did not deliver customer C000448", None),
        ('Binder Error: column "order_id" of orders-20261120.csv, line 12 is not there', None),
        ("-3 on hand, 1234567.89 open", None),
        ("ask j.smith@example.com", "ask j•••@e•••.com"),
        ("tracking number 700028397510 is on 2 shipments", "tracking number ••••••••10 is on 2 shipments"),
        ("call (404) 255-5068 or +1 404.255.5069", "call ••••••••68 or ••••••••69"),
        ("label says John A. Smith, 12 Elm Street", "label says J••• A••• S•••, ••• E••• S•••"),
        ("buyer SMITH, JOHN", "buyer S••• J•••"),
        ("born 1984-03-09 or 27/09/1994", "born ••• or •••"),
        ("it is 'smith'", "it is 's•••'"),
        ("recipient jane doe-roe differs", "recipient j••• d••• differs"),
        ("the parcel for EAST", "the parcel for E•••"),
        ("WH-EAST", None),
    ],
)
def test_free_texts_lose_what_is_personal_and_keep_the_rest(text: str, shown: str | None) -> None:
    assert mask_free_text(text, TODAY, {"jane doe roe", "east"}) == (shown or text)


def test_masks_of_odd_values() -> None:
    assert mask_email("no address") == "n•••"
    assert mask_email("a@b") == "a•••@b•••"
    assert mask_name("") == "•••"
    assert mask_name("Anne-Marie O'Brien") == "A••• O•••"
    assert mask_phone("+49 (0)30 1234") == "••••••••34"


def test_where_the_rest_of_a_list_is() -> None:
    assert place_of("scored.issues", "published") == ("quality.issues", "of the published database")
    assert place_of("mastered.xref", "published") == ("identity.xref", "of the published database")
    assert place_of("mastered.xref", "held") == ("mastered.xref", "of this run’s working database")
    assert place_of("raw.unparsed", "published") == ("raw.unparsed", "of this run’s working database")
