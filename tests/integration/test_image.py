"""The image: its Dockerfile by hadolint, and what it says beside what `dq schedule kubernetes` expects of it."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dq_pipeline.scheduling.rendering import PLACE, UID
from tests.conftest import CHECKOUT

HADOLINT = Path(sys.executable).with_name("hadolint")
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """Every instruction and what follows it, lines that go on joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.M).replace("\\\n", " ")
    return [(line.split()[0], " ".join(line.split()[1:])) for line in text.splitlines() if line.strip()]


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HADOLINT, "--no-color", "--failure-threshold", "style", path], capture_output=True, text=True, check=False
    )


def test_hadolint_finds_nothing_and_would(tmp_path: Path) -> None:
    found = hadolint(CHECKOUT / "Dockerfile")
    assert (found.returncode, found.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN pip install dq-pipeline\nUSER root\n", encoding="utf-8")
    found = hadolint(tmp_path / "Dockerfile")
    assert found.returncode != 0
    assert {"DL3006", "DL3042", "DL3002"} <= {*re.findall(r"DL\d+", found.stdout)}


def test_the_base_is_pinned_the_requirements_are_hashed_and_the_last_user_is_nobody() -> None:
    told = instructions()
    base = dict(line.split("=") for name, line in told if name == "ARG" and "=" in line)["BASE"]
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", base)
    assert [line for name, line in told if name == "FROM"] == ["${BASE} AS build", "${BASE}"]
    installed = [line for name, line in told if name == "RUN" and "pip install" in line]
    assert "--require-hashes" in installed[0]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installed)
    assert [line for name, line in told if name == "USER"] == [f"{UID}:{UID}"]
    assert [line for name, line in told if name == "WORKDIR"][-1] == PLACE
    assert ("HEALTHCHECK", "NONE") in told
    assert ("STOPSIGNAL", "SIGINT") in told
    labels = next(line for name, line in told if name == "LABEL")
    assert {"title", "licenses", "version", "revision"} <= {*re.findall(r"image\.(\w+)=", labels)}


def is_sent(path: str) -> bool:
    """Whether the builder gets a file, by .dockerignore: the last pattern that fits decides."""
    sent = True
    for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        shapes = [pattern, f"{pattern}/*", pattern.removeprefix("**/"), f"*/{pattern.removeprefix('**/')}/*"]
        if any(fnmatch.fnmatchcase(path, shape) for shape in shapes):
            sent = line.startswith("!")
    return sent


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    copied = [
        word for name, line in instructions() if name == "COPY" and "--from" not in line for word in line.split()[:-1]
    ]
    assert {"requirements.lock", "src", "pipelines", "data/sample"} <= {*copied}
    for name in copied:
        assert (CHECKOUT / name).exists()
        assert is_sent(name)
    kept_back = ("output/published/truth.duckdb", ".env", ".git/config", "tests/conftest.py", "src/x/__pycache__/a.pyc")
    assert [name for name in kept_back if is_sent(name)] == []


@pytest.mark.parametrize("part", ["pipelines", "expectations", "data/sample"])
def test_what_the_wheel_carries_is_in_the_image_of_the_build(part: str) -> None:
    # The wheel holds the sample, for `dq init`; without one of these it could not be built.
    assert f'"{part}" = "dq_pipeline/_sample/{part}"' in (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert any(name == "COPY" and line.startswith(f"{part} ") for name, line in instructions())
