"""A new project: the sample that the package carries, or one made for somebody's own files."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from dq_pipeline.errors import ConfigError
from dq_pipeline.proposing import (
    PARTS,
    Ask,
    NoHeaderError,
    SourceProposal,
    Wanted,
    check_free,
    prepare,
    propose_source,
    read_extract,
    suggest_columns,
    wanted_sources,
    write_project,
)
from dq_pipeline.warehouse import Warehouse

__all__ = ["propose", "start_from_sources", "start_project", "wanted_sources", "write_proposals"]


def start_project(folder: Path) -> list[Path]:
    """Copy the sample project into `folder` and return what was made. Raises ConfigError where it would overwrite."""
    check_free(folder)
    sample = _sample()
    try:
        for part in PARTS:
            shutil.copytree(sample / part, folder / part, ignore=shutil.ignore_patterns("models", "__pycache__"))
        (folder / "pipelines" / "models").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the project cannot be made: {error}", where=folder, remedy="name another folder") from error
    return [folder / part for part in PARTS]


def start_from_sources(
    folder: Path,
    sources: Mapping[str, Path],
    *,
    entity: str = "customer",
    keys: Mapping[str, Sequence[str]] | None = None,
    systems: Mapping[str, str] | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    fields: Mapping[str, Mapping[str, str]] | None = None,
    link: bool = False,
) -> list[SourceProposal]:
    """Make a project for files, source name -> file, and return what was proposed for each; nobody is asked.

    `entity` is `customer` or `address`. For a source, by its name: `keys` names the columns of its key, `systems` its
    system column, `columns` the names of its fields where the file has no header, `fields` which column is a field
    (field -> column, where the proposal would be wrong). `link` refers to the files where they are instead of copying
    them. The project is complete: `dq run --project FOLDER` trains its model and publishes. Record ids are
    `<source>:<key>`. Raises ConfigError where something must be told or would be overwritten.
    """
    wanted = [
        Wanted(
            name,
            Path(path),
            tuple((columns or {}).get(name, ())),
            tuple((keys or {}).get(name, ())),
            (systems or {}).get(name),
            tuple((fields or {}).get(name, {}).items()),
        )
        for name, path in sources.items()
    ]
    proposals = propose(wanted, entity, folder)
    write_proposals(folder, proposals, link=link)
    return proposals


def propose(wanted: Sequence[Wanted], entity: str, folder: Path, ask: Ask | None = None) -> list[SourceProposal]:
    """Read the files and propose a project of them; `ask` answers what is unsure, None takes the likeliest.

    `folder` is where it will be written: where something is in the way there, nobody is asked anything.
    """
    if not wanted:
        raise ConfigError("no source is named", remedy="name one: --source customers=FILE")
    check_free(folder)
    warehouse = Warehouse()
    try:
        prepare(warehouse, _sample() / "pipelines/lookups/nicknames.csv")
        with tempfile.TemporaryDirectory() as scratch:
            return [_propose(warehouse, one, entity, Path(scratch), ask) for one in wanted]
    finally:
        warehouse.close()


def _propose(warehouse: Warehouse, wanted: Wanted, entity: str, scratch: Path, ask: Ask | None) -> SourceProposal:
    try:
        extract = read_extract(warehouse, wanted, scratch)
    except NoHeaderError as error:
        example = suggest_columns(warehouse, wanted, error.width, entity, scratch)
        raise NoHeaderError(wanted, error.width, error.delimiter, example) from error
    return propose_source(warehouse, extract, entity, ask)


def write_proposals(folder: Path, proposals: Sequence[SourceProposal], *, link: bool = False) -> list[Path]:
    """Write the project that was proposed into `folder`, and return what was made."""
    return write_project(folder, proposals, _sample(), link=link)


def _sample() -> Path:
    """Where the sample is: in the installed package, or in the checkout that is being worked on."""
    carried = Path(str(files("dq_pipeline"))) / "_sample"
    checkout = Path(__file__).parents[2]
    for place in (carried, checkout):
        if all((place / part).is_dir() for part in PARTS):
            return place
    raise ConfigError("the package carries no sample project", where=carried, remedy="install dq-pipeline again")
