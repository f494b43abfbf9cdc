"""Each hostile file ends in rows, rows kept aside, or one clear error: a table, which docs/hostile-files.md shows."""

import pytest

from tests.hostile_files import CASES, Case
from tests.hostile_yaml import PROJECT_CASES, ProjectCase
from tests.outcomes import DOCUMENT, document, is_as_told, land_case, load_case, time_limited

__all__ = ["time_limited"]


def title(case: Case | ProjectCase) -> str:
    return case.name.replace(" ", "_")


@pytest.mark.parametrize("case", CASES, ids=title)
def test_what_becomes_of_an_extract(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    outcome = land_case(case, tmp_path_factory.mktemp("h"))
    assert is_as_told(outcome, case.outcome), outcome


@pytest.mark.parametrize("case", PROJECT_CASES, ids=title)
def test_what_becomes_of_a_file_of_the_project(tmp_path_factory: pytest.TempPathFactory, case: ProjectCase) -> None:
    outcome = load_case(case, tmp_path_factory.mktemp("h"))
    assert is_as_told(outcome, case.outcome), outcome


def test_the_document_shows_every_case() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").startswith(document())
