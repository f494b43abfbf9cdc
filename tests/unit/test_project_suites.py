"""The sample project's own suites: nothing that matters is left out, of no source, no published table, no dimension."""

from pathlib import Path

import pytest

from dq_pipeline.config import Source, load_project
from dq_pipeline.config.base import DIMENSIONS
from dq_pipeline.publishing import master_tables
from dq_pipeline.quality.suites import columns_of, read_suite
from tests.conftest import CHECKOUT

PROJECT = load_project(CHECKOUT)
SUITES = [read_suite(path) for path in sorted((CHECKOUT / "expectations").glob("*/*.json"))]


@pytest.mark.parametrize("source", PROJECT.sources, ids=lambda source: str(source.name))
def test_a_source_marks_what_is_critical_and_its_key_is_covered(source: Source) -> None:
    critical = {name for name, column in source.columns.items() if column.critical}
    assert set(source.key) <= critical
    assert len(critical) >= min(4, len(source.columns))
    suite = read_suite(PROJECT.suite_path("raw", source.name))
    codes = {one["meta"]["code"] for one in suite.expectations if one["severity"] == "critical"}
    assert {"no_rows", "wrong_columns", "missing_key", "repeated_key"} <= codes


@pytest.mark.parametrize("table", master_tables(PROJECT))
def test_every_published_master_table_is_checked_before(table: str) -> None:
    suite = read_suite(PROJECT.suite_path("mastered", table))
    critical = {one["meta"]["code"] for one in suite.expectations if one["severity"] == "critical"}
    assert {"missing_key", "repeated_key"} <= critical
    assert len({column for one in suite.expectations for column in columns_of(one)}) >= 3


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_is_looked_at_in_several_tables(dimension: str) -> None:
    looked_at = {
        suite.path for suite in SUITES if any(one["meta"]["dimension"] == dimension for one in suite.expectations)
    }
    assert len(looked_at) >= 5


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.path.parent.name}/{suite.name}")
def test_every_expectation_is_said_in_words_and_has_an_owner_of_the_project(suite: object) -> None:
    for one in suite.expectations:  # type: ignore[attr-defined]
        assert one.get("description"), one
        assert one["meta"]["owner"] in PROJECT.settings.owners


def test_no_draft_is_kept_in_the_project() -> None:
    assert list(Path(CHECKOUT / "expectations").rglob("*.draft.json")) == []
