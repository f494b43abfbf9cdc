"""The sections on what customers were promised and are owed, and on the models that decide who is who."""

from dq_pipeline.scorecard.night import Night, Section

# A rate of fewer is chance: such a value of a cut is not shown among those that miss the target.
LEAST_KNOWN = 20


def service(night: Night) -> Section:
    """Every metric with what is good, bad and unknown, and the values of cuts that miss the target by most."""
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
    return {"metrics": metrics, "missed": missed, "least": LEAST_KNOWN}


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
