"""A new project: the sample that the package carries, copied to a folder of one's own."""

import shutil
from importlib.resources import files
from pathlib import Path

from dq_pipeline.errors import ConfigError

_PARTS = ("pipelines", "expectations", "data")


def start_project(folder: Path) -> list[Path]:
    """Copy the sample project into `folder` and return what was made. Raises ConfigError where it would overwrite."""
    taken = [folder / part for part in _PARTS if (folder / part).exists()]
    if taken:
        raise ConfigError(f"{taken[0].name} is there already", where=folder, remedy="name a new folder")
    sample = _sample()
    try:
        for part in _PARTS:
            shutil.copytree(sample / part, folder / part, ignore=shutil.ignore_patterns("models", "__pycache__"))
        (folder / "pipelines" / "models").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the project cannot be made: {error}", where=folder, remedy="name another folder") from error
    return [folder / part for part in _PARTS]


def _sample() -> Path:
    """Where the sample is: in the installed package, or in the checkout that is being worked on."""
    carried = Path(str(files("dq_pipeline"))) / "_sample"
    checkout = Path(__file__).parents[2]
    for place in (carried, checkout):
        if all((place / part).is_dir() for part in _PARTS):
            return place
    raise ConfigError("the package carries no sample project", where=carried, remedy="install dq-pipeline again")
