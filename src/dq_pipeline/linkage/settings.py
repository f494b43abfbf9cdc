"""entity.linkage -> Splink's settings, and the check that every SQL condition in it binds."""

from collections.abc import Sequence
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.linkage.model import ELSE_LABEL
from dq_pipeline.linkage.profiles import input_select
from dq_pipeline.warehouse import Warehouse


def null_condition(comparison: Comparison) -> str:
    """The condition under which a comparison says nothing: `null_sql`, or any of its columns missing."""
    if comparison.null_sql:
        return comparison.null_sql
    return " or ".join(f"{column}_l is null or {column}_r is null" for column in comparison.columns)


def usable_comparisons(entity: Entity, empty: set[str]) -> list[Comparison]:
    """The comparisons that have data: with none of their columns empty (all of them, where `null_sql` decides)."""
    usable = []
    for comparison in entity.linkage.comparisons:
        missing = [column in empty for column in comparison.columns]
        if not (all(missing) if comparison.null_sql else any(missing)):
            usable.append(comparison)
    return usable


def splink_settings(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Splink's settings for comparing pairs of profiles that are handed to it.

    Every match weight is the number of its level: null 0, `else` 1, upward. Splink shows levels as such only together
    with all values compared, which takes twice the time.
    """
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "profile_no",
        "probability_two_random_records_match": 0.5,
        "comparisons": [_comparison(comparison) for comparison in comparisons],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    null_level = {"sql_condition": null_condition(comparison), "label_for_charts": "missing", "is_null_level": True}
    labels = [(level.sql, level.label) for level in comparison.levels] + [("ELSE", ELSE_LABEL)]
    rest = [
        {
            "sql_condition": condition,
            "label_for_charts": label,
            # log2(m / u) is exactly the number wanted.
            "m_probability": 2.0 ** (number - 40),
            "u_probability": 2.0**-40,
        }
        for number, (condition, label) in zip(range(len(labels), 0, -1), labels, strict=True)
    ]
    return {"output_column_name": comparison.name, "comparison_levels": [null_level, *rest]}


def check_linkage(warehouse: Warehouse, entity: Entity) -> list[str]:
    """What is wrong with the SQL of an entity's linkage, found by binding it against the record table; reads no data.

    Needs standardized.<entity> to exist, empty or not.
    """
    if not warehouse.has(f"standardized.{entity.name}"):
        return [f"standardized.{entity.name} does not exist, so the linkage cannot be checked"]
    records = f"({input_select(entity, with_clusters=False)}\n)"
    fault = warehouse.bind(f"select * from {records} as records")
    if fault:
        return [f"evidence: {fault}"]
    columns = [str(row[0]) for row in warehouse.rows(f"describe select * from {records} as records")]
    if "record_id" not in columns:
        return [f"standardized.{entity.name} has no column record_id"]
    pairs = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in columns)
    pair_rows = f"(select {pairs} from {records} as l cross join {records} as r)"
    faults: list[tuple[str, str | None]] = []
    for evidence in entity.evidence:
        if evidence.entity is None:
            continue
        table = f"standardized.{evidence.entity}"
        if not warehouse.has(table):
            faults.append((f"evidence.{evidence.column}", f"{table} does not exist"))
        elif evidence.when:
            bound = warehouse.bind(f"select 1 from {table} where ({evidence.when})")
            faults.append((f"evidence.{evidence.column}.when", bound))
    for place, sql in _record_expressions(entity):
        faults.append((place, warehouse.bind(f"select ({sql}) as value from {records} as records")))
    for place, sql in _pair_conditions(entity):
        faults.append((place, warehouse.bind(f"select 1 from {pair_rows} as pairs where ({sql})")))
    for rule in entity.linkage.deterministic:
        if not rule.sql:
            continue
        bound = warehouse.bind(f"select 1 from {records} as l inner join {records} as r on ({rule.sql})")
        faults.append((f"deterministic.{rule.name}", bound))
    return [
        f"{place}: {fault}" if place.startswith("evidence.") else f"linkage.{place}: {fault}"
        for place, fault in faults
        if fault
    ]


def _record_expressions(entity: Entity) -> list[tuple[str, str]]:
    """(place in the YAML, SQL expression on one record)."""
    linkage = entity.linkage
    found = [(f"blocking[{i}]", sql) for i, key in enumerate(linkage.blocking) for sql in key]
    found += [(f"training.prior_rules[{i}]", sql) for i, key in enumerate(linkage.training.prior_rules) for sql in key]
    found += [(f"deterministic.{rule.name}.key", sql) for rule in linkage.deterministic for sql in rule.key]
    for comparison in linkage.comparisons:
        found += [(f"comparisons.{comparison.name}.columns", column) for column in comparison.columns]
        found += [(f"comparisons.{comparison.name}.counted_by", column) for column in comparison.counted_by]
        used = [column for column in comparison.frequencies() if column]
        found += [(f"comparisons.{comparison.name}.term_frequency", column) for column in used]
    found += [(f"confusable.{one.name}.key", sql) for one in linkage.confusable for sql in one.key]
    found += [(f"conflicts.{one.name}.when", one.when) for one in linkage.conflicts if one.when]
    return found + ([("prior_by", linkage.prior_by)] if linkage.prior_by else [])


def _pair_conditions(entity: Entity) -> list[tuple[str, str]]:
    """(place in the YAML, SQL condition on columns x_l and x_r)."""
    found = []
    for comparison in entity.linkage.comparisons:
        found.append((f"comparisons.{comparison.name}.null_sql", null_condition(comparison)))
        for level in comparison.levels:
            found.append((f"comparisons.{comparison.name}.levels[{level.label or ELSE_LABEL}]", level.sql))
    if entity.linkage.shield and entity.linkage.shield.rare:
        found.append(("shield.rare", entity.linkage.shield.rare))
    return found + [(f"conflicts.{conflict.name}", conflict.sql) for conflict in entity.linkage.conflicts]
