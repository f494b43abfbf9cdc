"""The tables of a run -> the sections of its report: plain values, every list short, free texts still unmasked.

A night may have broken anywhere, so any table may be missing: then a section says so in its `missing` or `problem`.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

from dq_pipeline.errors import StageError
from dq_pipeline.scorecard.insights import anomalies, causes, touchpoints
from dq_pipeline.scorecard.morning import ages, changes, intake
from dq_pipeline.scorecard.night import Night, Row, Section
from dq_pipeline.scorecard.pairs import pairs
from dq_pipeline.scorecard.people import churn, groups, important, waiting
from dq_pipeline.scorecard.served import models, service, standard
from dq_pipeline.scorecard.touchpoint_map import touchpoint_map

EXAMPLE_ROWS = 5
TREND_RUNS = 30
_IMPORTANT = (
    *("scored.customer_tiers", "scored.tier_weights"),
    *("scored.standard_rows", "scored.failed_orders", "scored.issue_rows"),
)
# The order in which a steward reads dimensions and severities; others follow by name.
DIMENSIONS = ("completeness", "validity", "uniqueness", "consistency", "timeliness", "accuracy")
_SEVERITY = "case severity when 'critical' then 0 when 'warning' then 1 else 2 end"


def read_section(night: Night, read: Callable[[Night], Section], *needs: str) -> Section:
    """What `read` gives; else `missing`, the tables it needs and that were not made, or `problem`, an error's text."""
    try:
        missing = [table for table in needs if not night.has(table)]
        return {"missing": missing} if missing else read(night)
    except StageError as error:
        return {"problem": error.message}


def read_sections(night: Night) -> dict[str, Section]:
    """All sections that come from tables, by name."""
    return {
        "scores": read_section(night, scores, "scored.scorecard"),
        "plan": read_section(night, plan, "scored.action_plan"),
        "anomalies": read_section(night, anomalies, "scored.anomalies", "scored.profile_history"),
        "causes": read_section(night, causes, "scored.failed_orders", "scored.attribution_summary"),
        "touchpoints": read_section(night, touchpoints, "scored.touchpoint_service", "scored.touchpoint_matrix"),
        "service": read_section(night, service, "scored.service_metrics"),
        "standard": read_section(night, standard, "scored.minimum_standard", "scored.standard_rows"),
        "pairs": read_section(night, pairs, "mastered.review_queue"),
        "masters": read_section(night, masters, "mastered.xref"),
        "history": read_section(night, history, "mastered.id_history"),
        "trade": read_section(night, trade, "scored.issues", "scored.issue_rows"),
        "quarantine": read_section(night, quarantine, "scored.quarantine"),
        "unparsed": read_section(night, unparsed, "raw.unparsed"),
        "rules": read_section(night, rules, _rules_table(night)),
        "changes": read_section(night, changes, "scored.trend"),
        "intake": read_section(night, intake, "scored.profile_history"),
        "map": read_section(night, touchpoint_map, "scored.touchpoint_service"),
        "waiting": read_section(night, waiting, "mastered.review_queue"),
        "groups": read_section(night, groups),
        "churn": read_section(night, churn, "mastered.known_before", "mastered.id_history"),
        "important": read_section(night, important, *_IMPORTANT),
        "models": read_section(night, models, "scored.model_drift"),
    }


def read_owner_sections(night: Night) -> dict[str, Section]:
    """The sections of an owner's page, by name."""
    return {
        "scores": read_section(night, owner_scores, "scored.scorecard"),
        "plan": read_section(night, plan, "scored.action_plan"),
        "quarantine": read_section(night, quarantine, "scored.quarantine"),
        "rules": read_section(night, rules, _rules_table(night)),
    }


def owner_scores(night: Night) -> Section:
    """The score of each dimension over the checks that the night's owner answers for."""
    found = night.warehouse.records(
        """select dimension, passed, failed, cast(score as double) as score, cast(target as double) as target, status,
            cast(change as double) as change
        from scored.scorecard
        where cut = 'owner' and owner = ?
        order by dimension""",
        [night.owner],
    )
    return {"dimensions": sorted(found, key=_place_of_dimension)}


def _place_of_dimension(row: Row) -> int:
    return DIMENSIONS.index(row["dimension"]) if row["dimension"] in DIMENSIONS else len(DIMENSIONS)


def scores(night: Night) -> Section:
    """The score of each dimension, against its target and the run before, with the runs of its trend."""
    found = night.warehouse.records(
        """select dimension, passed, failed, cast(score as double) as score, cast(target as double) as target, status,
            movement
        from scored.scorecard
        where cut = 'dimension'
        order by dimension"""
    )
    found.sort(key=_place_of_dimension)
    runs: dict[str, list[Row]] = defaultdict(list)
    if night.has("scored.trend"):
        for run in night.warehouse.records(
            """select run_id, run_date, dimension, cast(score as double) as score
            from scored.trend
            where coalesce(cut, 'dimension') = 'dimension' and source = 'all' and entity = 'all' and run_id <> ?
            order by run_date, run_id, dimension""",
            [night.run_id],
        ):
            runs[run["dimension"]].append(run)
    for row in found:
        before = runs[row["dimension"]][-(TREND_RUNS - 1) :]
        row["trend"] = [*before, {"run_id": night.run_id, "run_date": night.run_date, "score": row["score"]}]
        row["change"] = row["score"] - before[-1]["score"] if before else None
    overall = night.warehouse.records(
        """select cast(score as double) as score, cast(target as double) as target, status, movement
        from scored.scorecard
        where cut = 'overall'"""
    )
    missed = [row["dimension"] for row in found if row["status"] == "missed"]
    worse = [row["dimension"] for row in found if row["movement"] == "worse"]
    return {"dimensions": found, "missed": missed, "worse": worse, "overall": overall}


def plan(night: Night) -> Section:
    """The repairs, most worthwhile first, each with a few of its rows."""
    listed = night.listing(
        "scored.action_plan",
        f"select * from scored.action_plan where status <> 'done' and {night.mine} order by rank",
    )
    done = night.listing(
        "scored.action_plan", f"select * from scored.action_plan where status = 'done' and {night.mine} order by rank"
    )
    examples: dict[str, list[Row]] = defaultdict(list)
    if night.has("scored.issue_rows"):
        rows = night.warehouse.records(
            f"""with ranked as (
                select code, key, record_id, master_id, order_id, detail, value_at_risk,
                    row_number() over (
                        partition by code
                        order by value_at_risk desc nulls last, record_id, key, detail, order_id, master_id
                    ) as choice
                from scored.issue_rows
                where code in (select unnest(?))
            )
            select code, key, record_id, master_id, order_id, detail, value_at_risk
            from ranked
            where choice <= {EXAMPLE_ROWS}
            order by code, choice""",
            [[row["code"] for row in listed.rows]],
        )
        for row in rows:
            examples[row["code"]].append(row)
    for row in listed.rows:
        row["examples"] = examples[row["code"]]
    return {"repairs": listed, "done": done}


def masters(night: Night) -> Section:
    """Records and masters of each entity, how large clusters are, and the largest."""
    entities = night.warehouse.records(
        """with sizes as (
            select entity, master_id, count(*) as records
            from mastered.xref
            group by entity, master_id
        )
        select entity, sum(records) as records, count(*) as masters, sum(records) - count(*) as duplicates,
            max(records) as largest
        from sizes
        group by entity
        order by entity"""
    )
    sizes = night.warehouse.records(
        """with sizes as (
            select entity, master_id, count(*) as records
            from mastered.xref
            group by entity, master_id
        ), banded as (
            select entity,
                case
                    when records < 5 then records
                    when records < 10 then 5
                    when records < 20 then 10
                    else 20
                end as least
            from sizes
        )
        select entity, least, count(*) as masters
        from banded
        group by entity, least
        order by entity, least"""
    )
    bands = {1: "1 record", 2: "2", 3: "3", 4: "4", 5: "5 to 9", 10: "10 to 19", 20: "20 or more"}
    distribution: dict[str, list[Row]] = defaultdict(list)
    for row in sizes:
        distribution[row["entity"]].append({"band": bands[int(row["least"])], "masters": row["masters"]})
    largest = night.listing(
        "mastered.xref",
        """select entity, master_id, count(*) as records,
            array_to_string(list_sort(list(distinct source)), ', ') as sources,
            array_to_string(list_sort(list(distinct match_reason)), ', ') as reasons,
            min(match_probability) as weakest
        from mastered.xref
        group by entity, master_id
        having count(*) > 1
        order by records desc, entity, master_id""",
        most=10,
    )
    return {"entities": entities, "distribution": dict(distribution), "largest": largest}


def history(night: Night) -> Section:
    """What happened to master ids in this run."""
    counts: dict[str, Row] = {}
    for row in night.warehouse.records(
        """select entity, event, count(*) as ids
        from mastered.id_history
        where run_id = ?
        group by entity, event
        order by entity, event""",
        [night.run_id],
    ):
        counts.setdefault(row["entity"], {})[row["event"]] = row["ids"]
    events = night.listing(
        "mastered.id_history",
        """select entity, master_id, event, into_master_id
        from mastered.id_history
        where run_id = ? and event <> 'created'
        order by event, entity, master_id, into_master_id""",
        [night.run_id],
    )
    return {"counts": counts, "events": events}


def trade(night: Night) -> Section:
    """The defects that show only where rows are compared with others, by source, and the money that hangs on them."""
    # An expectation's issue is named `<source>.<code>`: it is in the section of expectations.
    issues = night.listing(
        "scored.issues",
        """select code, title, source, severity, owner, touchpoint, rows, customers, orders, value_at_risk
        from scored.issues
        where not contains(code, '.')
        order by source, value_at_risk desc, rows desc, code""",
        most=100,
    )
    sources: dict[str, list[Row]] = defaultdict(list)
    for row in issues.rows:
        sources[row["source"]].append(row)
    at_risk = night.warehouse.value(
        """with cases as (
            select coalesce(order_id, record_id, key) as subject, max(value_at_risk) as amount
            from scored.issue_rows
            where value_at_risk is not null
            group by coalesce(order_id, record_id, key)
        )
        select sum(amount) from cases"""
    )
    return {"sources": dict(sources), "issues": issues, "value_at_risk": at_risk or 0}


def quarantine(night: Night) -> Section:
    """Why rows are kept out, since when, and the rows that wait longest."""
    reasons = night.listing(
        "scored.quarantine",
        f"""select source, code, min(reason) as reason, count(distinct record_id) as rows,
            min(since) as first_seen, date_diff('day', min(since), cast(? as date)) as age_days,
            count(distinct record_id) filter (where since = cast(? as date)) as new_rows
        from scored.quarantine
        where status = 'open' and {night.mine}
        group by source, code
        order by rows desc, source, code""",
        [night.run_date, night.run_date],
    )
    oldest = night.listing(
        "scored.quarantine",
        f"""select source, record_id, "column", reason, since as first_seen,
            date_diff('day', since, cast(? as date)) as age_days
        from scored.quarantine
        where status = 'open' and {night.mine}
        order by since, source, record_id, "column", reason, expectation""",
        [night.run_date],
    )
    counts = dict(
        night.warehouse.rows(
            f"""select status, count(distinct record_id) from scored.quarantine where {night.mine}
            group by status order by status"""
        )
    )
    statuses = {status: counts.get(status, 0) for status in ("open", "released", "repaired", "gone")}
    return {"reasons": reasons, "oldest": oldest, "ages": ages(night), **statuses}


def unparsed(night: Night) -> Section:
    """Lines that could not be read: where and why, never their text."""
    lines = night.listing(
        "raw.unparsed",
        """select source, source_file, line_number, reason
        from raw.unparsed
        order by source, source_file, line_number, reason""",
    )
    return {"lines": lines}


def _rules_table(night: Night) -> str:
    """The results of expectations: scored, or as the checks left them in a night that broke before they were scored."""
    tables = ("scored.rule_results", "quarantined.rule_results")
    try:
        return next((table for table in tables if night.has(table)), tables[0])
    except StageError:
        return tables[0]


def rules(night: Night) -> Section:
    """Expectations met and missed by dimension and owner; those that could not run, then those that failed."""
    table = _rules_table(night)
    summary = night.warehouse.records(
        f"""select dimension, owner,
            count(*) as expectations,
            count(*) filter (where success and error is null) as met,
            count(*) filter (where not success and error is null) as missed,
            count(*) filter (where error is not null) as not_run,
            sum(failed) filter (where error is null) as failed_rows
        from {table}
        where {night.mine}
        group by dimension, owner
        order by dimension, owner"""
    )
    select = "source, column_name, code, expectation, description, dimension, severity, owner"
    not_run = night.listing(
        table,
        f"""select {select}, error
        from {table}
        where error is not null and {night.mine}
        order by {_SEVERITY}, source, code, expectation, column_name""",
    )
    failed = night.listing(
        table,
        f"""select {select}, evaluated, failed
        from {table}
        where error is null and not success and {night.mine}
        order by {_SEVERITY}, failed desc, source, code, expectation, column_name""",
    )
    totals: Mapping[str, int] = {
        name: sum(int(row[name] or 0) for row in summary) for name in ("expectations", "met", "missed", "not_run")
    }
    return {"summary": summary, "totals": totals, "not_run": not_run, "failed": failed, "table": table}
