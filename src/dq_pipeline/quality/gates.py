"""Limits that a night must meet: each function looks at tables and returns the breaches it finds."""

from dq_pipeline.config import Project
from dq_pipeline.errors import Breach
from dq_pipeline.warehouse import Warehouse


def conservation_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No row is ever lost: for every source, rows read = validated + quarantined + unparsed lines."""
    breaches = []
    for source in project.sources:
        query = f"""select
            (select rows_read from raw.sources where source = ?) as read,
            (select count(*) from validated.{source.name}) as validated,
            (select count(*) from quarantined.rows where source = ?) as quarantined,
            (select count(*) from raw.unparsed where source = ?) as unparsed"""
        read, validated, quarantined, unparsed = warehouse.rows(query, [source.name] * 3)[0]
        if read != validated + quarantined + unparsed:
            message = (
                f"{read:,} rows read, but {validated:,} validated, {quarantined:,} quarantined, {unparsed:,} unparsed"
            )
            breaches.append(
                Breach("conservation", source.name, message, "report this as a bug: a row was lost or doubled")
            )
    return breaches


def quarantine_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No source may lose more than its share of rows to the quarantine."""
    limit = project.settings.gates.quarantine_share
    query = """select sources.source, count(*) as kept_out, any_value(sources.rows_read) as rows_read
        from quarantined.rows join raw.sources on sources.source = rows.source
        group by sources.source order by sources.source"""
    return [
        Breach(
            "quarantine_share",
            source,
            f"{kept_out:,} of {rows_read:,} rows are in quarantine ({kept_out / rows_read:.1%}, over {limit:.1%})",
            "see the reasons in the report; repair the source, or raise `gates.quarantine_share`",
        )
        for source, kept_out, rows_read in warehouse.rows(query)
        if rows_read and kept_out / rows_read > limit
    ]


def largest_cluster_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """A master of very many records is the sign of a placeholder value that links strangers."""
    limit = project.settings.gates.largest_cluster
    query = """select entity, master_id, count(*) as records from mastered.xref
        where source in (select source from raw.sources) group by entity, master_id
        having count(*) > ? order by records desc, entity, master_id limit 5"""
    return [
        Breach(
            "largest_cluster",
            f"{entity} {master_id}",
            f"{records:,} records were merged into one (at most {limit:,} may be)",
            "look for a placeholder in their e-mail, phone or address and add it to the lookups, "
            "or raise `gates.largest_cluster`",
        )
        for entity, master_id, records in warehouse.rows(query, [limit])
    ]


def id_churn_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No night may change more than a share of the ids that people and systems know; the first night has none."""
    limit = project.settings.gates.id_churn
    query = """with known as (
            select distinct master_id from mastered.known_before where entity = $1 and is_live
        ), changed as (
            select known.master_id,
                max(case when events.event = 'merged' then 1 else 0 end) as merged,
                max(case when events.event = 'split' then 1 else 0 end) as split,
                max(case when events.event = 'retired' then 1 else 0 end) as retired
            from known
            join mastered.id_events as events
                on events.entity = $1 and events.master_id = known.master_id and events.event <> 'created'
            group by known.master_id
        )
        select (select count(*) from known), count(*), sum(merged), sum(split), sum(retired) from changed"""
    breaches = []
    for entity in project.entities:
        known, changed, merged, split, retired = warehouse.rows(query, [entity.name])[0]
        if known and changed / known > limit:
            message = (
                f"{changed:,} of {known:,} master ids of the last published night changed ({changed / known:.1%}, "
                f"over {limit:.1%}): {merged:,} merged, {split:,} split, {retired:,} retired"
            )
            remedy = (
                "look for what is new tonight: a model, a rule, a threshold, a source that is short; "
                "if the change is meant, raise `gates.id_churn` for this night"
            )
            breaches.append(Breach("id_churn", entity.name, message, remedy))
    return breaches


def judged_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """Where floors are given: linkage must decide as many pairs as stewards did as right. No judgement, no breach."""
    floors = {"precision": project.settings.gates.judged_precision, "recall": project.settings.gates.judged_recall}
    meaning = {"precision": "pairs that linkage would merge are the same", "recall": "pairs judged the same are merged"}
    breaches = []
    for figure, floor in floors.items():
        query = f"""select entity, {figure}, {figure}_from, {figure}_to from mastered.judged_accuracy
            where {figure} < ? order by entity"""
        for entity, found, low, high in warehouse.rows(query, [floor]) if floor is not None else []:
            message = (
                f"by the stewards' judgements {found:.1%} of the {meaning[figure]}, under {floor:.1%}; "
                f"the range at 95 % is {low:.1%} to {high:.1%}"
            )
            remedy = "see the pairs with `dq review list`; train the model anew, or lower the floor in `gates`"
            breaches.append(Breach(f"judged_{figure}", entity, message, remedy))
    return breaches


def identity_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """Every standardized record has exactly one master id, and every master id has its golden record."""
    breaches = []
    remedy = "report this as a bug: identity is broken"
    for entity in project.entities:
        query = f"""select
            (select count(*) from standardized.{entity.name}) as records,
            (select count(*) from mastered.xref where entity = ?) as linked,
            (select count(distinct record_id) from mastered.xref where entity = ?) as distinct_linked,
            (select count(*) from mastered.xref
                left join mastered.{entity.name} as golden on golden.{entity.id_column} = xref.master_id
                where xref.entity = ? and golden.{entity.id_column} is null) as without_master"""
        records, linked, distinct, missing = warehouse.rows(query, [entity.name] * 3)[0]
        if not records == linked == distinct:
            message = f"{records:,} records, but {linked:,} rows and {distinct:,} records in the cross-reference"
            breaches.append(Breach("identity", entity.name, message, remedy))
        if missing:
            message = f"{missing:,} records belong to a master that has no row in mastered.{entity.name}"
            breaches.append(
                Breach("identity", entity.name, message, f"keep every row in sql/mastered/{entity.name}.sql")
            )
    return breaches


def model_drift_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """Where the project sets a limit: comparisons whose pairs agree otherwise than when the model was trained."""
    limit = project.settings.gates.model_drift
    if limit is None:
        return []
    query = """select entity, comparison, max(psi) as psi from scored.model_drift where psi > ?
        group by entity, comparison order by psi desc, entity, comparison"""
    return [
        Breach(
            "model_drift",
            f"entities/{entity}.yml, comparison {comparison}",
            f"tonight's pairs agree otherwise than those the model was trained on (index {psi:.2f}, over {limit:g})",
            "look at ops.model_drift and at the sources; train anew with `dq train`, or raise `gates.model_drift`",
        )
        for entity, comparison, psi in warehouse.rows(query, [limit])
    ]
