"""What about tonight's sources is unlike their own history: `scored.anomalies`, from profiles of the nights before."""

from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal

_BEFORE = "kind varchar, source varchar, column_name varchar, touchpoint varchar, since date"
_SETTINGS = (
    *("least_nights", "weekday_nights", "deviations", "least_rows", "volume_change", "null_rate_change"),
    *("distinct_change", "distribution_index", "freshness_days", "silent_days", "new_touchpoint_rows"),
)
_STEPS = ("compared_nights", "distributions", "figures", "unusual", "unusual_touchpoints")


def find_anomalies(warehouse: Warehouse, project: Project, previous: Path | None) -> dict[str, int]:
    """Build `scored.anomalies` from the histories of `build_profiles`; table -> rows. Needs no later table."""
    settings = project.settings.anomalies
    listed = ", ".join(f"{literal(getattr(settings, name))} as {name}" for name in _SETTINGS)
    warehouse.build("scored.anomaly_settings", f"select {listed}")
    warehouse.execute("create or replace table scored.ignored_columns (name varchar)")
    for name in settings.ignore:
        warehouse.execute("insert into scored.ignored_columns values (?)", [name])
    warehouse.execute("create or replace table scored.profiled_sources (source varchar, owner varchar)")
    for source in project.sources:
        warehouse.execute("insert into scored.profiled_sources values (?, ?)", [source.name, source.owner])
    warehouse.recall(previous, "scored.anomalies_before", "quality.anomalies", _BEFORE)
    warehouse.build(
        "scored.profile_bins",
        """select source, column_name, run_date, entry.key as bin, entry.value as rows
        from (select source, column_name, run_date, unnest(map_entries(bins)) as entry from scored.profile_history)""",
    )
    for step in _STEPS:
        warehouse.build(f"scored.{step}", engine_select("scored", step))
    return {"scored.anomalies": warehouse.build("scored.anomalies", engine_select("scored", "anomalies"))}
