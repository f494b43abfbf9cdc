"""What the documents say is true: commands, files, targets and tables that they name exist."""

import re
import subprocess
from pathlib import Path

import pytest

from dq_pipeline.cli import dq
from tests.conftest import CHECKOUT
from tools.dictionary import dictionary

DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), CHECKOUT / "data/sample/README.md"])


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_and_files_exist(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text_of(path)):
        assert (path.parent / target).exists(), target
    for named in re.findall(r"`((?:src|pipelines|expectations|tests|tools|docs|data)/[\w./-]+)`", text_of(path)):
        assert "<" in named or (CHECKOUT / named).exists(), named


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_commands_and_targets_exist(path: Path) -> None:
    text = text_of(path)
    for command in re.findall(r"(?:^|`)dq ([a-z]+)", text, re.M):
        assert command in dq.commands, command
    targets = set(re.findall(r"^([a-z]+):", text_of(CHECKOUT / "Makefile"), re.M))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M)) <= targets


def test_the_readme_begins_with_the_two_commands_and_names_every_command() -> None:
    readme = text_of(CHECKOUT / "README.md")
    assert re.match(r"# dq_pipeline\n\n```sh\nmake run .*\nmake test .*\n```", readme)
    changelog = text_of(CHECKOUT / "CHANGELOG.md")
    assert all(f"`{command}`" in changelog for command in dq.commands)


def test_make_alone_prints_help() -> None:
    answer = subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for target in ("run", "test", "check", "bench", "sample", "docs"):
        assert re.search(rf"make {target} +\w", answer.stdout)


def test_the_data_dictionary_is_that_of_the_published_file(sample: Path) -> None:
    made = dictionary((sample / "output/published/truth.duckdb").resolve())
    assert text_of(CHECKOUT / "docs/data-dictionary.md") == made, "run `make docs`"


def test_no_tracked_text_names_a_place_of_one_machine_or_a_package_index() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.split()
    suspicious = re.compile(r"(?<![\w.])/(?:work|root|home|tmp)/|--(?:extra-)?index-url|--find-links")
    here = Path(__file__).relative_to(CHECKOUT)
    for name in tracked:
        path = CHECKOUT / name
        if (
            path.suffix in {".md", ".py", ".sql", ".yml", ".json", ".lock", ".toml", ".sh"}
            and path.exists()
            and name != str(here)
        ):
            assert not suspicious.search(text_of(path)), name
