"""What tests share: the sample project in a folder of its own, and one run of it that many tests look at."""

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from hypothesis import settings

from dq_pipeline.cli import dq
from dq_pipeline.errors import DqError
from dq_pipeline.warehouse import Warehouse

CHECKOUT = Path(__file__).parents[1]

# The same examples each time: a commit is red or green. `pytest --hypothesis-profile=random` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("random")
settings.load_profile("same")


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    text: str


def call(*arguments: str | Path) -> Answer:
    """Run `dq` in this process, as `main` does: a known error is its message and its exit code."""
    result: Result = CliRunner().invoke(dq, [str(argument) for argument in arguments])
    if isinstance(result.exception, DqError):
        return Answer(result.exception.exit_code, f"{result.output}\n{result.exception}")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.output)


def copy_project(folder: Path) -> Path:
    """The sample project with its trained models, without its extracts, in `folder`."""
    for part in ("pipelines", "expectations"):
        shutil.copytree(CHECKOUT / part, folder / part)
    return folder


def copy_sample(folder: Path) -> Path:
    """The sample project, with its trained models, in `folder`."""
    shutil.copytree(CHECKOUT / "data", copy_project(folder) / "data")
    return folder


def published(project: Path) -> Warehouse:
    """The published file of a project, for reading."""
    return Warehouse((project / "output/published/truth.duckdb").resolve(), read_only=True)


def check_published(project: Path, records: int) -> None:
    """Every record has one master, and none is left aside."""
    reader = published(project)
    try:
        found = reader.rows("select count(*), count(distinct record_id) from identity.xref")
        assert found == [(records, records)]
        assert reader.value("select sum(quarantined + unparsed) from ops.sources") == 0
    finally:
        reader.close()


def made_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, filled by `make` in the first of several test processes and only read by all."""
    base = temporary.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / name
    done = folder.with_name(f"{name}.done")
    with FileLock(folder.with_name(f"{name}.lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(autouse=True)
def secrets_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test fills in as a secret is none in the next: it would be taken out of what that one reads."""
    monkeypatch.setattr("dq_pipeline.config.secrets._known", set())


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample project after its first run. Tests only read it."""
    return made_once(tmp_path_factory, "sample", _run_sample)


def _run_sample(project: Path) -> None:
    copy_sample(project)
    with pytest.MonkeyPatch.context() as patch:
        # A run needs no network: reaching for it is a failure.
        patch.setattr(socket.socket, "connect", _refuse)
        answer = call("run", "--project", project)
    assert answer.code == 0, answer.text
    (project / "printed.txt").write_text(answer.text, encoding="utf-8")


def _refuse(connection: socket.socket, address: object) -> None:
    assert connection.family == socket.AF_UNIX, f"the run reached for the network: {address}"


@pytest.fixture
def project(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample project and its published night, for a test to change."""
    return Path(shutil.copytree(sample, tmp_path / "project", symlinks=True))


@pytest.fixture
def truth(sample: Path) -> Callable[[str], str]:
    """The path of a truth file as SQL text."""
    return lambda name: f"read_csv('{sample}/data/sample/truth/{name}.csv', all_varchar = true)"
