"""Every SQL file of project and engine: it says what a row is, runs on Spark too, and leaves nothing to chance."""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from dq_pipeline.sql import MACRO_FILES
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

ENGINE, PROJECT = CHECKOUT / "src/dq_pipeline/sql", CHECKOUT / "pipelines/sql"
MACROS = sorted((ENGINE / "macros").glob("*.sql"))
SELECTS = sorted(path for path in [*ENGINE.rglob("*.sql"), *PROJECT.rglob("*.sql")] if path not in MACROS)

# Functions that engines have under other names, with other results, or not at all: they stand inside macros only.
ENGINE_FUNCTIONS = {
    "ascii", "bar", "chr", "damerau_levenshtein", "editdist3", "format", "hamming", "jaccard", "jaro_similarity",
    "jaro_winkler_similarity", "levenshtein", "list_filter", "list_reduce", "list_transform", "nfc_normalize", "printf",
    "regexp_extract_all", "regexp_full_match", "regexp_matches", "strftime", "string_split_regex", "strip_accents",
    "strptime", "translate", "try_strptime", "unaccent",
}  # fmt: skip
# What the clock, the session or chance decides: two runs would differ.
UNSTABLE = {
    "now", "current_date", "current_timestamp", "current_time", "today", "random", "uuid", "gen_random_uuid",
    "get_current_timestamp", "transaction_timestamp", "any_value", "first", "last", "arbitrary", "current_user",
}  # fmt: skip
# any_value is fine where all rows of the group have one and the same value.
STABLE_BY_GROUP = {"finding_rows": {"any_value"}}
# The last column of a row_number()'s order, that makes it total within its partition.
UNIQUE_WITHIN = {
    "record_id": "one record once",
    "cluster_id": "one cluster once for each entity",
    "master_id": "one master once for each cluster or entity",
    "new_id": "one destination once for each id",
    "into_master_id": "one survivor once for each id and run",
    "current_id": "one id once at each depth",
    "record_id_r": "one pair once, after record_id_l",
    "code": "one defect once",
    "address_id": "one place once",
    "column_name": "one column once for each source",
    "interaction_id": "one contact once",
    "name": "one name once for each customer and kind",
    "value": "one e-mail or phone once for each customer",
    "reference": "one thing that happened once for each customer and kind",
    "position": "one declared target once",
}


def ids(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def parsed(path: Path) -> exp.Expression:
    statements = [one for one in sqlglot.parse(path.read_text(encoding="utf-8"), read="duckdb") if one is not None]
    assert len(statements) == 1, "one SELECT a file"
    return statements[0]


def code_of(path: Path) -> str:
    """The file's SQL without its remarks and what is in its strings and quoted names."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*", lambda found: "" if found[0][0] == "-" else "''", text)


@pytest.mark.parametrize("path", [*SELECTS, *MACROS], ids=ids)
def test_duckdb_can_parse_it_and_it_is_tidy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    warehouse = Warehouse(threads=1)
    assert warehouse.parse_error(text) is None
    warehouse.close()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\t" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_the_first_line_says_what_one_row_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- [Oo]ne row is \w", first), first


@pytest.mark.parametrize("path", MACROS, ids=ids)
def test_the_first_line_says_what_the_macros_do(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- \w.{15,}", first), first
    assert path.stem in MACRO_FILES


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_a_select_translates_to_spark(path: Path) -> None:
    translated = parsed(path).sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    again = sqlglot.parse_one(translated, read="spark")
    assert isinstance(again, exp.Query)
    assert again.sql(dialect="spark") == translated


@pytest.mark.parametrize("path", MACROS, ids=ids)
def test_a_macro_file_translates_to_spark_macro_by_macro(path: Path) -> None:
    for statement in sqlglot.parse(path.read_text(encoding="utf-8"), read="duckdb"):
        assert isinstance(statement, exp.Create), statement
        assert statement.kind in {"MACRO", "FUNCTION"}
        body = statement.expression
        again = sqlglot.parse_one(body.sql(dialect="spark"), read="spark")
        assert again is not None


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_what_differs_between_engines_stands_in_macros(path: Path) -> None:
    called = set(re.findall(r"\b([a-z_0-9]+)\s*\(", code_of(path)))
    assert called & ENGINE_FUNCTIONS == set()


@pytest.mark.parametrize("path", [*SELECTS, *MACROS], ids=ids)
def test_nothing_depends_on_the_clock_or_on_chance(path: Path) -> None:
    code = code_of(path)
    called = set(re.findall(r"\b([a-z_0-9]+)\s*\(", code)) | set(re.findall(r"\bcurrent_(?:date|time\w*|user)\b", code))
    assert called & (UNSTABLE - STABLE_BY_GROUP.get(path.stem, set())) == set()


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_columns_are_named_but_where_a_step_passes_all_on(path: Path) -> None:
    """`*` stands only in a CTE that adds columns to what one table has; never in what the file itself returns."""
    tree = parsed(path)
    outermost = tree.expressions if isinstance(tree, exp.Select) else []
    assert not any(column.is_star for column in outermost)
    for select in tree.find_all(exp.Select):
        if any(column.is_star for column in select.expressions):
            assert select.find_ancestor(exp.CTE) is not None
            bare = any(isinstance(column, exp.Star) for column in select.expressions)
            assert not (bare and select.args.get("joins")), "with a join, `*` may bring a column twice"


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_every_row_number_has_a_total_order(path: Path) -> None:
    for window in parsed(path).find_all(exp.Window):
        if not isinstance(window.this, exp.RowNumber):
            continue
        order = window.args.get("order")
        assert order is not None, window.sql()
        last = order.expressions[-1].this
        assert isinstance(last, exp.Column), window.sql()
        assert last.name in UNIQUE_WITHIN, f"{last.name} is not known as a unique key: {window.sql()}"


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_lists_have_an_order(path: Path) -> None:
    """Sqlglot drops the order inside `list(distinct x order by y)`; a list without order differs from run to run."""
    for node in parsed(path).find_all(exp.ArrayAgg, exp.GroupConcat):
        # In a map the order of entries says nothing.
        assert isinstance(node.parent, exp.ArraySort | exp.MapFromEntries), node.sql()


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_words_of_sql_are_lower_case(path: Path) -> None:
    assert re.findall(r"\b[A-Z]+\b", code_of(path)) == []


@pytest.mark.parametrize("path", SELECTS, ids=ids)
def test_one_column_a_line(path: Path) -> None:
    """A comma ends a line, but within brackets."""
    depth = 0
    for line in code_of(path).splitlines():
        for place, character in enumerate(line):
            depth += (character == "(") - (character == ")")
            assert character != "," or depth or not line[place + 1 :].strip(), line
    assert depth == 0
