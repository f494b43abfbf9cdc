"""A new project: the sample in a folder of one's own, and never over somebody's files."""

from pathlib import Path

import pytest

from dq_pipeline.checking import check_project
from dq_pipeline.config import load_project
from dq_pipeline.errors import ConfigError
from dq_pipeline.starting import start_project


def test_a_new_project_is_whole_and_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "deep/demo"
    made = start_project(folder)
    assert sorted(path.name for path in made) == ["data", "expectations", "pipelines"]
    project = load_project(folder)
    assert check_project(project)["sources"] == 8
    assert project.data.is_relative_to(folder)
    assert "crm_customers.csv" in {path.name for path in project.data.glob("*.csv")}
    assert list((folder / "pipelines/models").iterdir()) == []
    assert not list(folder.rglob("__pycache__"))


@pytest.mark.parametrize("taken", ["pipelines", "expectations", "data"])
def test_nothing_is_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()
    (tmp_path / taken / "mine").write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"{taken} is there already"):
        start_project(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == [taken, f"{taken}/mine"]


def test_a_folder_with_other_things_will_do(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    start_project(tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


def test_a_file_where_the_folder_should_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be made"):
        start_project(tmp_path / "demo")
