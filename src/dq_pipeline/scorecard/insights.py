"""The sections that say why: what is unlike other nights, why orders fail, and what each touchpoint knows and costs."""

from dq_pipeline.scorecard.night import Night, Section


def anomalies(night: Night) -> Section:
    """What about the sources is unlike their own history, the worst first."""
    listed = night.listing(
        "scored.anomalies",
        """select kind, source, column_name, owner, severity, since, nights, message
        from scored.anomalies
        order by case severity when 'critical' then 0 else 1 end, source, kind, column_name, touchpoint""",
    )
    held_against = night.warehouse.value(
        "select count(distinct run_date) from scored.profile_history where run_date < cast(? as date)", [night.run_date]
    )
    return {"listed": listed, "nights": held_against}


def causes(night: Night) -> Section:
    """How many orders failed and how, and the few defects that explain most of them."""
    failed = night.warehouse.value("select count(distinct order_id) from scored.failed_orders")
    kinds = night.warehouse.records(
        """select failure, count(*) as orders, sum(cost) as cost,
            count(*) filter (where defects > 0) as traced
        from scored.failed_orders
        group by failure
        order by orders desc, failure"""
    )
    defects = night.listing(
        "scored.attribution_summary",
        """select rank, code, title, owner, orders, newly_explained, explained, explained_share
        from scored.attribution_summary
        order by rank""",
        most=10,
    )
    explained = night.warehouse.value("select coalesce(max(explained), 0) from scored.attribution_summary")
    return {"failed": failed, "kinds": kinds, "defects": defects, "explained": explained}


def touchpoints(night: Night) -> Section:
    """Each touchpoint's interactions and failures with their cost, and the attributes that it has wrong."""
    service = night.warehouse.records(
        """select touchpoint, interactions, orders, perfect_orders, failed_orders, failed_share, cost
        from scored.touchpoint_service
        where failure = 'all'
        order by cost desc, touchpoint"""
    )
    wrong = night.listing(
        "scored.touchpoint_matrix",
        """select entity, attribute, touchpoint, agree, contradict, agreement, target, nights_below, below_since
        from scored.touchpoint_matrix
        where status = 'missed'
        order by nights_below desc, contradict desc, entity, attribute, touchpoint""",
        most=15,
    )
    return {"service": service, "wrong": wrong}
