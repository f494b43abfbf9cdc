"""What the project declares, as tables that scores and plan are joined with: checks, targets, weights, sources."""

from collections.abc import Iterable

from dq_pipeline.config import Project
from dq_pipeline.warehouse import Warehouse, literal

CUTS = ("dimension", "source", "entity", "touchpoint", "owner", "part")


def declare(warehouse: Warehouse, project: Project) -> None:
    """Build the declared tables of `scored`. Needs validated sources and the cross-reference."""
    _declare_sources(warehouse, project)
    _declare_issues(warehouse, project)
    _declare_scores(warehouse, project)


def values(warehouse: Warehouse, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    """A small table from values of the project's files."""
    warehouse.execute(f"create or replace table {table} ({columns})")
    listed = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows)
    if listed:
        warehouse.execute(f"insert into {table} values {listed}")


def _declare_sources(warehouse: Warehouse, project: Project) -> None:
    sources = [(source.name, source.touchpoint, source.owner) for source in project.sources]
    values(warehouse, "scored.sources", "source varchar, touchpoint varchar, owner varchar", sources)
    main = {source: entity.name for entity in project.entities for source in entity.sources}
    main |= {f"mastered.{entity.name}": entity.name for entity in project.entities}
    values(warehouse, "scored.measured_entities", "source varchar, entity varchar", main.items())
    unique = [(entity.name, source) for entity in project.entities for source in entity.unique_in]
    values(warehouse, "scored.unique_in", "entity varchar, source varchar", unique)
    warehouse.build(
        "scored.should_be_unique",
        """select xref.entity, xref.source, xref.master_id
        from mastered.xref
        join scored.unique_in on unique_in.entity = xref.entity and unique_in.source = xref.source""",
    )


def _declare_issues(warehouse: Warehouse, project: Project) -> None:
    checks = [
        (
            *(issue.code, issue.dimension, issue.source, issue.touchpoint, issue.owner),
            warehouse.count(f"validated.{issue.source}"),
        )
        for issue in project.issues
    ]
    columns = "code varchar, dimension varchar, source varchar, touchpoint varchar, owner varchar, examined bigint"
    values(warehouse, "scored.issue_checks", columns, checks)
    declared = """code varchar, name varchar, title varchar, dimension varchar, severity varchar, source varchar,
        owner varchar, touchpoint varchar, effort_minutes double, remedy varchar, one_row varchar"""
    issues = [
        (
            *(issue.code, issue.name, issue.title, issue.dimension, issue.severity, issue.source),
            *(issue.owner, issue.touchpoint, issue.effort_minutes, issue.remedy, issue.row),
        )
        for issue in project.issues
    ]
    values(warehouse, "scored.declared_issues", declared, issues)
    warehouse.execute(
        """insert into scored.declared_issues
        select rules.source || '.' || rules.code, rules.code, min(rules.description), min(rules.dimension),
            min(rules.severity), rules.source, min(rules.owner), coalesce(min(sources.touchpoint), 'all'), 5,
            'correct the row in ' || rules.source || '; it is checked again in the next run',
            'one row is a row of ' || rules.source
        from quarantined.rule_results as rules
        left join scored.sources on sources.source = rules.source
        group by rules.source, rules.code"""
    )


def _declare_scores(warehouse: Warehouse, project: Project) -> None:
    """Weights, targets and what counts as a change; a target of a whole dimension is the last that is asked for."""
    scores = project.settings.scores
    rules: list[dict[str, object]] = [{**rule.fields(), "target": rule.target} for rule in scores.targets]
    rules += [{"dimension": name, "target": target} for name, target in project.settings.targets.items()]
    names = ("dimension", "source", "entity", "touchpoint", "owner")
    columns = "position integer, fields integer, target double, " + ", ".join(f"{name} varchar" for name in names)
    rows = [
        (position, len(rule) - 1, rule["target"], *(rule.get(name) for name in names))
        for position, rule in enumerate(rules)
    ]
    values(warehouse, "scored.target_rules", columns, rows)
    values(warehouse, "scored.dimension_weights", "dimension varchar, weight double", scores.weights.items())
    values(warehouse, "scored.source_weights", "source varchar, weight double", scores.source_weights.items())
    values(warehouse, "scored.cuts", "cut varchar", [(cut,) for cut in CUTS])
    recent = scores.recent
    columns = "nights integer, least_nights integer, deviations double, least_change double, overall_target double"
    settings = (recent.nights, recent.least_nights, recent.deviations, recent.least_change, scores.overall_target)
    values(warehouse, "scored.score_settings", columns, [settings])
