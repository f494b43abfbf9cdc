"""The last run's clusters of one entity against a truth file: figures, where pairs were lost, the worst errors."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dq_pipeline.config import Project
from dq_pipeline.config.entity import Entity
from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.linkage.evaluation import Evaluation, PairFigures, evaluate
from dq_pipeline.linkage.losses import Losses, PairCount, count_pairs, false_pairs, losses, missed_by_reason
from dq_pipeline.linkage.worst import WrongPair, worst_pairs
from dq_pipeline.scorecard.masking import mask_value
from dq_pipeline.warehouse import Warehouse, file_literal, literal, quoted

ID_COLUMNS = ("record_id", "source_record_id", "source_key")
TRUTH_COLUMNS = ("entity_id", "person_id", "place_id")
TRUTH = "truth"
_RAW, _RESOLVED = "truth_delivered", "truth_resolved"


@dataclass(frozen=True)
class SystemPair(PairFigures):
    """How well records of two systems (or of one) were brought together."""

    system_l: str
    system_r: str
    true_pairs: int
    found_pairs: int
    right_pairs: int


@dataclass(frozen=True)
class Judged:
    """All that a truth says of an entity's clusters; `unjudged` records are in the run and not in the truth."""

    entity: str
    truth: str
    unjudged: int
    figures: Evaluation
    losses: Losses
    false_pairs: dict[str, int]
    missed_by_reason: dict[str, int]
    systems: list[SystemPair]
    worst_merges: list[WrongPair]
    worst_misses: list[WrongPair]

    def document(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        figures, lost = self.figures, self.losses
        return {
            "entity": self.entity,
            "truth": self.truth,
            "records": figures.records,
            "entities": figures.entities,
            "clusters": figures.clusters,
            "missing": figures.missing,
            "unjudged": self.unjudged,
            "pairwise": {"precision": figures.precision, "recall": figures.recall, "f1": figures.f1},
            "b_cubed": {
                "precision": figures.b_cubed_precision,
                "recall": figures.b_cubed_recall,
                "f1": figures.b_cubed_f1,
            },
            "true_pairs": figures.true_pairs,
            "found_pairs": figures.found_pairs,
            "right_pairs": figures.right_pairs,
            "false_merges": figures.found_pairs - figures.right_pairs,
            "missed_pairs": figures.true_pairs - figures.right_pairs,
            "losses": asdict(lost) | {"compared_share": lost.compared_share},
            "false_pairs": self.false_pairs,
            "missed_by_reason": self.missed_by_reason,
            "systems": [asdict(pair) | {"precision": pair.precision, "recall": pair.recall} for pair in self.systems],
            "worst_merges": [asdict(pair) for pair in self.worst_merges],
            "worst_misses": [asdict(pair) for pair in self.worst_misses],
        }


def evaluate_entity(
    warehouse: Warehouse,
    project: Project,
    entity: Entity,
    truth: Path,
    *,
    id_column: str | None = None,
    truth_column: str | None = None,
    worst: int = 5,
    unmasked: bool = False,
) -> Judged:
    """Judge the clusters in a run's working file (opened for reading is enough) by a truth file.

    Raises ConfigError where the file cannot be used, or where the run has no tables of the linkage.
    """
    table = f"linked.{entity.name}_clusters"
    if not warehouse.has(table):
        raise ConfigError(
            f"the last run did not get to {table}", where=warehouse.path, remedy="run `dq run --until link` first"
        )
    load_truth(warehouse, entity, truth, id_column=id_column, truth_column=truth_column)
    figures = evaluate(warehouse, table, TRUTH)
    counts = count_pairs(warehouse, entity, TRUTH)
    hide: Callable[[WrongPair], WrongPair] = (lambda pair: pair) if unmasked else _masker(project.personal_columns())
    merges, misses = (
        [hide(pair) for pair in worst_pairs(warehouse, entity, kind, worst)] for kind in ("false_merge", "missed")
    )
    return Judged(
        entity=entity.name,
        truth=str(truth),
        unjudged=warehouse.count(table) - (figures.records - figures.missing),
        figures=figures,
        losses=losses(counts, figures.true_pairs),
        false_pairs=false_pairs(counts),
        missed_by_reason=missed_by_reason(warehouse, entity),
        systems=system_pairs(counts),
        worst_merges=merges,
        worst_misses=misses,
    )


def system_pairs(counts: Iterable[PairCount]) -> list[SystemPair]:
    """True, found and right pairs of every two systems, most true pairs first."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for count in counts:
        here = sums[count.system_l, count.system_r]
        here["true_pairs"] += count.pairs * count.is_true
        here["found_pairs"] += count.pairs * count.is_found
        here["right_pairs"] += count.pairs * (count.is_true and count.is_found)
    made = [
        SystemPair(*systems, here["true_pairs"], here["found_pairs"], here["right_pairs"])
        for systems, here in sums.items()
    ]
    return sorted(made, key=lambda pair: (-pair.true_pairs, pair.system_l, pair.system_r))


def load_truth(
    warehouse: Warehouse,
    entity: Entity,
    path: Path,
    *,
    id_column: str | None = None,
    truth_column: str | None = None,
) -> None:
    """Make the temporary table `truth` (record_id, entity_id) of a truth file, its ids resolved to record ids.

    Ids are record ids, or keys of a source: `<key>` is the record `<source>:<key>`. Those that no record has stay as
    they are and count as records that the run lacks. Raises ConfigError with file, line and remedy.
    """
    header = _header(path)
    id_column = _column(path, header, id_column, ID_COLUMNS, "--id-column")
    others = [name for name in header if name != id_column]
    truth_column = _column(path, others, truth_column, (*TRUTH_COLUMNS, *others[-1:]), "--truth-column")
    _deliver(warehouse, path, header, id_column, truth_column)
    blank = warehouse.value(f"select min(line) from {_RAW} where id is null or entity_id is null")
    if blank is not None:
        raise _line_error(path, blank, f"{id_column} or {truth_column} is empty", "fill it, or take the line out")
    _refuse_repeats(warehouse, path, _RAW, "id", id_column)
    sources = ", ".join(f"({literal(source)})" for source in entity.sources)
    warehouse.execute(
        f"""create or replace temp table {_RESOLVED} as
with candidates as (
select
    delivered.id,
    delivered.id as record_id,
    0 as preference
from {_RAW} as delivered
union all
select
    delivered.id,
    sources.source || ':' || delivered.id as record_id,
    1 as preference
from {_RAW} as delivered
cross join (values {sources}) as sources(source)
),
known as (
select
    candidates.id,
    candidates.record_id,
    candidates.preference,
    min(candidates.preference) over (partition by candidates.id) as best
from candidates
inner join linked.{entity.name}_clusters as clusters
    on candidates.record_id = clusters.record_id
)
select
    delivered.line,
    delivered.id,
    delivered.entity_id,
    known.record_id
from {_RAW} as delivered
left join known
    on delivered.id = known.id
    and known.preference = known.best"""
    )
    _check_joined(warehouse, entity, path, id_column)
    warehouse.execute(
        f"""create or replace temp table {TRUTH} as
        select coalesce(record_id, id) as record_id, entity_id from {_RESOLVED}"""
    )


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = [name.strip() for name in next(csv.reader(stream), [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"not readable as CSV in UTF-8: {error}", where=path, remedy="name a truth file that is"
        ) from error
    if len(header) < 2:
        raise _line_error(
            path, 1, "fewer than two columns", "write one column of record ids and one of entity ids, comma between"
        )
    repeated = [name for name, times in Counter(header).items() if times > 1]
    if repeated:
        raise _line_error(path, 1, f"the column {repeated[0]} stands twice", "give each column a name of its own")
    return header


def _column(path: Path, header: list[str], given: str | None, usual: tuple[str, ...], option: str) -> str:
    wanted = (given,) if given else usual
    for name in wanted:
        if name in header:
            return name
    raise _line_error(
        path,
        1,
        f"there is no column {' or '.join(wanted)}; it has {', '.join(header)}",
        f"name the right one with {option}",
    )


def _deliver(warehouse: Warehouse, path: Path, header: list[str], id_column: str, truth_column: str) -> None:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    try:
        warehouse.execute(
            f"""create or replace temp table {_RAW} as
            select row_number() over () + 1 as line, nullif(trim({quoted(id_column)}), '') as id,
                nullif(trim({quoted(truth_column)}), '') as entity_id
            from read_csv({file_literal(path)}, auto_detect = false, columns = {{{columns}}}, header = true,
                delim = ',', quote = '"', escape = '"')"""
        )
    except StageError as error:
        line = re.search(r"on Line: (\d+)", str(error))
        raise ConfigError(
            f"not readable as CSV of {len(header)} columns",
            where=f"{path}, line {line[1]}" if line else path,
            remedy="mend it: a comma between the columns, quotes around a value with a comma",
        ) from error


def _refuse_repeats(warehouse: Warehouse, path: Path, table: str, column: str, shown: str) -> None:
    repeated = warehouse.rows(
        f"""select {column}, min(line), max(line) from {table} where {column} is not null
        group by {column} having count(*) > 1 order by 2, 1 limit 1"""
    )
    if repeated:
        value, first, last = repeated[0]
        raise _line_error(
            path,
            last,
            f"{shown} {value} stands in line {first} too",
            "leave one line for each record: a record is of one entity",
        )


def _check_joined(warehouse: Warehouse, entity: Entity, path: Path, id_column: str) -> None:
    several = warehouse.rows(
        f"""select line, id, list_sort(list(record_id)) from {_RESOLVED}
        group by line, id having count(*) > 1 order by line limit 1"""
    )
    if several:
        line, value, records = several[0]
        raise _line_error(
            path, line, f"{id_column} {value} may be {' or '.join(records)}", "write record ids: <source>:<key>"
        )
    _refuse_repeats(warehouse, path, _RESOLVED, "record_id", "the record")
    if not warehouse.value(f"select count(record_id) from {_RESOLVED}"):
        theirs = warehouse.value(f"select min(id) from {_RESOLVED}")
        ours = warehouse.value(f"select min(record_id) from linked.{entity.name}_clusters")
        raise ConfigError(
            f"none of its records is a {entity.name} of the last run: its first {id_column} is {theirs}, "
            f"the run's first record is {ours}",
            where=path,
            remedy="write record ids (<source>:<key>) or keys of the source, or name their column with --id-column",
        )


def _line_error(path: Path, line: int, message: str, remedy: str) -> ConfigError:
    return ConfigError(message, where=f"{path}, line {line}", remedy=remedy)


def _masker(personal: frozenset[str]) -> Callable[[WrongPair], WrongPair]:
    """A function that masks the values of a pair as `dq trace` does."""

    def values(side: dict[str, Any]) -> dict[str, Any]:
        return {column: mask_value(column, value, personal) for column, value in side.items()}

    def masked(pair: WrongPair) -> WrongPair:
        compared = [replace(one, left=values(one.left), right=values(one.right)) for one in pair.comparisons]
        return replace(pair, comparisons=compared)

    return masked
