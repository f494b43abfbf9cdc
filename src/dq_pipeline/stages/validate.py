"""raw -> validated and quarantined: each source's rows checked against its contract's types and its suite."""

from dq_pipeline.errors import Breach
from dq_pipeline.quality.checker import Checker, RuleResult
from dq_pipeline.quality.gates import conservation_breaches, quarantine_breaches
from dq_pipeline.quality.quarantine import check_validated, validate_source
from dq_pipeline.quality.releases import read_releases
from dq_pipeline.quality.score_gates import anomaly_breaches
from dq_pipeline.quality.suites import load_suite
from dq_pipeline.run import Run, StageReport
from dq_pipeline.scorecard.anomalies import find_anomalies
from dq_pipeline.scorecard.profiling import build_profiles


def validate(run: Run) -> StageReport:
    """Divide every source's rows; an expectation that cannot run, or a critical one on a whole table, is a breach."""
    warehouse, project = run.warehouse, run.project
    breaches: list[Breach] = []
    rows: dict[str, int] = {}
    with Checker(warehouse, run.run_date) as checker:
        for source in project.sources:
            path = project.suite_path("raw", source.name)
            columns = warehouse.columns(f"raw.{source.name}")
            suite = load_suite(path, columns) if path.exists() else None
            releases = read_releases(project.releases_path(source.name))
            results = validate_source(warehouse, checker, source, suite, releases, carried=_carried(run, source.name))
            breaches.extend(rule_breaches(results, str(path)))
            rows[f"validated.{source.name}"] = warehouse.count(f"validated.{source.name}")
        breaches.extend(_check_together(run, checker))
    rows["quarantined.rows"] = warehouse.count("quarantined.rows")
    build_profiles(warehouse, project, run.previous)
    rows |= find_anomalies(warehouse, project, run.previous)
    for gate in (conservation_breaches, quarantine_breaches, anomaly_breaches):
        breaches += gate(warehouse, project)
    return StageReport(rows, tuple(breaches))


def _carried(run: Run, source: str) -> list[str]:
    """The new columns of a source that its policy carries along."""
    query = """select distinct column_name from raw.schema_changes
        where source = ? and change = 'new' and effect = 'carried' order by column_name"""
    held = run.warehouse.columns(f"raw.{source}")
    return [name for (name,) in run.warehouse.rows(query, [source]) if name in held]


def _check_together(run: Run, checker: Checker) -> list[Breach]:
    """What sources are beside each other, `expectations/validated/<source>.json`; a critical failure is a breach."""
    breaches: list[Breach] = []
    for source in run.project.sources:
        path = run.project.suite_path("validated", source.name)
        if path.exists():
            suite = load_suite(path, run.warehouse.columns(f"validated.{source.name}"))
            results = check_validated(run.warehouse, checker, source, suite)
            breaches += rule_breaches(results, str(path)) + row_breaches(results, str(path))
    return breaches


def row_breaches(results: list[RuleResult], where: str) -> list[Breach]:
    """Critical failures of rows that can no more be kept out."""
    return [
        Breach(
            "critical_expectation",
            where,
            f"{result.table}: {result.failed:,} rows fail: {result.description} ({result.code})",
            f"look at the SELECT or the extract that makes them; {result.owner} answers for it",
        )
        for result in results
        if result.severity == "critical" and result.failed and result.failing_rows_query
    ]


def rule_breaches(results: list[RuleResult], where: str) -> list[Breach]:
    """The breaches among results for which no row can be kept out: errors, and critical failures of whole tables."""
    breaches = []
    for result in results:
        on_table = f"{result.table}{f', column {result.column}' if result.column else ''}"
        if result.error:
            message = f"{result.expectation} on {on_table} could not run: {result.error}"
            breaches.append(Breach("expectation_error", where, message, "correct the expectation; it counts as failed"))
        elif result.severity == "critical" and not result.success and result.failing_rows_query is None:
            message = f"{on_table}: {result.description} ({result.code})"
            breaches.append(Breach("critical_expectation", where, message, f"ask {result.owner} to repair the extract"))
    return breaches
