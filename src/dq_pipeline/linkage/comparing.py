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
from dq_pipeline.warehouse import Warehouse

SCRATCH = "splink_scratch"
# Pairs scored at once: bounds memory, for Splink writes every intermediate column of every pair.
PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Comparer:
    """Splink's linker over one entity's profiles, on a cursor of its own."""

    warehouse: Warehouse
    cursor: Any
    api: Any
    linker: Any
    comparisons: tuple[Comparison, ...]

    def scored(self, pairs: str, threshold: float | None = None) -> str:
        """The table of Splink's scores (`mw_*` of every comparison, match_weight) for a SELECT of pairs (l, r).

        Pairs below `threshold` (a match weight) are left out. The table lives until the comparer is closed.
        """
        name = f"dq_pairs_{len(self.warehouse.tables(SCRATCH))}"
        self.warehouse.build(
            f"{SCRATCH}.{name}",
            f"select l as join_key_l, r as join_key_r, '0' as match_key from ({pairs}) as pairs",
        )
        self.linker.table_management.register_blocked_pairs_for_predict(self.api.register(name))
        try:
            scores = self.linker.inference.predict(threshold_match_weight=threshold, warning_mode="never")
        except Exception as error:  # Splink wraps every failure of its SQL in one of many types.
            reason = str(error).split("Error was:")[-1].strip().split("\n")[0]
            raise StageError(
                f"Splink could not compare the records: {reason}",
                remedy="run `dq check`; it binds every SQL condition of the linkage",
            ) from error
        self.warehouse.execute(f"drop table {SCRATCH}.{name}")
        return f"{SCRATCH}.{scores.physical_name}"

    def patterns(self, pairs: str) -> list[tuple[int, ...]]:
        """How often each pattern of levels occurs among pairs: rows (level of every comparison..., count), sorted.

        Levels count from 0 (`else`) up to the strongest; -1 is null.
        """
        scores = self.scored(pairs)
        levels = ", ".join(f"cast(mw_{comparison.name} as integer) - 1" for comparison in self.comparisons)
        places = ", ".join(str(place) for place in range(1, len(self.comparisons) + 1))
        rows = self.warehouse.rows(f"select {levels}, count(*) from {scores} group by {places} order by {places}")
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
        yield Comparer(warehouse, cursor, api, linker, tuple(comparisons))


def _register_frequencies(
    warehouse: Warehouse, linker: Any, api: Any, comparisons: list[Comparison], model: dict[str, Any]
) -> None:
    """Give Splink how frequent each value is among strangers."""
    u_of = {entry["name"]: entry["levels"][0]["u"] for entry in model["comparisons"]}
    for comparison in comparisons:
        column = comparison.term_frequency
        if column:
            name = f"dq_frequency_{column}"
            warehouse.build(f"{SCRATCH}.{name}", _frequency_select(comparison, column, u_of[comparison.name]))
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
    """Build `table` (record_id, component_id) from a SELECT of links (record_id_l, record_id_r).

    Only linked records are in it; component_id is the smallest record that a record is connected with.
    """
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    with warehouse.scratch(SCRATCH) as cursor, _quiet():
        # Numbers in the order of the records: joined many times over, they are far faster than texts.
        linked = warehouse.build(
            f"{SCRATCH}.dq_nodes",
            f"""with links as ({links}),
ends as (
select record_id_l as record_id from links
union
select record_id_r as record_id from links
)
select
    record_id,
    row_number() over (order by record_id) as node
from ends""",
        )
        if not linked:
            nothing = "cast(null as varchar) as record_id, cast(null as varchar) as component_id"
            warehouse.build(table, f"select {nothing} where false")
            return
        warehouse.build(
            f"{SCRATCH}.dq_edges",
            f"""select
    l.node as node_l,
    r.node as node_r
from ({links}) as links
inner join {SCRATCH}.dq_nodes as l
    on links.record_id_l = l.record_id
inner join {SCRATCH}.dq_nodes as r
    on links.record_id_r = r.record_id""",
        )
        api = DuckDBAPI(connection=cursor, output_schema=SCRATCH)
        nodes, edges = api.register("dq_nodes"), api.register("dq_edges")
        found = cluster_pairwise_predictions_at_threshold(nodes, edges, api, node_id_column_name="node")
        warehouse.build(
            table,
            f"""select
    nodes.record_id,
    named.record_id as component_id
from {SCRATCH}.{found.physical_name} as components
inner join {SCRATCH}.dq_nodes as nodes
    on components.node = nodes.node
inner join {SCRATCH}.dq_nodes as named
    on components.cluster_id = named.node""",
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
