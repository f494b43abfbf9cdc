"""The scenario after both its nights, for every test that looks at it."""

from pathlib import Path

import pytest

from tests.scenario import run_scenario


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of tests/cases/scenario after its two nights. Tests only read it."""
    return run_scenario(tmp_path_factory.mktemp("scenario"))
