"""The map of touchpoints: every point of contact with what comes from it, its quality, contradictions and failures."""

from collections import defaultdict
from collections.abc import Sequence

from dq_pipeline.scorecard.night import Night, Row, Section

MOST_TOUCHPOINTS = 25
_MOST_DEFECTS = 10


def touchpoint_map(night: Night) -> Section:
    """Touchpoints by the cost of their failures, each with its branches."""
    listed = night.listing(
        "scored.touchpoint_service",
        """select touchpoint, interactions, orders, perfect_orders, failed_orders, failed_share, cost
        from scored.touchpoint_service
        where failure = 'all'
        order by cost desc, interactions desc, touchpoint""",
        most=MOST_TOUCHPOINTS,
    )
    names = [row["touchpoint"] for row in listed.rows]
    branches = {
        "sources": _branch(night, names, "scored.touchpoint_profile", _SOURCES),
        "dimensions": _branch(night, names, "scored.scorecard", _DIMENSIONS),
        "attributes": _branch(night, names, "scored.touchpoint_matrix", _ATTRIBUTES),
        "failures": _branch(night, names, "scored.touchpoint_service", _FAILURES),
        "defects": _branch(night, names, "scored.issues", _DEFECTS),
        "service": _branch(night, names, "scored.service_metrics", _SERVICE),
    }
    for row in listed.rows:
        row |= {branch: rows.get(row["touchpoint"], []) for branch, rows in branches.items()}
        row["contradictions"] = sum(one["contradict"] for one in row["attributes"])
        row["defects_in_all"] = row["defects"][0]["in_all"] if row["defects"] else 0
    return {"listed": listed}


# Each is one SELECT whose first column is the touchpoint; the touchpoints are its one parameter.
_SOURCES = """select touchpoint, source, column_name, rows, age_days
    from scored.touchpoint_profile where touchpoint in (select unnest(?))
    order by touchpoint, rows desc, source, column_name"""
_DIMENSIONS = """select touchpoint, dimension, passed, failed, cast(score as double) as score,
        cast(target as double) as target, status
    from scored.scorecard where cut = 'touchpoint' and dimension <> 'all' and touchpoint in (select unnest(?))
    order by touchpoint, score, dimension"""
_ATTRIBUTES = """select touchpoint, entity, attribute, agree, contradict, missing, agreement, target, status
    from scored.touchpoint_matrix where touchpoint in (select unnest(?))
    order by touchpoint, agreement nulls last, entity, attribute"""
_FAILURES = """select touchpoint, failure, failed_orders, failed_share, cost
    from scored.touchpoint_service
    where failure <> 'all' and failed_orders > 0 and touchpoint in (select unnest(?))
    order by touchpoint, cost desc, failure"""
_DEFECTS = f"""select touchpoint, code, title, severity, owner, rows, orders, value_at_risk, in_all
    from (
        select touchpoint, code, title, severity, owner, rows, orders, value_at_risk,
            count(*) over (partition by touchpoint) as in_all,
            row_number() over (partition by touchpoint order by value_at_risk desc, rows desc, code) as choice
        from scored.issues where rows > 0 and touchpoint in (select unnest(?))
    )
    where choice <= {_MOST_DEFECTS}
    order by touchpoint, choice"""
_SERVICE = """select value_of as touchpoint, title, good, bad, unknown, rate, rate_of, target, status
    from scored.service_metrics where "by" = 'touchpoint' and value_of in (select unnest(?))
    order by touchpoint, place"""


def _branch(night: Night, names: Sequence[str], table: str, select: str) -> dict[str, list[Row]]:
    """Touchpoint -> its rows of one table; nothing where a night that broke did not make the table."""
    found: dict[str, list[Row]] = defaultdict(list)
    if night.has(table):
        for row in night.warehouse.records(select, [list(names)]):
            found[row["touchpoint"]].append(row)
    return found
