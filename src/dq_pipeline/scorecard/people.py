"""The sections on masters: who waits to be joined or kept apart, groups, churn of ids, and whom problems hurt."""

from dq_pipeline.scorecard.night import Night, Section
from dq_pipeline.warehouse import quoted, table_name

# How many of the most important customers with problems are shown.
_MOST_IMPORTANT = 15


def waiting(night: Night) -> Section:
    """Why pairs wait in the review queue: how many of records, and how many masters they would join or keep apart."""
    reasons = night.warehouse.records(
        """select entity, reason, count(*) as pairs, count(distinct least(master_id_l, master_id_r)) as masters,
            len(list_distinct(flatten(list(open_order_ids)))) as open_orders
        from mastered.review_queue
        group by entity, reason
        order by pairs desc, entity, reason"""
    )
    return {"reasons": reasons}


def churn(night: Night) -> Section:
    """How many of the ids that were known before changed tonight: merged, split or retired, of each entity."""
    entities = night.warehouse.records(
        """with known as (
            select entity, count(distinct master_id) as ids
            from mastered.known_before
            where is_live
            group by entity
        ), changed as (
            select entity, count(distinct master_id) as ids
            from mastered.id_history
            where run_id = ? and event <> 'created'
            group by entity
        )
        select known.entity, known.ids as known, coalesce(changed.ids, 0) as changed,
            coalesce(changed.ids, 0) / known.ids as share
        from known
        left join changed
            on changed.entity = known.entity
        order by known.entity""",
        [night.run_id],
    )
    return {"entities": entities}


def groups(night: Night) -> Section:
    """Tables that group masters: those of the project with an id named after them and a number of members."""
    tables = night.warehouse.records(
        """select id.table_name as name
        from information_schema.columns as id
        join information_schema.columns as members
            on members.table_schema = id.table_schema and members.table_name = id.table_name
            and members.column_name = 'members'
        where id.table_schema = 'mastered' and id.column_name = id.table_name || '_id'
        order by id.table_name"""
    )
    found = [
        {"name": row["name"], **counted}
        for row in tables
        for counted in night.warehouse.records(
            f"""select count(*) as groups, coalesce(sum({quoted("members")}), 0) as members,
                coalesce(max({quoted("members")}), 0) as largest
            from {table_name("mastered." + row["name"])}"""
        )
    ]
    return {"groups": found}


def important(night: Night) -> Section:
    """Customers of weighty tiers who are not granted the minimum standard, have a failed order, or are in a defect."""
    listed = night.listing(
        "scored.standard_rows",
        """with unmet as (
            select member_id as customer_id, count(*) as conditions
            from scored.standard_rows
            where not met
            group by member_id
        ), failed as (
            select customer_id, count(distinct order_id) as orders, sum(cost) as cost
            from scored.failed_orders
            group by customer_id
        ), found as (
            select master_id as customer_id, count(distinct code) as defects, sum(value_at_risk) as value_at_risk
            from scored.issue_rows
            group by master_id
        )
        select tiers.customer_id, tiers.tier, weights.weight, coalesce(unmet.conditions, 0) as unmet,
            coalesce(failed.orders, 0) as failed_orders, coalesce(found.defects, 0) as defects,
            coalesce(found.value_at_risk, 0) as value_at_risk
        from scored.customer_tiers as tiers
        join scored.tier_weights as weights
            on weights.tier = tiers.tier and weights.weight > 1
        left join unmet
            on unmet.customer_id = tiers.customer_id
        left join failed
            on failed.customer_id = tiers.customer_id
        left join found
            on found.customer_id = tiers.customer_id
        where unmet.conditions > 0 or failed.orders > 0
        order by weights.weight desc, failed_orders desc, unmet desc, value_at_risk desc, tiers.customer_id""",
        most=_MOST_IMPORTANT,
    )
    return {"listed": listed}
