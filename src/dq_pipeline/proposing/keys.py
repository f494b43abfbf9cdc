"""Which columns name a row: the key that was told, or that its header and values show."""

from collections.abc import Mapping

from dq_pipeline.errors import ConfigError
from dq_pipeline.proposing.fields import words
from dq_pipeline.proposing.headers import words_of
from dq_pipeline.proposing.mapping import Choice
from dq_pipeline.proposing.profiles import Profile
from dq_pipeline.proposing.proposal import Ask, Question
from dq_pipeline.proposing.reading import Extract
from dq_pipeline.warehouse import Warehouse

# A key that is missing or comes again in a larger share of rows is none.
MOST_REPEATED = 0.02


def find_column(extract: Extract, name: str, option: str) -> str:
    """Our name of a column that was named by its header or by ours. Raises ConfigError where there is none."""
    for ours, theirs in extract.headers.items():
        if name in (theirs, ours):
            return ours
    listed = ", ".join(header or ours for ours, header in extract.headers.items())
    message = f"{option}: there is no column {name!r}; the columns are {listed}"
    raise ConfigError(message, where=extract.wanted.path, remedy="write it as the header has it")


def find_key(
    warehouse: Warehouse,
    extract: Extract,
    profiles: Mapping[str, Profile],
    choices: Mapping[str, Choice],
    system: str | None,
    ask: Ask | None = None,
) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """The key's columns, how many rows are too many for it, and what is to be noted.

    Where none is found `ask` may name one of the columns that are unique and filled. Raises ConfigError.
    """
    table = f"raw.{extract.wanted.name}"
    if extract.wanted.key:
        return _told(warehouse, extract)
    named = [
        (rank, place, column)
        for place, (column, header) in enumerate(extract.headers.items())
        if (rank := _key_rank(header, choices[column])) is not None and not profiles[column].is_blank
    ]
    ranked = [column for _, _, column in sorted(named)]
    for column in ranked:
        if profiles[column].is_unique:
            return (column,), 0, ()
    for column in ranked if system else ():
        if _repeated(warehouse, table, (str(system), column)) == 0:
            return (str(system), column), 0, (f"{column} is unique within {system} only, so both are the key",)
    for column in ranked:
        repeated = _repeated(warehouse, table, (column,))
        if repeated <= extract.rows * MOST_REPEATED:
            note = f"{repeated:,} rows have no {column} or one that another row has: they will be kept aside"
            return (column,), repeated, (note,)
    unique = {header: column for column, header in extract.headers.items() if profiles[column].is_unique and header}
    if unique and ask is not None:
        text = f"No column of {extract.wanted.path.name} is plainly its key; which names a row in every extract?"
        return (unique[ask(Question(text, tuple(unique), next(iter(unique))))],), 0, ()
    name, where = extract.wanted.name, extract.wanted.path
    if unique:
        raise ConfigError(
            f"no key was found for {name}: it must name each row once, in every extract; "
            f"unique and filled are: {', '.join(unique)}",
            where=where,
            remedy=f"name the column, or several parted by commas: --key {name}=COLUMN",
        )
    raise ConfigError(
        f"no key was found for {name}: it must name each row once, in every extract; no column is unique and filled",
        where=where,
        remedy=f"add a column with a number of its own for each row, or name several that together are one, parted "
        f"by commas: --key {name}=COLUMN",
    )


def _told(warehouse: Warehouse, extract: Extract) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """The key that was named, if it can be one."""
    key = tuple(find_column(extract, name, "--key") for name in extract.wanted.key)
    repeated = _repeated(warehouse, f"raw.{extract.wanted.name}", key)
    if repeated > extract.rows / 2:
        message = f"--key {','.join(extract.wanted.key)}: {repeated:,} of {extract.rows:,} rows have none or another's"
        raise ConfigError(message, where=extract.wanted.path, remedy="name columns that together name each row once")
    note = f"{repeated:,} rows have no {' and '.join(key)} or one that another row has: they will be kept aside"
    return key, repeated, (note,) if repeated else ()


def _key_rank(header: str, choice: Choice) -> int | None:
    """How much a header looks like that of a key: 0 is best; None where it does not."""
    parts, named = words_of(header), words().keys
    if choice.field is not None or not parts:
        return None
    if " ".join(parts) in named:
        return named.index(" ".join(parts))
    if parts[-1] in words().key or parts[0] in words().key:
        return len(named) + (parts[-1] not in {"id", "key"}) + 2 * ("alternate" in parts or len(parts) > 3)
    # `customerid`, `rowid`: words that are not parted.
    if len(parts) == 1 and parts[0].endswith(("id", "key", "uuid", "code")):
        return len(named) + 1
    return None


def _repeated(warehouse: Warehouse, table: str, key: tuple[str, ...]) -> int:
    """How many rows have no key, or one that a row before them has."""
    parts = " || chr(31) || ".join(f"nullif(trim({name}), '')" for name in key)
    return int(warehouse.value(f"select count(*) - count(distinct {parts}) from {table}") or 0)
