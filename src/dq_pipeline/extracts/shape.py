"""What a source's policy makes of columns that are not as its contract says: held, warned of, or carried along."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach
from dq_pipeline.extracts.drift import MAX_COLUMNS, MAX_NAME, SchemaChange, can_be_carried
from dq_pipeline.extracts.plain import PlainFile
from dq_pipeline.regular import printable

MOST_LISTED = 20


@dataclass(frozen=True)
class Shape:
    """A file's `changes`, and the new columns that are `carried` along; with a `breach` the file is not read."""

    changes: tuple[SchemaChange, ...] = ()
    carried: tuple[str, ...] = ()
    breach: Breach | None = None


def names_breach(source: Source, plain: PlainFile, names: Sequence[str]) -> Breach | None:
    """The breach that there are too many columns, or several of a name that the contract wants: whatever the policy."""
    if len(names) > source.limits.columns:
        message = f"the file has {len(names):,} columns, more than `limits.columns` allows ({source.limits.columns:,})"
        remedy = f"if the file is right, raise it in sources/{source.name}.yml; else ask {source.owner}"
        return Breach("oversized_extract", plain.source_file.place, message, remedy)
    twice = sorted({name for name in source.header_names().values() if names.count(name) > 1})
    return _breach(source, plain, [f"twice: {listed(twice)}"]) if twice else None


def judged(source: Source, plain: PlainFile, changes: Sequence[SchemaChange]) -> Shape:
    """How to go on with a file of these changes; not at all if its policy is strict, or a part of the key is gone."""
    moved = [change for change in changes if change.kind in {"new", "missing"}]
    keyless = any(change.kind == "missing" and change.column in source.key for change in moved)
    if moved and (source.drift == "strict" or keyless):
        return Shape(refused(changes), breach=_breach(source, plain, _parts(source, changes)))
    if source.drift != "evolve":
        return Shape(tuple(changes))
    new = [change.column for change in moved if change.kind == "new"]
    room = max(MAX_COLUMNS - len(source.columns), 0)
    carried = tuple([name for name in new if can_be_carried(source, new, name)][:room])
    settled = (
        replace(change, effect="carried") if change.kind == "new" and change.column in carried else change
        for change in changes
    )
    return Shape(tuple(settled), carried)


def retyped_breach(source: Source, place: str, changes: Sequence[SchemaChange]) -> Breach:
    """The breach that columns have another type."""
    return _changed(source, place, [_retyped(changes)])


def refused(changes: Sequence[SchemaChange]) -> tuple[SchemaChange, ...]:
    """The changes as they are recorded where they hold the night back."""
    return tuple(one if one.effect == "proposed" else replace(one, effect="refused") for one in changes)


def _parts(source: Source, changes: Sequence[SchemaChange]) -> list[str]:
    """The changes for a message, by kind, under the names that the file has or should have."""
    headers = source.header_names()
    missing = [headers[change.column] for change in changes if change.kind == "missing"]
    new = [change.column for change in changes if change.kind == "new"]
    names = listed(new) if len(missing) < len(headers) else _listed_alike(new, headers.values())
    renames = [
        f"{printable(headers[change.column], MAX_NAME)} → {printable(change.found_name or '', MAX_NAME)} "
        f"({change.likeness()})"
        for change in changes
        if change.kind == "renamed"
    ]
    return [
        *([f"missing: {listed(missing)}"] if missing else []),
        *([f"new: {names}"] if new else []),
        *([f"perhaps renamed: {', '.join(renames)}"] if renames else []),
    ]


def _retyped(changes: Sequence[SchemaChange]) -> str:
    found = [
        f"{printable(change.column, MAX_NAME)}, declared {change.declared_type}, reads as {change.found_type}"
        for change in changes
    ]
    return f"retyped: {'; '.join(found)}"


def _breach(source: Source, plain: PlainFile, parts: Sequence[str]) -> Breach:
    return _changed(source, f"{plain.source_file.place}, line {source.format.skip_lines + 1}", parts)


def _changed(source: Source, where: str, parts: Sequence[str]) -> Breach:
    message = f"the columns of {source.name} are not those of its contract ({'; '.join(parts)})"
    remedy = f"ask {source.owner} whether the extract changed; if it did, change `columns` in sources/{source.name}.yml"
    return Breach("changed_shape", where, message, remedy)


def _listed_alike(names: Sequence[str], declared: Iterable[str]) -> str:
    """The names that have a declared one in them: where a header was left out, a person stands in its place."""
    known = {name.casefold() for name in declared}
    alike = [name for name in names if known & {name.casefold(), *re.findall(r"\w+", name.casefold())}]
    if len(alike) == len(names):
        return listed(names)
    others = f"{len(names) - len(alike):,} of other names; is line 1 a header?"
    return f"{listed(alike)}, and {others}" if alike else others


def listed(names: Sequence[str]) -> str:
    """Names of columns for a message: as they can be printed, and not too many."""
    more = f", and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(printable(name, 80) or "(no name)" for name in names[:MOST_LISTED]) + more
