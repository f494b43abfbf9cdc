"""The sections on what customers were promised and are owed, and on the models that decide who is who."""

from dq_pipeline.scorecard.night import Night, Row, Section

# A rate of fewer is chance: such a value of a cut is not shown among those that miss the target.
LEAST_KNOWN = 20
MOST_VALUES = 12


def service(night: Night) -> Section:
    """Every metric with what is good, bad and unknown, the values of cuts that miss most, and all by cut."""
    metrics = night.warehouse.records(
        """select metric, title, unit, good, bad, unknown, rate, rate_of, target, status
        from scored.service_metrics
        where "by" = 'all'
        order by place"""
    )
    missed = night.listing(
        "scored.service_metrics",
        f"""select title, "by", value_of, good, bad, unknown, rate, rate_of, target
        from scored.service_metrics
        where "by" <> 'all' and value_of <> 'unknown' and status = 'missed' and good + bad >= {LEAST_KNOWN}
        order by abs(rate - target) desc, place, "by", value_of""",
        most=10,
    )
    return {"metrics": metrics, "missed": missed, "least": LEAST_KNOWN, "cuts": _cuts(night)}


def _cuts(night: Night) -> list[Row]:
    """Each cut of service (a touchpoint, a carrier): the values where most went wrong, and their number."""
    rows = night.warehouse.records(
        f"""with totals as (
            select "by", value_of, sum(bad) as wrong
            from scored.service_metrics
            where "by" <> 'all'
            group by "by", value_of
        ), ranked as (
            select "by", value_of, wrong, count(*) over (partition by "by") as in_all,
                row_number() over (partition by "by" order by wrong desc, value_of) as choice
            from totals
        )
        select metrics."by", metrics.value_of, ranked.in_all, metrics.title, metrics.good, metrics.bad, metrics.unknown,
            metrics.rate, metrics.rate_of, metrics.target, metrics.status
        from ranked
        join scored.service_metrics as metrics
            on metrics."by" = ranked."by" and metrics.value_of = ranked.value_of
        where ranked.choice <= {MOST_VALUES}
        order by metrics."by", ranked.choice, metrics.place"""
    )
    cuts: dict[str, Row] = {}
    for row in rows:
        cut = cuts.setdefault(row["by"], {"by": row["by"], "in_all": row["in_all"], "values": {}})
        cut["values"].setdefault(row["value_of"], []).append(row)
    return [
        cut | {"values": [{"value_of": value, "service": service} for value, service in cut["values"].items()]}
        for cut in cuts.values()
    ]


def standard(night: Night) -> Section:
    """Every condition of the minimum standard, and how many members are not granted all of them."""
    conditions = night.warehouse.records(
        "select condition, title, owner, met, unmet, unknown, rate, remedy from scored.minimum_standard order by place"
    )
    members = night.warehouse.value("select count(distinct member_id) from scored.standard_rows where not met")
    return {"conditions": conditions, "members": members}


def models(night: Night) -> Section:
    """The model of each entity: how many comparisons it makes, and the largest shift of what it sees."""
    found = night.warehouse.records(
        """select entity, count(distinct comparison) as comparisons, max(psi) as shift,
            case when bool_or(status <> 'ok') then 'shifted' else 'as trained' end as status
        from scored.model_drift
        group by entity
        order by entity"""
    )
    return {"entities": found}
