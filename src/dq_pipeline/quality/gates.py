"""Limits that a night must meet: each function looks at tables and returns the breaches it finds."""

from pathlib import Path

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


def volume_breaches(warehouse: Warehouse, project: Project, previous: Path | None) -> list[Breach]:
    """No source may be much shorter, or longer, than in the last published night; the first night has none.

    So half an extract is a breach before anything is made of it, and no master is lost to it.
    """
    gates = project.settings.gates
    warehouse.recall(previous, "raw.sources_before", "ops.sources", "source varchar, rows_read bigint")
    query = """select sources.source, sources.rows_read, before.rows_read
        from raw.sources join raw.sources_before as before on before.source = sources.source
        where abs(sources.rows_read - before.rows_read) >= ? and before.rows_read > 0 order by sources.source"""
    breaches = []
    for source, read, before in warehouse.rows(query, [gates.volume_rows]):
        name = "volume_drop" if read < before else "volume_rise"
        limit, field = gates.limit(name, source)
        if limit is None or abs(read - before) / before <= limit:
            continue
        change = abs(read - before) / before
        if read < before:
            message = f"{read:,} rows, {before:,} in the last published night ({change:.1%} fewer, over {limit:.1%})"
        else:
            message = f"{read:,} rows, {before:,} in the last published night ({change:.1%} more, over {limit:.1%})"
        remedy = (
            f"ask {project.source(source).owner} for the whole extract; if the change is meant, set "
            f"`gates.sources.{source}.{name}` above it for this night (now `{field}`)"
        )
        breaches.append(Breach(name, source, message, remedy))
    return breaches


def records_lost_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No source may lack many of the records that masters were made of in the last published night.

    What the number of rows does not tell, an extract with the wrong half of its rows does.
    """
    gates = project.settings.gates
    query = """with known as (
            select distinct split_part(record_id, ':', 1) as source, record_id
            from mastered.known_before where is_live
        )
        select known.source, count(*), count(*) filter (where tonight.record_id is null) as lost
        from known
        left join (select distinct record_id from mastered.xref) as tonight on tonight.record_id = known.record_id
        where known.source in (select source from raw.sources)
        group by known.source having lost >= ? order by known.source"""
    breaches = []
    for source, known, lost in warehouse.rows(query, [gates.volume_rows]):
        limit, field = gates.limit("records_lost", source)
        if lost and limit is not None and lost / known > limit:
            message = (
                f"{lost:,} of the {known:,} records of the last published night are missing "
                f"({lost / known:.1%}, over {limit:.1%})"
            )
            remedy = (
                f"ask {project.source(source).owner} whether the extract is that of the whole company; if the change "
                f"is meant, set `gates.sources.{source}.records_lost` above it for this night (now `{field}`)"
            )
            breaches.append(Breach("records_lost", source, message, remedy))
    return breaches


def quarantine_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No source may lose more than its share, or number, of rows to the quarantine, nor may all together."""
    gates = project.settings.gates
    remedy = "see the reasons in the report or with `dq quarantine list`; repair the source, release what is right"
    query = """select sources.source, count(*) as kept_out, any_value(sources.rows_read) as rows_read
        from quarantined.rows join raw.sources on sources.source = rows.source
        group by sources.source order by sources.source"""
    breaches = []
    for source, kept_out, rows_read in warehouse.rows(query):
        share, field = gates.limit("quarantine_share", source)
        if share is not None and rows_read and kept_out / rows_read > share:
            told = (
                f"{kept_out:,} of {rows_read:,} rows are in quarantine ({kept_out / rows_read:.1%}, over {share:.1%})"
            )
            breaches.append(Breach("quarantine_share", source, told, f"{remedy}, or raise `{field}`"))
        most, field = gates.limit("quarantine_rows", source)
        if most is not None and kept_out > most:
            told = f"{kept_out:,} of {rows_read:,} rows are in quarantine, over {most:,}"
            breaches.append(Breach("quarantine_rows", source, told, f"{remedy}, or raise `{field}`"))
    read = int(warehouse.value("select coalesce(sum(rows_read), 0) from raw.sources"))
    kept_out = warehouse.count("quarantined.rows")
    share, most = gates.quarantine_share_in_all, gates.quarantine_rows_in_all
    told = f"{kept_out:,} of {read:,} rows are in quarantine"
    if share is not None and read and kept_out / read > share:
        message = f"{told} ({kept_out / read:.1%}, over {share:.1%})"
        raised = f"{remedy}, or raise `gates.quarantine_share_in_all`"
        breaches.append(Breach("quarantine_share_in_all", "all sources", message, raised))
    if most is not None and kept_out > most:
        raised = f"{remedy}, or raise `gates.quarantine_rows_in_all`"
        breaches.append(Breach("quarantine_rows_in_all", "all sources", f"{told}, over {most:,}", raised))
    return breaches


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
    breaches = []
    for figure, floor in floors.items():
        query = f"""select entity, {figure}, {figure}_from, {figure}_to from mastered.judged_accuracy
            where {figure} < ? order by entity"""
        for entity, found, low, high in warehouse.rows(query, [floor]) if floor is not None else []:
            if figure == "precision":
                message = (
                    f"by the stewards' judgements {found:.1%} of the pairs that linkage would merge are the same, "
                    f"under {floor:.1%}; the range at 95 % is {low:.1%} to {high:.1%}"
                )
            else:
                message = (
                    f"by the stewards' judgements {found:.1%} of the pairs judged the same are merged, "
                    f"under {floor:.1%}; the range at 95 % is {low:.1%} to {high:.1%}"
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
