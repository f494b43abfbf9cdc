"""Tables with planted defects: render in chunks, edit, repeat rows, shuffle, write."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from tools.sample.draw import Ints, Rng, Texts

CHUNK = 100_000
Columns = dict[str, Texts]
Change = str | Callable[[str], str]


@dataclass(frozen=True)
class Repeat:
    """A row that is delivered twice; `older` says that the first of the two is the outdated one."""

    row: int
    changes: Mapping[str, Change]
    older: bool

    @property
    def detail(self) -> str:
        """What planted.csv says of it."""
        changed = " with a later update" if self.older else " with a change"
        return "repeat" + changed if self.changes else "exact repeat"


@dataclass(frozen=True)
class More:
    """A row that follows all others of its source, with its defects (code, detail) and its truth, -1 where unknown."""

    values: Mapping[str, str]
    marks: tuple[tuple[str, str], ...] = ()
    person: int = -1
    place: int = -1


@dataclass
class Plan:
    """The defects planted in one source, by row number before the shuffle; `more` are rows that follow all others.

    `later` are defects (key, code, detail) of rows that only other sources make wrong.
    """

    source: str
    key: tuple[str, ...]
    edits: dict[str, dict[int, Change]] = field(default_factory=dict)
    marks: list[tuple[int, str, str]] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    more: list[More] = field(default_factory=list)
    later: list[tuple[str, str, str]] = field(default_factory=list)

    def victims(self, rng: Rng, pool: Ints, number: int) -> list[int]:
        """Rows of the pool that no other defect has; they are taken from now on."""
        free = pool[~np.isin(pool, np.fromiter(self.taken, dtype=np.int64, count=len(self.taken)))]
        if len(free) < number:
            raise ValueError(f"{self.source}: a defect needs {number} rows, {len(free)} fit; ask for a larger sample")
        rows = [int(row) for row in rng.choice(free, number, replace=False)]
        self.taken.update(rows)
        return rows

    def edit(self, row: int, column: str, change: Change) -> None:
        """Write another value (or a function of the value) into one cell."""
        self.edits.setdefault(column, {})[row] = change

    def mark(self, row: int, code: str, detail: str) -> None:
        """Record that the row has the defect."""
        self.marks.append((row, code, detail))

    def repeat(self, row: int, changes: Mapping[str, Change], older: bool = False) -> None:
        """Deliver the row a second time, with the changes."""
        self.repeats.append(Repeat(row, changes, older))

    def plant(self, code: str, rows: Sequence[int], column: str, values: Sequence[Change]) -> None:
        """One defect a row in one column; the values are used in turn."""
        for i, row in enumerate(rows):
            value = values[i % len(values)]
            self.edit(row, column, value)
            self.mark(row, code, f"{column} {value!r}" if isinstance(value, str) else f"{column} changed")


def _changed(old: str | None, change: Change) -> str | None:
    return (change if isinstance(change, str) else change(old or "")) or None


def _chunk(columns: Columns, start: int, plan: Plan) -> pa.Table:
    for name, edits in plan.edits.items():
        for row in sorted(edits.keys() & range(start, start + len(columns[name]))):
            columns[name][row - start] = _changed(columns[name][row - start], edits[row])
    arrays = {}
    for name, values in columns.items():
        values[values == ""] = None
        arrays[name] = pa.array(values, type=pa.string())
    return pa.table(arrays)


def tabulate(size: int, render: Callable[[Ints], Columns], plan: Plan) -> pa.Table:
    """All rows as an Arrow table of text columns (blank is null), with the plan's edits."""
    starts = range(0, size, CHUNK)
    return pa.concat_tables(
        [_chunk(render(np.arange(start, min(size, start + CHUNK), dtype=np.int64)), start, plan) for start in starts]
    ).combine_chunks()


def deliver(rng: Rng, table: pa.Table, plan: Plan) -> tuple[pa.Table, list[tuple[str, str, int, str, str]]]:
    """The shuffled table with its repeated rows, and (source, source_key, line_number, code, detail) of each defect."""
    size = table.num_rows
    if plan.repeats:
        copies = table.take([repeat.row for repeat in plan.repeats]).to_pydict()
        for i, repeat in enumerate(plan.repeats):
            for column, change in repeat.changes.items():
                copies[column][i] = _changed(copies[column][i], change)
        table = pa.concat_tables([table, pa.table(copies, schema=table.schema)])
    order = rng.permutation(table.num_rows)
    line = np.empty(table.num_rows, dtype=np.int64)
    line[order] = np.arange(2, table.num_rows + 2)
    found = [(row, int(line[row]), code, detail) for row, code, detail in plan.marks]
    for i, repeat in enumerate(plan.repeats):
        first, second = int(line[repeat.row]), int(line[size + i])
        at_fault = first if repeat.older else max(first, second)
        both = f"{repeat.detail}; lines {min(first, second)} and {max(first, second)}"
        found.append((repeat.row, at_fault, "repeated_key", both))
    keys = table.select(plan.key).take([row for row, *_ in found]).to_pylist() if found else []
    planted = [
        (plan.source, "" if None in key.values() else "/".join(key.values()), at, code, detail)
        for key, (_, at, code, detail) in zip(keys, found, strict=True)
    ]
    at = {key: int(line[row]) for row, key in enumerate(table.column(plan.key[0]).to_pylist()) if plan.later}
    planted += [(plan.source, key, at[key], code, detail) for key, code, detail in plan.later]
    shuffled, size = table.take(order), table.num_rows
    for i, more in enumerate(plan.more):
        name = "/".join(more.values[part] for part in plan.key)
        planted += [(plan.source, name, size + 2 + i, code, detail) for code, detail in more.marks]
    return pa.concat_tables([shuffled, more_table(plan, shuffled.schema)]), planted


def more_table(plan: Plan, schema: pa.Schema) -> pa.Table:
    """The rows that follow all others of a source; a column that a row does not name is blank."""
    columns = {name: [more.values.get(name) or None for more in plan.more] for name in schema.names}
    return pa.table(columns, schema=schema)


def write(table: pa.Table, folder: Path, name: str, form: str) -> Path:
    """Write one table as csv or parquet; returns the file."""
    path = folder / f"{name}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "parquet":
        pa.parquet.write_table(table, path, compression="zstd")
    else:
        # Arrow's own writer quotes every text; the csv module only where it must
        with path.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(table.column_names)
            for batch in table.to_batches(max_chunksize=CHUNK):
                lines.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return path
