"""The scenario after both its nights, for every test that looks at it."""

from pathlib import Path

import pytest

from tests.conftest import made_once
from tests.scenario import run_scenario


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of tests/cases/scenario after its two nights. Tests only read it."""
    return made_once(tmp_path_factory, "scenario", run_scenario)
