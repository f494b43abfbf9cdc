"""Nobody of the extracts is in what people read: the whole text of a night's pages, documents and printed lines.

Compared are words without accents, case and punctuation, and digits without what stands between them, so that another
spelling of a value is found as well.
"""

import csv
import html
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dq_pipeline.warehouse import Warehouse
from tests.conftest import call

MOST_WORDS = 8
# Attributes that are geometry: their numbers are no text.
GEOMETRY = {"d", "points", "viewbox", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r"}
TAG = re.compile(r"<[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
CODE = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
NUMBER = re.compile(r"\d(?:[ ().+/-]{0,3}\d)*")
Words = tuple[str, ...]


class People(NamedTuple):
    """What tells who somebody is: words of e-mails, street lines and full names, and the digits of phones."""

    emails: set[Words]
    streets: set[Words]
    names: set[Words]
    phones: set[str]


def words(text: str) -> Words:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tuple(re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter))))


def rows(project: Path, name: str) -> list[dict[str, str]]:
    with (project / f"data/sample/{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def people_of(project: Path) -> People:
    accounts, orders, shipments = (rows(project, name) for name in ("crm_customers", "orders", "shipments"))
    persons = [row for row in accounts if row["customer_type"] != "organization"]
    names = [row["full_name"] for row in persons]
    names += [f"{row['first_name']} {row['last_name']}" for row in persons]
    names += [f"{row['last_name']} {row['first_name']}" for row in persons]
    names += [row[column] for row in orders for column in ("customer_name", "ship_to_name")]
    names += [row["recipient_name"] for row in shipments]
    streets = [row["address_line1"] for row in accounts]
    streets += [row["ship_to_line1"] for row in orders] + [row["line1"] for row in shipments]
    both = [*accounts, *orders]
    dialed = (re.sub(r"\D", "", re.split(r"x|ext", row["phone"].lower())[0]) for row in both)
    return People(
        emails={words(row["email"]) for row in both if "@" in row["email"]},
        streets=several(streets),
        names=several(names),
        # The last ten digits are the number, whatever is dialed before them.
        phones={digits[-10:] for digits in dialed if len(digits) >= 7},
    )


def several(texts: Iterable[str]) -> set[Words]:
    """The words of those with more than one: a first name alone is nobody, and `12` is no street."""
    return {found for text in texts if len(found := words(text)) >= 2}


def visible(document: str) -> str:
    """The text of a page, and of every attribute that somebody may read or hear."""
    told = TAG.sub(
        lambda tag: "\n".join(["", *(value for name, value in ATTRIBUTE.findall(tag[0]) if name not in GEOMETRY), ""]),
        CODE.sub("\n", document),
    )
    return html.unescape(told)


def found_in(text: str, people: People) -> set[Words | str]:
    """Whoever of the people is in the text."""
    runs: set[Words] = set()
    for line in text.splitlines():
        said = words(line)
        for size in range(2, MOST_WORDS + 1):
            runs.update(said[start : start + size] for start in range(len(said) - size + 1))
    numbers = {re.sub(r"\D", "", number[0]) for number in NUMBER.finditer(text)}
    phones = {number[start : start + 10] for number in numbers for start in range(max(len(number) - 9, 1))}
    found: set[Words | str] = {*(runs & (people.emails | people.streets | people.names))}
    return found | (phones & people.phones)


@pytest.fixture(scope="module")
def people(sample: Path) -> People:
    found = people_of(sample)
    assert min(map(len, found)) > 2_000
    return found


@pytest.fixture(scope="module")
def copy(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished night, for commands that write."""
    return Path(shutil.copytree(sample, tmp_path_factory.mktemp("masking") / "project", symlinks=True))


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What is made is for all to read, unless the program says otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_nobody_is_in_the_pages_and_documents_of_the_night(sample: Path, people: People) -> None:
    texts = [path for path in (sample / "output/runs").rglob("*") if path.suffix not in {".duckdb", ".parquet"}]
    texts = [*filter(Path.is_file, texts), sample / "printed.txt"]
    names = {path.name for path in texts}
    assert names >= {"report.html", "sales.html", "scorecard.json", "manifest.json", "printed.txt"}
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert not found_in(visible(text) if path.suffix == ".html" else text, people), path.name


@pytest.mark.parametrize(
    "command",
    [
        ("runs", "--json"),
        ("review", "export", "--limit", "200"),
        ("review", "list", "--json"),
        ("quarantine", "list", "--status", "all", "--json"),
        ("trace", "crm_customers:C000017"),
        ("explain", "crm_customers:C000017", "--json"),
        ("explain", "crm_customers:C000878", "orders:O0004736"),
        ("evaluate", "customer", "--truth", "{}/data/sample/truth/customers.csv", "--worst", "40", "--json"),
        ("doctor", "--json"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_nobody_is_in_what_commands_print(copy: Path, people: People, command: tuple[str, ...]) -> None:
    answer = call(*(word.format(copy) for word in command), "--project", copy)
    assert answer.code == 0, answer.text
    assert answer.text.strip()
    assert not found_in(answer.text, people)


def test_a_row_in_quarantine_is_shown_without_its_person(copy: Path, people: People) -> None:
    reader = Warehouse((copy / "output/published/truth.duckdb").resolve(), read_only=True)
    kept_out = reader.rows("select min(record_id) from quality.quarantine group by source, code order by source, code")
    reader.close()
    for (record,) in kept_out[:5]:
        assert not found_in(call("quarantine", "show", record, "--project", copy).text, people)


def test_the_unmasked_report_shows_people_and_only_its_owner_can_read_it(copy: Path, people: People) -> None:
    answer = call("report", "--unmasked", "--project", copy)
    assert answer.code == 0, answer.text
    path = copy / "output/private/report-unmasked.html"
    assert str(path) in answer.text
    assert not found_in(answer.text, people)
    page = path.read_text(encoding="utf-8")
    # That somebody is found here says that the search above can find somebody.
    found = found_in(visible(page), people)
    for kind in people:
        assert found & kind, "the search finds nobody of a kind"
    assert "<strong>Unmasked.</strong>" in page
    assert 'href="report/' not in page, "the owners' pages are elsewhere"
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    everywhere = [one for one in copy.rglob("*") if one.is_file() and one.name == path.name]
    assert everywhere == [path], "it must be in no folder that is published"
    masked = (copy / "output/published/report.html").read_text(encoding="utf-8")
    assert not found_in(visible(masked), people)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_file_with_people_in_clear_is_its_owners_alone(copy: Path, people: People, tmp_path: Path) -> None:
    sheet, picture, page = tmp_path / "pairs.csv", tmp_path / "one.svg", tmp_path / "one.html"
    for path in (sheet, picture):
        path.write_text("an older file, for all to read", encoding="utf-8")
        path.chmod(0o644)
    record = "crm_customers:C000017"
    for command in (
        ("review", "export", "--unmasked", "--out", sheet),
        ("explain", record, "--unmasked", "--picture", picture, "--html", page),
        ("export", "customer", "--format", "csv", "--to", tmp_path / "tables"),
    ):
        answer = call(*command, "--project", copy)
        assert answer.code == 0, answer.text
    tables = list((tmp_path / "tables").iterdir())
    assert len(tables) == 1
    assert found_in(sheet.read_text(encoding="utf-8-sig"), people)
    for path in (sheet, picture, page, *tables):
        assert mode(path) == 0o600, path.name


def test_an_older_report_is_named_and_its_people_stay_masked(copy: Path) -> None:
    answer = call("report", "--run", "2026-11-20-1", "--project", copy)
    assert answer.text.strip().endswith("runs/2026-11-20-1/1/report.html")
    assert call("report", "--run", "2026-11-20-1/1", "--project", copy).text == answer.text
    answer = call("report", "--run", "2020-01-01-1", "--project", copy)
    assert answer.code == 2
    assert "`dq runs` lists them" in answer.text
    older = Path(shutil.copytree(copy / "output/runs/2026-11-20-1/1", copy / "output/runs/2026-11-19-1/1"))
    manifest = (older / "manifest.json").read_text(encoding="utf-8").replace("2026-11-20", "2026-11-19")
    (older / "manifest.json").write_text(manifest.replace('_at": "20', '_at": "19'), encoding="utf-8")
    answer = call("report", "--run", "2026-11-19-1", "--unmasked", "--project", copy)
    assert answer.code == 2
    assert "only those of the last (2026-11-20-1)" in answer.text
    shutil.rmtree(older.parent)
