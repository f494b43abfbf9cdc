"""Everything that can be checked without data: the whole line is run once on empty tables, in memory, in a second.

So every SELECT binds against tables made from the contracts, every column has its remark, and every suite, model and
judgement can be read, before a run touches anything.
"""

from datetime import date
from pathlib import Path

from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.language.terms import TERMS
from dq_pipeline.linkage import check_linkage, default_model, link_entity, read_judgements, read_model
from dq_pipeline.linkage.model import build_weights
from dq_pipeline.linkage.reopening import reopen_judgements
from dq_pipeline.lookup import build_lookup
from dq_pipeline.publishing import published_tables, table_comments
from dq_pipeline.quality.coverage import known_codes, suite_contradictions, uncovered_columns
from dq_pipeline.quality.quarantine import validate_source
from dq_pipeline.quality.releases import read_releases
from dq_pipeline.quality.suites import SEVERITIES, Suite, load_suite
from dq_pipeline.run import Run
from dq_pipeline.scorecard.anomalies import find_anomalies
from dq_pipeline.scorecard.compute import compute_scores, find_issues
from dq_pipeline.scorecard.profiling import build_profiles
from dq_pipeline.scorecard.service import compute_service
from dq_pipeline.scorecard.touchpoints import build_touchpoints
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.stages.master import master
from dq_pipeline.stages.standardize import standardize
from dq_pipeline.warehouse import Warehouse, quoted


def check_project(project: Project, made: dict[str, tuple[str, dict[str, str]]] | None = None) -> dict[str, int]:
    """Check the project; what was checked -> how many. Raises ConfigError for the first fault.

    `made` takes every table and view that the line builds: name -> its SELECT and its columns.
    """
    _check_channels(project)
    warehouse = Warehouse()
    warehouse.made = made
    try:
        load_macros(warehouse)
        set_run_values(warehouse, "check", date(2000, 1, 1))
        run = Run(project, "check", date(2000, 1, 1), warehouse, Path())
        _raw_and_validated(run)
        build_profiles(warehouse, project, None)
        find_anomalies(warehouse, project, None)
        standardize(run)
        _check_added_columns(run)
        _linked(run)
        master(run)
        find_issues(warehouse, project)
        compute_scores(warehouse, project, None)
        build_touchpoints(warehouse, project, None)
        compute_service(warehouse, project)
        _check_remarks(run)
        suites = _check_suites(run)
    except ConfigError:
        raise
    except StageError as error:
        raise ConfigError(error.message, where=error.where, remedy=error.remedy or "correct it") from error
    finally:
        warehouse.close()
    selects = len(list((project.pipelines / "sql").rglob("*.sql")))
    return {
        "sources": len(project.sources),
        "entities": len(project.entities),
        "SELECTs": selects,
        "suites": suites,
        "issue checks": len(project.issues),
    }


def _check_channels(project: Project) -> None:
    """A channel that hears of a gate or an owner that there is not would never be told of anything."""
    gates = {term.replace(" ", "_") for term in TERMS}
    for channel in project.settings.notify:
        unknown = [name for name in channel.only if name not in gates and name not in project.settings.owners]
        if unknown:
            raise ConfigError(
                f"notify.{channel.title}.only: {unknown[0]!r} is no gate and no owner",
                where=project.file,
                remedy="name an owner of the project file, or a gate as breaches name it",
            )


def _raw_and_validated(run: Run) -> None:
    """Empty raw tables as the contracts have them, and what validation makes of them."""
    warehouse = run.warehouse
    warehouse.execute(
        """create table raw.unparsed (
            source varchar, source_file varchar, line_number bigint, reason varchar, text varchar)"""
    )
    warehouse.execute("create table raw.sources (source varchar, rows_read bigint)")
    for source in run.project.sources:
        columns = ", ".join(f"{quoted(name)} varchar" for name in source.columns)
        warehouse.execute(
            f"""create table raw.{source.name} ({columns}, record_id varchar, source_key varchar, repeat_no integer,
                source_file varchar, line_number bigint, file_hash varchar)"""
        )
        validate_source(warehouse, None, source)


def _check_added_columns(run: Run) -> None:
    """No record table has a column that a later stage adds: one of the two would be read for the other in silence."""
    for entity in run.project.entities:
        added = {entity.id_column, *(evidence.column for evidence in entity.evidence)}
        taken = sorted(added.intersection(run.warehouse.columns(f"standardized.{entity.name}")))
        if taken:
            where = run.project.sql_path("standardized", entity.name)
            raise ConfigError(f"the column {taken[0]} is added by linkage", where=where, remedy="name it differently")


def _linked(run: Run) -> None:
    """Linkage on no records, after every condition of the entity's YAML was bound."""
    for entity in run.project.entities:
        where = run.project.pipelines / "entities" / f"{entity.name}.yml"
        faults = check_linkage(run.warehouse, entity)
        if faults:
            raise ConfigError(
                "\n  ".join(faults), where=where, remedy="correct the condition; columns end in _l and _r"
            )
        path = run.project.model_path(entity.name)
        model = read_model(path) if path.exists() else default_model(entity)
        judgements = read_judgements(run.project.judgements_path(entity.name))
        link_entity(run.warehouse, entity, model, judgements)
        build_weights(run.warehouse, model)
    reopen_judgements(run.warehouse, run.project.entities, run.previous)


def _check_remarks(run: Run) -> None:
    """Every column of a published master table says what it is, at the end of the line that makes it."""
    for published, working in published_tables(run.project).items():
        if not published.startswith("master."):
            continue
        _check_remarks_of(run, published, working)
    for published, (working, _) in build_lookup(run.warehouse, run.project).items():
        _check_remarks_of(run, published, working, where=run.project.file)
    for name in run.project.settings.views:
        _check_remarks_of(run, f"master.{name}", f"mastered.{name}")
    for name in run.project.settings.scored:
        _check_remarks_of(run, f"quality.{name}", f"scored.{name}")


def _check_remarks_of(run: Run, published: str, working: str, where: Path | None = None) -> None:
    of_table, of_columns = table_comments(run.project, published)
    missing = [column for column in run.warehouse.columns(working) if column not in of_columns]
    where = where or run.project.sql_path(*working.split(".", 1))
    if missing:
        message = f"no remark says what {', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
        raise ConfigError(message, where=where, remedy=f"write `{missing[0]}, -- what it is` on its line")
    if not of_table:
        raise ConfigError("no comment says what one row is", where=where, remedy="begin with `-- One row is …`")


def _check_suites(run: Run) -> int:
    """Great Expectations takes every expectation, and each suite names columns that its table has; their number.

    No critical column is left out, nothing is said twice, and no two expectations contradict each other.
    """
    project = run.project
    folder = project.root / project.settings.paths.expectations
    suites: dict[tuple[str, str], Suite] = {}
    for path in sorted(folder.glob("*/*.json")):
        state, table = path.parent.name, path.stem
        if table.endswith(".draft"):
            continue
        if table not in run.warehouse.tables(state):
            raise ConfigError(f"the project has no table {state}.{table}", where=path, remedy="remove the suite")
        suites[state, table] = load_suite(path, run.warehouse.columns(f"{state}.{table}"))
    types = {one.name: {name: column.type for name, column in one.columns.items()} for one in project.sources}
    faults = [
        fault
        for (state, table), suite in suites.items()
        for fault in suite_contradictions(suite, None if state == "mastered" else types.get(table))
    ]
    for source in project.sources:
        faults += uncovered_columns(project, source, suites.get(("raw", source.name)))
        read_releases(project.releases_path(source.name))
    unknown = sorted(set(project.settings.gates.issues) - known_codes(project, suites) - set(SEVERITIES))
    if unknown:
        faults.append(f"{project.file}, gates.issues.{unknown[0]}: no issue has this code, so the gate cannot fire")
    if faults:
        raise ConfigError(
            faults[0] + "".join(f"\n  {fault}" for fault in faults[1:]), remedy="see above; then `dq check`"
        )
    return len(suites)
