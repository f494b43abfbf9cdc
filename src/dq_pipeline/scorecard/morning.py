"""The sections that hold tonight against the night before: what changed, how the sources came, how long rows wait."""

from dq_pipeline.scorecard.night import Night, Row, Section

# How long a row waits in quarantine, in days: the least of each band.
_AGES = (0, 1, 7, 30)
# One row is a figure of tonight and of the night before; null where there is none.
_FIGURES = {
    "scored.profile_history": """select 'rows' as what,
            sum(rows) filter (where run_id = ?) as tonight, sum(rows) filter (where run_id = ?) as before
        from scored.profile_history where column_name = ''""",
    "scored.action_history": """select 'defects' as what,
            count(*) filter (where run_id = ?) as tonight, count(*) filter (where run_id = ?) as before
        from scored.action_history where status <> 'done'""",
}


def changes(night: Night) -> Section:
    """Tonight's figures beside those of the night before; `before` is that night's run, None on the first."""
    before = night.warehouse.records(
        """select run_id, run_date from scored.trend where run_id <> ?
        group by run_id, run_date order by run_date desc, run_id desc limit 1""",
        [night.run_id],
    )
    if not before:
        return {"before": None, "figures": []}
    runs = [night.run_id, before[0]["run_id"]]
    figures = [
        row for table, select in _FIGURES.items() if night.has(table) for row in night.warehouse.records(select, runs)
    ]
    if night.has("scored.quarantine", "scored.quarantine_before"):
        figures += night.warehouse.records(
            """select 'quarantine' as what,
                (select count(distinct record_id) from scored.quarantine where status = 'open') as tonight,
                (select count(distinct record_id) from scored.quarantine_before where status = 'open') as before"""
        )
    if night.has("mastered.xref", "mastered.known_before"):
        figures += night.warehouse.records(
            """select 'masters' as what, entity, count(distinct xref.master_id) as tonight,
                (select count(distinct master_id) from mastered.known_before
                    where known_before.entity = xref.entity and is_live) as before
            from mastered.xref
            group by entity
            order by entity"""
        )
    scores = night.warehouse.records(
        """select max(score) filter (where run_id = ?) as tonight, max(score) filter (where run_id = ?) as before
        from scored.trend where cut = 'overall'""",
        runs,
    )
    return {"before": before[0], "figures": figures, "overall": scores[0]}


def intake(night: Night) -> Section:
    """Of every source: its rows tonight and the night before, the age of its newest row, and columns new or gone."""
    sources = night.warehouse.records(
        """with nights as (
            select run_id, dense_rank() over (order by run_date desc, run_id desc) as place
            from scored.profile_history
            where run_id = ? or run_date <= cast(? as date)
            group by run_id, run_date
        ), near as (
            select history.source, history.column_name, history.rows, history.age_days, nights.place
            from scored.profile_history as history
            join nights
                on nights.run_id = history.run_id and nights.place <= 2
        ), columns as (
            select source, column_name, min(place) as newest, max(place) as oldest
            from near
            where column_name <> ''
            group by source, column_name
        ), moved as (
            select source,
                string_agg(column_name, ', ' order by column_name) filter (where oldest = 1) as added,
                string_agg(column_name, ', ' order by column_name) filter (where newest = 2) as gone
            from columns
            group by source
        )
        select near.source,
            max(near.rows) filter (where near.place = 1) as rows,
            max(near.rows) filter (where near.place = 2) as before,
            max(near.age_days) filter (where near.place = 1) as age_days,
            max(moved.added) as added,
            max(moved.gone) as gone
        from near
        left join moved
            on moved.source = near.source
        where near.column_name = ''
        group by near.source
        order by near.source""",
        [night.run_id, night.run_date],
    )
    for row in sources:
        if row["before"] is None:
            row["added"] = None
    changed: list[Row] = []
    if night.warehouse.has("raw.schema_changes"):
        changed = night.warehouse.records(
            """select source, change, column_name, max(found_name) as found_name, max(declared_type) as declared_type,
                max(found_type) as found_type, max(effect) as effect, max(proposal) as proposal
            from raw.schema_changes
            group by source, change, column_name, coalesce(found_name, '')
            order by source, change, column_name, found_name"""
        )
    return {"sources": sources, "changed": changed}


def ages(night: Night) -> list[Row]:
    """How many rows wait in quarantine since tonight, for days, for weeks; every band, also an empty one."""
    counted = dict(
        night.warehouse.rows(
            f"""with waiting as (
                select record_id, max(date_diff('day', since, cast(? as date))) as days
                from scored.quarantine
                where status = 'open' and {night.mine}
                group by record_id
            )
            select case when days < 1 then 0 when days < 7 then 1 when days < 30 then 7 else 30 end as least, count(*)
            from waiting
            group by least
            order by least""",
            [night.run_date],
        )
    )
    return [{"least": least, "rows": counted.get(least, 0)} for least in _AGES]
