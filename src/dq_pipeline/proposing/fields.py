"""What a file can say of a customer or an address, read from `fields.yml`: fields, their headers, lists of words."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from dq_pipeline.config import read_yaml
from dq_pipeline.config.base import Frozen


class Field(Frozen):
    """One field: how headers call it, and the measures that its values must meet.

    `looks` names measures of a profile, any of which confirms a header where at least `least` of the values meet it.
    `guess` is the measure by which a column without telling header is proposed, with the confidence `guessed`.
    `several` takes further columns for where the first is blank; `strict` takes none whose values deny its header.
    """

    name: str
    title: str
    of: tuple[Literal["customer", "address"], ...]
    headers: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    least: float = 0.5
    guess: str = ""
    guessed: float = 0.0
    personal: bool = False
    several: bool = False
    strict: bool = False


class Words(Frozen):
    """Lists of words; `fields.yml` says what each is for."""

    beside: frozenset[str]
    lesser: frozenset[str]
    key: frozenset[str]
    other: frozenset[str]
    keys: tuple[str, ...]
    person: frozenset[str]
    organization: frozenset[str]
    day_first: frozenset[str]
    countries: tuple[str, ...]
    australia: tuple[str, ...]


class Catalog(Frozen):
    """The file as a whole."""

    fields: tuple[Field, ...]
    words: Words


@cache
def catalog() -> Catalog:
    """The fields and words that this package knows."""
    return read_yaml(Path(str(files("dq_pipeline.proposing"))) / "fields.yml", Catalog)


def fields_of(entity: str) -> dict[str, Field]:
    """The fields of an entity by name, in the order in which a record has them."""
    return {field.name: field for field in catalog().fields if entity in field.of}


def words() -> Words:
    """The lists of words."""
    return catalog().words
