"""Splink at work: at which level pairs of profiles agree in every comparison, and connected components.

This is the only module that runs Splink. It hands Splink the profiles and the pairs, and reads the levels it found.
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
# Pairs compared at once: bounds memory, for Splink writes every intermediate column of every pair.
PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Comparer:
    """Splink's linker over one entity's profiles, on a cursor of its own."""

    warehouse: Warehouse
    api: Any
    linker: Any
    comparisons: tuple[Comparison, ...]
    systems: Systems

    def parts(self, pairs: str, pairs_at_once: int = PAIRS_AT_ONCE) -> list[str]:
        """A SELECT of pairs (l, r, rule) in parts of about so many."""
        chunks = -(-int(self.warehouse.value(f"select count(*) from ({pairs}) as pairs")) // pairs_at_once)
        return [
            f"select l, r, rule from ({pairs}) as pairs where (l + r) % {chunks} = {chunk}" for chunk in range(chunks)
        ]

    def compare(self, pairs: str, table: str) -> None:
        """Build `table` (l, r, rule, level_<comparison>...) of a SELECT of pairs (l, r, rule).

        Levels count from 0 (`else`) up to the strongest; -1 is null.
        """
        levels = "".join(f", cast(0 as tinyint) as level_{one.name}" for one in self.comparisons)
        empty = f"select cast(0 as bigint) as l, cast(0 as bigint) as r, cast(0 as integer) as rule{levels} where false"
        self.warehouse.build(table, empty)
        for part in self.parts(pairs):
            self._add_levels(part, table)

    def _add_levels(self, pairs: str, table: str) -> None:
        name = f"dq_pairs_{len(self.warehouse.tables(SCRATCH))}"
        self.warehouse.build(
            f"{SCRATCH}.{name}",
            f"select l as join_key_l, r as join_key_r, cast(rule as varchar) as match_key from ({pairs}) as pairs",
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
        levels = "".join(f", cast(mw_{one.name} - 1 as tinyint) as level_{one.name}" for one in self.comparisons)
        self.warehouse.execute(
            f"""insert into {table} by name
            select profile_no_l as l, profile_no_r as r, cast(match_key as integer) as rule{levels}
            from {SCRATCH}.{scores.physical_name}"""
        )
        for used in (name, scores.physical_name):
            self.warehouse.execute(f"drop table {SCRATCH}.{used}")

    def patterns(self, levels: str) -> list[tuple[int, ...]]:
        """How often each pattern of levels occurs: sorted rows (level of every comparison..., group, count).

        `levels` is a SELECT of rows that `compare` made. `group` is the number of the two systems.
        """
        columns = ", ".join(f"level_{comparison.name}" for comparison in self.comparisons)
        places = ", ".join(str(place) for place in range(1, len(self.comparisons) + 2))
        return self.warehouse.rows(
            f"""select {columns}, {self.systems.group_sql}, count(*) from ({levels}) as levels
            {self.systems.joins("levels.l", "levels.r")}
            group by {places} order by {places}"""
        )


def comparable(warehouse: Warehouse, entity: Entity) -> list[Comparison]:
    """The comparisons for which the profiles have any data; with none there is nothing to compare."""
    return usable_comparisons(entity, empty_columns(warehouse, entity))


@contextmanager
def comparer(warehouse: Warehouse, entity: Entity) -> Iterator[Comparer]:
    """Splink over linked.<entity>_profile_rows; comparisons without any data are left out."""
    from splink import DuckDBAPI, Linker

    comparisons = comparable(warehouse, entity)
    with warehouse.scratch(SCRATCH) as cursor, _quiet():
        # Splink finds columns by bare table name, so the table gets a name that no state uses.
        rows = f"linked.{entity.name}_profile_rows"
        warehouse.build(f"{SCRATCH}.dq_profiles", f"select * from {rows} order by profile_no")
        api = DuckDBAPI(connection=cursor, output_schema=SCRATCH)
        linker = Linker(
            api.register("dq_profiles"), splink_settings(comparisons), log_level=None, validate_settings=False
        )
        yield Comparer(warehouse, api, linker, tuple(comparisons), find_systems(warehouse, entity))


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
