"""What is asked for on the command line: sources and what is said of each, as `NAME=…` texts, read and checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from dq_pipeline.errors import ConfigError
from dq_pipeline.proposing.reading import Wanted

OPTIONS = ("--key", "--system", "--map", "--columns")


def wanted_sources(sources: Sequence[str], options: Mapping[str, Sequence[str]]) -> list[Wanted]:
    """The sources of `NAME=FILE` texts with what the options say of each.

    An option's text begins with `NAME=` (`--map`: `NAME.`) where there are several sources. Raises ConfigError.
    """
    files: dict[str, Path] = {}
    for text in sources:
        name, found, file = text.partition("=")
        if not found or not name.strip() or not file.strip():
            remedy = f"write it as NAME=FILE, for instance customers={text.strip('=') or 'customers.csv'}"
            raise ConfigError(f"--source {text!r} is no name and file", remedy=remedy)
        if name.strip() in files:
            raise ConfigError(f"--source {name.strip()!r} is given twice", remedy="give each file its own name")
        files[name.strip()] = Path(file.strip())
    said = {option: _by_source(option, options.get(option, ()), list(files)) for option in OPTIONS}
    return [
        Wanted(
            name,
            path,
            columns=_listed(said["--columns"][name]),
            key=_listed(said["--key"][name]),
            system=next(reversed(said["--system"][name]), None),
            fields=tuple(_field(text) for text in said["--map"][name]),
        )
        for name, path in files.items()
    ]


def _by_source(option: str, texts: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """Source -> what an option says of it."""
    found: dict[str, list[str]] = {name: [] for name in names}
    mark = "." if option == "--map" else "="
    for text in texts:
        name, split, rest = text.partition(mark)
        if split and name in found:
            found[name].append(rest)
        elif len(names) == 1:
            found[names[0]].append(text)
        else:
            example = f"{option} {names[0]}{mark}{text}"
            raise ConfigError(f"{option} {text!r} does not say of which source", remedy=f"name it, as in {example}")
    return found


def _listed(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in texts[-1].split(",")) if texts else ()


def _field(text: str) -> tuple[str, str]:
    field, found, column = text.partition("=")
    if not found:
        raise ConfigError(f"--map {text!r} is no field and column", remedy="write it as full_name=COLUMN")
    return field.strip(), column.strip()
