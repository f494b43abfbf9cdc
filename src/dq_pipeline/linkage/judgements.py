"""A steward's decisions on pairs: read from a CSV file, settled among themselves, applied after the model.

`same` and `different` reach as far as they imply: A same B and B different C make A different C, also through a
record that is not among tonight's. A set of judgements that contradict each other is reported and its `same` are not
applied (its `different` are: keeping apart is the error that can be mended).
"""

import csv
import hashlib
import io
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dq_pipeline.config.entity import Entity
from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage.profiles import input_table
from dq_pipeline.linkage.unionfind import UnionFind
from dq_pipeline.warehouse import Warehouse

COLUMNS = ("record_id_l", "record_id_r", "judgement", "decided_by", "decided_at", "why")
KINDS = ("same", "different", "unsure")
DATE_LENGTH = len("2026-11-20")


@dataclass(frozen=True)
class Judgement:
    """One decision on a pair, l < r; `line` is its line in the file."""

    record_id_l: str
    record_id_r: str
    judgement: str
    decided_by: str
    decided_at: str
    why: str
    line: int

    @property
    def pair(self) -> tuple[str, str]:
        """The two record ids."""
        return self.record_id_l, self.record_id_r


@dataclass(frozen=True)
class Settled:
    """Judgements after they were settled: the status of each, the group of each record judged same, groups apart."""

    statuses: dict[Judgement, str]
    groups: dict[str, str]
    apart: frozenset[tuple[str, str]]


def read_judgements(path: Path) -> list[Judgement]:
    """The judgements of a file, in its order; a file that does not exist has none. Raises ConfigError by line."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = next(rows, None)
            if header is None:
                return []
            if tuple(name.strip() for name in header) != COLUMNS:
                raise _error(path, 1, f"the columns must be {', '.join(COLUMNS)}")
            return [_judgement(path, rows.line_num, row) for row in rows if any(field.strip() for field in row)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as CSV in UTF-8: {error}", where=path, remedy="mend or restore it") from error


def _judgement(path: Path, line: int, row: list[str]) -> Judgement:
    if len(row) != len(COLUMNS):
        raise _error(path, line, f"{len(row)} fields instead of {len(COLUMNS)}; quote a text that has a comma")
    left, right, kind, decided_by, decided_at, why = (field.strip() for field in row)
    if not left or not right:
        raise _error(path, line, "a record id is missing")
    if left == right:
        raise _error(path, line, f"a record is judged against itself: {left}")
    if kind not in KINDS:
        raise _error(path, line, f"judgement {kind!r} is none of {', '.join(KINDS)}")
    try:
        date.fromisoformat(decided_at[:10])
    except ValueError:
        raise _error(path, line, f"decided_at {decided_at!r} is no date like 2026-11-20") from None
    first, second = sorted((left, right))
    return Judgement(first, second, kind, decided_by, decided_at, why, line)


def append_judgements(path: Path, judgements: Sequence[Judgement]) -> None:
    """Add judgements at the end of a file, which is replaced at once; what it holds stays as it is.

    Line numbers are given anew. Raises ConfigError where the file cannot be written.
    """
    if not judgements:
        return
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    staged = path.with_name(f".{path.name}.new")
    try:
        before = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        if not before.strip():
            before = ""
            writer.writerow(COLUMNS)
        elif not before.endswith("\n"):
            before += "\n"
        writer.writerows([*one.pair, one.judgement, one.decided_by, one.decided_at, one.why] for one in judgements)
        path.parent.mkdir(parents=True, exist_ok=True)
        with staged.open("w", encoding="utf-8", newline="") as file:
            file.write(before + stream.getvalue())
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, path)
    except OSError as error:
        raise ConfigError(
            f"the judgements cannot be written: {error.strerror}", where=path, remedy="give this user the right to"
        ) from error


def _error(path: Path, line: int, message: str) -> ConfigError:
    return ConfigError(message, where=f"{path}, line {line}", remedy="mend that line; nothing of the file was applied")


def settle(judgements: list[Judgement]) -> Settled:
    """Which judgements hold: the latest on each pair, unless they contradict each other.

    Status: applied, unsure (kept, decides nothing), superseded (a later one on the pair), contradicted.
    """
    statuses: dict[Judgement, str] = {}
    latest: dict[tuple[str, str], Judgement] = {}
    for judgement in in_order(judgements):
        if judgement.pair in latest:
            statuses[latest[judgement.pair]] = "superseded"
        latest[judgement.pair] = judgement
        statuses[judgement] = "unsure" if judgement.judgement == "unsure" else "applied"
    same = [one for one in latest.values() if one.judgement == "same"]
    different = [one for one in latest.values() if one.judgement == "different"]
    joined = UnionFind(record for one in same for record in one.pair)
    for one in same:
        joined.union(*one.pair)
    contradicted = {joined.find(one.record_id_l) for one in different if _together(joined, *one.pair)}
    for one in [*same, *different]:
        if any(record in joined and joined.find(record) in contradicted for record in one.pair) and (
            one.judgement == "same" or _together(joined, *one.pair)
        ):
            statuses[one] = "contradicted"
    held = [one for one in same if statuses[one] == "applied"]
    final = UnionFind(record for one in [*same, *different] for record in one.pair)
    for one in held:
        final.union(*one.pair)
    groups = {record: final.find(record) for record in final}
    apart = frozenset(_ordered(groups[one.record_id_l], groups[one.record_id_r]) for one in different)
    return Settled(statuses, groups, apart)


def contradictions(judgements: Sequence[Judgement]) -> list[list[Judgement]]:
    """The judgements that contradict each other, those of one quarrel together, in the order of their lines."""
    statuses = settle(list(judgements)).statuses
    at_odds = sorted((one for one, status in statuses.items() if status == "contradicted"), key=lambda one: one.line)
    joined = UnionFind(record for one in at_odds for record in one.pair)
    for one in at_odds:
        joined.union(*one.pair)
    groups: dict[str, list[Judgement]] = defaultdict(list)
    for one in at_odds:
        groups[joined.find(one.record_id_l)].append(one)
    return list(groups.values())


def in_order(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Judgements in the order of time: by day; within a day by time where all of a pair's tell it, else by line."""
    days: dict[tuple[tuple[str, str], str], list[Judgement]] = defaultdict(list)
    for one in judgements:
        days[one.pair, one.decided_at[:DATE_LENGTH]].append(one)
    timed = {day: all(len(one.decided_at) > DATE_LENGTH for one in found) for day, found in days.items()}

    def place(one: Judgement) -> tuple[str, str, int]:
        day = one.decided_at[:DATE_LENGTH]
        return day, one.decided_at if timed[one.pair, day] else "", one.line

    return sorted(judgements, key=place)


def judgement_ids(judgements: Sequence[Judgement]) -> dict[Judgement, str]:
    """An id for each judgement that lasts while others come and go: of what it says, and of how often it was said."""
    said: Counter[tuple[str, ...]] = Counter()
    found = {}
    for one in judgements:
        words = (*one.pair, one.judgement, one.decided_at)
        said[words] += 1
        found[one] = hashlib.md5("\0".join([*words, str(said[words])]).encode(), usedforsecurity=False).hexdigest()[:16]
    return found


def _together(joined: UnionFind, left: str, right: str) -> bool:
    return left in joined and right in joined and joined.find(left) == joined.find(right)


def _ordered(left: str, right: str) -> tuple[str, str]:
    return (left, right) if left < right else (right, left)


def build_judgements(warehouse: Warehouse, entity: Entity, judgements: list[Judgement]) -> Settled:
    """Build linked.<entity>_judgements (one row is one judgement with its status), _judged_groups and _judged_apart.

    The status `record_missing` marks an applied judgement of which a record is not among tonight's. `reopened` comes
    at the end of the stage, from `dq_pipeline.linkage.reopening`: it changes nothing of what is applied.
    """
    settled, ids = settle(judgements), judgement_ids(judgements)
    rows: list[tuple[object, ...]] = [
        (*one.pair, one.judgement, one.decided_by, one.decided_at, one.why, one.line, ids[one], settled.statuses[one])
        for one in judgements
    ]
    _build(warehouse, f"linked.{entity.name}_judged", (*COLUMNS, "line", "judgement_id", "ruled"), rows)
    warehouse.build(
        f"linked.{entity.name}_judgements",
        f"""-- one row is one line of the judgement file
select
    judged.record_id_l,
    judged.record_id_r,
    judged.judgement,
    judged.decided_by,
    judged.decided_at,
    judged.why,
    cast(judged.line as integer) as line,
    judged.judgement_id,
    case
        when judged.ruled = 'applied' and (l.record_id is null or r.record_id is null) then 'record_missing'
        else judged.ruled
    end as status,
    cast(null as varchar) as changed
from linked.{entity.name}_judged as judged
left join {input_table(entity)} as l
    on judged.record_id_l = l.record_id
left join {input_table(entity)} as r
    on judged.record_id_r = r.record_id
order by line""",
    )
    warehouse.execute(f"drop table linked.{entity.name}_judged")
    groups, apart = sorted(settled.groups.items()), sorted(settled.apart)
    _build(warehouse, f"linked.{entity.name}_judged_groups", ("record_id", "group_id"), groups)
    _build(warehouse, f"linked.{entity.name}_judged_apart", ("group_l", "group_r"), apart)
    return settled


def _build(warehouse: Warehouse, table: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    """A table of text columns from rows; empty where there are none."""
    warehouse.execute(f"create or replace table {table} ({', '.join(f'{column} varchar' for column in columns)})")
    if rows:
        lists = [[str(row[place]) for row in rows] for place in range(len(columns))]
        warehouse.execute(f"insert into {table} select {', '.join('unnest(?)' for _ in columns)}", lists)
