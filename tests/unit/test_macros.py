"""Every standardizer macro on its table of cases in tests/cases/macros."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from dq_pipeline.sql import MACRO_FILES, load_macros, macro_text, set_run_values
from dq_pipeline.warehouse import Warehouse

CASES = Path(__file__).parents[1] / "cases/macros"
RUN_DATE = date(2026, 11, 20)
# Steps and word lists of other macros, tested through those.
STEPS = {
    "std_date_parts",
    "std_edits_at_most",
    "std_email_mended",
    "std_invisible",
    "std_legal_forms",
    "std_organization_words",
    "std_person_marked",
    "std_person_text",
    "std_phone_dialed",
    "std_phone_number",
    "std_phonetic_letters",
    "std_spell_words",
    "std_spanish_surnames",
    "std_surname_particles",
    "std_titles",
    # Of lists and maps, below.
    "std_shared_weight",
    "std_street_words",
}
DEFINITION = re.compile(r"^((?:--.*\n)+)create or replace macro (\w+)\(([^)]*)\) as \($", re.MULTILINE)


def macros() -> dict[str, int]:
    """Macro name -> number of arguments, as the files define them."""
    found = {}
    for file in MACRO_FILES:
        for match in DEFINITION.finditer(macro_text(file)):
            found[match[2]] = len([name for name in match[3].split(",") if name.strip()])
    return found


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    warehouse = Warehouse()
    load_macros(warehouse)
    set_run_values(warehouse, "r1", RUN_DATE)
    return warehouse


def marks(macro: str, arguments: int) -> str:
    """Typed places for a macro's arguments: one macro takes a date, all others text."""
    kind = "date" if macro == "std_date_is_placeholder" else "varchar"
    return ", ".join([f"cast(? as {kind})"] * arguments)


def cases(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yml")), ids=lambda path: path.stem)
def test_cases(warehouse: Warehouse, path: Path) -> None:
    """All misses of one macro at once: a macro is mended better when its whole table is seen."""
    table = cases(path)
    misses = []
    for case in table:
        got = warehouse.value(f"select {path.stem}({marks(path.stem, len(case['in']))})", case["in"])
        if got != case["out"]:
            misses.append(f"{path.stem}({', '.join(map(repr, case['in']))}) is {got!r}, not {case['out']!r}")
    assert not misses, "\n".join(misses)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yml")), ids=lambda path: path.stem)
def test_tables_of_cases_are_large_enough(path: Path) -> None:
    table = cases(path)
    inputs = [repr(case["in"]) for case in table]
    assert len(set(inputs)) == len(inputs), "a case stands twice"
    assert len(table) >= (40 if path.stem in ("std_phone", "std_date", "std_person_core") else 12)
    assert any(case["in"][0] is None for case in table), "what null becomes is not said"


def test_every_macro_has_cases() -> None:
    without = set(macros()) - STEPS - {path.stem for path in CASES.glob("*.yml")}
    assert without == set()
    assert set(macros()) >= STEPS


def test_every_macro_has_a_comment_that_says_what_it_does() -> None:
    for file in MACRO_FILES:
        text = macro_text(file)
        assert text.count("create or replace macro ") == len(DEFINITION.findall(text)), file
        for comment, name, _ in DEFINITION.findall(text):
            assert comment.startswith(f"-- {name}: "), name


def test_every_macro_takes_null(warehouse: Warehouse) -> None:
    for name, arguments in macros().items():
        if arguments and name not in ("std_spell_words", "std_street_words", "std_shared_weight", "std_edits_at_most"):
            got = warehouse.value(f"select {name}({marks(name, arguments)})", [None] * arguments)
            assert got is None or got is False, name


def test_words_are_spelled_by_a_map(warehouse: Warehouse) -> None:
    spelled = "std_spell_words({}, map {{'ave': 'avenue', 'first': '1st'}})"
    assert warehouse.value(f"select {spelled.format(repr('first ave ct'))}") == "1st avenue ct"
    assert warehouse.value(f"select {spelled.format('cast(null as varchar)')}") is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("12 main st", "main"),
        ("17230 e kings ln", "kings"),
        ("1393a 2nd ave", "2nd"),
        ("12 avenue st", "avenue st"),
        ("main", "main"),
        ("12", None),
        (None, None),
    ],
)
def test_a_street_is_named_by_the_words_that_say_no_way(warehouse: Warehouse, line: str | None, words: str) -> None:
    query = "select std_street_words(cast(? as varchar), ['st', 'ave', 'avenue', 'ln', 'e'])"
    assert warehouse.value(query, [line]) == words


def test_shared_words_weigh_by_their_rarity(warehouse: Warehouse) -> None:
    weights = "map {'cafe': 1.0, 'ritz': 4.0, 'roma': 4.0}"

    def shared(one: str, other: str) -> float:
        return float(warehouse.value(f"select round(std_shared_weight({one}, {other}, {weights}, {weights}), 3)"))

    assert shared("['cafe', 'ritz', 'roma']", "['cafe', 'ritz', 'roma']") == 1
    assert shared("['cafe']", "['ritz']") == 0
    assert shared("['cafe', 'roma']", "['cafe', 'ritz']") < shared("['ritz', 'roma']", "['cafe', 'ritz']")


def test_run_values_are_those_set_last() -> None:
    warehouse = Warehouse()
    load_macros(warehouse)
    assert warehouse.rows("select run_id(), run_date(), std_birth_date('2030-01-01')")[0][:2] == (None, None)
    set_run_values(warehouse, "it's one", RUN_DATE)
    assert warehouse.rows("select run_id(), run_date()") == [("it's one", RUN_DATE)]
    load_macros(warehouse)
    set_run_values(warehouse, "two", date(2031, 1, 1))
    assert warehouse.rows("select run_id(), std_birth_date('2030-01-01')") == [("two", date(2030, 1, 1))]


def test_macros_survive_in_a_file_and_its_cursors(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    load_macros(warehouse)
    with warehouse.scratch("splink_scratch") as cursor:
        assert cursor.execute("select std_fold('É a')").fetchall() == [("e a",)]
