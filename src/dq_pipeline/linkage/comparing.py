"""Splink at work: how pairs of profiles agree in every comparison, their match weights, connected components.

This is the only module that runs Splink. It hands Splink the profiles and the pairs, and reads its scored pairs.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.errors import StageError
from dq_pipeline.linkage.profiles import empty_columns
from dq_pipeline.linkage.settings import splink_settings, usable_comparisons
from dq_pipeline.linkage.systems import Systems, find_systems
from dq_pipeline.warehouse import Warehouse

SCRATCH = "splink_scratch"
# Pairs scored at once: bounds memory, for Splink writes every intermediate column of every pair.
PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Comparer:
    """Splink's linker over one entity's profiles, on a cursor of its own."""

    warehouse: Warehouse
    cursor: Any
    api: Any
    linker: Any
    comparisons: tuple[Comparison, ...]
    systems: Systems

    def scored(self, pairs: str) -> str:
        """The table of Splink's scores (`mw_*` of every comparison, match_weight) for a SELECT of pairs (l, r).

        It lives until it is dropped or the comparer is closed.
        """
        name = f"dq_pairs_{len(self.warehouse.tables(SCRATCH))}"
        self.warehouse.build(
            f"{SCRATCH}.{name}",
            f"select l as join_key_l, r as join_key_r, '0' as match_key from ({pairs}) as pairs",
        )
        self.linker.table_management.register_blocked_pairs_for_predict(self.api.register(name))
        try:
            scores = self.linker.inference.predict(warning_mode="never")
        except Exception as error:  # Splink wraps every failure of its SQL in one of many types.
            reason = str(error).split("Error was:")[-1].strip().split("\n")[0]
            raise StageError(
                f"Splink could not compare the records: {reason}",
                remedy="run `dq check`; it binds every SQL condition of the linkage",
            ) from error
        self.warehouse.execute(f"drop table {SCRATCH}.{name}")
        return f"{SCRATCH}.{scores.physical_name}"

    def patterns(self, pairs: str) -> list[tuple[int, ...]]:
        """How often each pattern of levels occurs: sorted rows (level of every comparison..., group, count).

        Levels count from 0 (`else`) up to the strongest; -1 is null. `group` is the number of the two systems.
        """
        scores = self.scored(pairs)
        levels = ", ".join(f"cast(mw_{comparison.name} as integer) - 1" for comparison in self.comparisons)
        places = ", ".join(str(place) for place in range(1, len(self.comparisons) + 2))
        rows = self.warehouse.rows(
            f"""select {levels}, {self.systems.group_sql}, count(*) from {scores} as scores
            {self.systems.joins("scores.profile_no_l", "scores.profile_no_r")}
            group by {places} order by {places}"""
        )
        self.drop(scores)
        return rows

    def drop(self, scores: str) -> None:
        """Drop a table of scores."""
        self.warehouse.execute(f"drop table {scores}")


def comparable(warehouse: Warehouse, entity: Entity) -> list[Comparison]:
    """The comparisons for which the profiles have any data; with none there is nothing to compare."""
    return usable_comparisons(entity, empty_columns(warehouse, entity))


@contextmanager
def comparer(
    warehouse: Warehouse, entity: Entity, model: dict[str, Any], *, for_levels: bool = False
) -> Iterator[Comparer]:
    """Splink over linked.<entity>_profile_rows with a model's weights; comparisons without any data are left out.

    `for_levels` True is for `patterns`, False for `scored`.
    """
    from splink import DuckDBAPI, Linker

    comparisons = comparable(warehouse, entity)
    with warehouse.scratch(SCRATCH) as cursor, _quiet():
        # Splink finds columns by bare table name, so the table gets a name that no state uses.
        rows = f"linked.{entity.name}_profile_rows"
        warehouse.build(f"{SCRATCH}.dq_profiles", f"select * from {rows} order by profile_no")
        api = DuckDBAPI(connection=cursor, output_schema=SCRATCH)
        settings = splink_settings(comparisons, model, for_levels=for_levels)
        linker = Linker(api.register("dq_profiles"), settings, log_level=None, validate_settings=False)
        if not for_levels:
            _register_frequencies(warehouse, linker, api, comparisons, model)
        yield Comparer(warehouse, cursor, api, linker, tuple(comparisons), find_systems(warehouse, entity))


def _register_frequencies(
    warehouse: Warehouse, linker: Any, api: Any, comparisons: list[Comparison], model: dict[str, Any]
) -> None:
    """Give Splink how frequent each value is among strangers."""
    u_of = {entry["name"]: entry["levels"] for entry in model["comparisons"]}
    for comparison in comparisons:
        for place, column in enumerate(comparison.frequencies()):
            if column:
                name = f"dq_frequency_{column}"
                u = u_of[comparison.name][place]["u"]
                warehouse.build(f"{SCRATCH}.{name}", _frequency_select(comparison, column, u))
                linker.table_management.register_term_frequency_lookup(api.register(name), column)


def _frequency_select(comparison: Comparison, column: str, u: float) -> str:
    """A SELECT (value, frequency) of a column of the profiles.

    Of a name: its share. A pair that agrees holds the value twice by itself, so 1.5 is taken off its count; the floor
    keeps the rarest values from weighing without bound (a floor of one in all would make data of names only
    unmatchable). Of an identifier (`counted_by`): strangers do not draw it by chance, so it starts from u, or from half
    a holder if that is less, and grows with its holders; one holder more is forgiven, for names are mistyped.
    """
    parts = [f"coalesce(cast({part} as varchar), '')" for part in comparison.counted_by]
    if parts:
        holders = f"count(distinct {' || chr(31) || '.join(parts)})"
        frequency = f"greatest(holders - 1, 1) * least({u!r}, 0.5 / (select sum(holders) from counts))"
    else:
        holders = "count(*)"
        frequency = f"""greatest(
        greatest(holders - 1.5, 0.5) / (select sum(holders) from counts),
        0.3 / (select count(*) from {SCRATCH}.dq_profiles)
    )"""
    return f"""with counts as (
select
    {column},
    {holders} as holders
from {SCRATCH}.dq_profiles
where {column} is not null
group by {column}
)
select
    {column},
    {frequency} as tf_{column}
from counts
order by {column}"""


def connect(warehouse: Warehouse, table: str, links: str) -> None:
    """Build `table` (profile_no, reach_id), the connected components of a SELECT of links (l, r) between numbers.

    Only linked numbers are in it.
    """
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    with warehouse.scratch(SCRATCH) as cursor, _quiet():
        edges = warehouse.build(
            f"{SCRATCH}.dq_edges", f"select distinct l as node_l, r as node_r from ({links}) as links"
        )
        if not edges:
            warehouse.build(table, "select cast(0 as bigint) as profile_no, cast(0 as bigint) as reach_id where false")
            return
        warehouse.build(
            f"{SCRATCH}.dq_nodes",
            f"select node_l as node from {SCRATCH}.dq_edges union select node_r as node from {SCRATCH}.dq_edges",
        )
        api = DuckDBAPI(connection=cursor, output_schema=SCRATCH)
        found = cluster_pairwise_predictions_at_threshold(
            api.register("dq_nodes"), api.register("dq_edges"), api, node_id_column_name="node"
        )
        warehouse.build(
            table, f"select node as profile_no, cluster_id as reach_id from {SCRATCH}.{found.physical_name}"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Splink's log and warnings off the screen: what a reader needs is in our own tables and errors."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
