"""mastered -> scored: every defect with its rows, the score of every dimension, and what to repair first."""

from dq_pipeline.errors import Breach
from dq_pipeline.linkage import read_model
from dq_pipeline.linkage.drift import build_drift
from dq_pipeline.quality.checker import Checker
from dq_pipeline.quality.gates import model_drift_breaches
from dq_pipeline.quality.quarantine import record_results
from dq_pipeline.quality.score_gates import issue_breaches, score_breaches
from dq_pipeline.quality.suites import load_suite
from dq_pipeline.run import Run, StageReport
from dq_pipeline.scorecard.compute import compute_scores, find_issues
from dq_pipeline.scorecard.service import compute_service
from dq_pipeline.scorecard.touchpoints import build_touchpoints
from dq_pipeline.stages.validate import row_breaches, rule_breaches


def score(run: Run) -> StageReport:
    """Check the mastered tables, then issues, quarantine ledger, scorecard, trend, action plan, model drift."""
    breaches = _check_mastered(run)
    rows = {"scored.issue_rows": find_issues(run.warehouse, run.project)}
    rows |= compute_scores(run.warehouse, run.project, run.previous)
    rows |= build_touchpoints(run.warehouse, run.project, run.previous)
    rows |= compute_service(run.warehouse, run.project)
    models = [(entity, read_model(run.project.model_path(entity.name))) for entity in run.project.entities]
    rows["scored.model_drift"] = build_drift(run.warehouse, models)
    for gate in (score_breaches, issue_breaches, model_drift_breaches):
        breaches += gate(run.warehouse, run.project)
    return StageReport(rows, tuple(breaches))


def _check_mastered(run: Run) -> list[Breach]:
    """The suites of mastered tables; a critical failure there is a breach, for no row may be missing from a master."""
    warehouse = run.warehouse
    breaches: list[Breach] = []
    warehouse.execute("delete from quarantined.rule_results where source like 'mastered.%'")
    with Checker(warehouse, run.run_date) as checker:
        for table in warehouse.tables("mastered"):
            path = run.project.suite_path("mastered", table)
            if not path.exists():
                continue
            columns = warehouse.columns(f"mastered.{table}")
            results = checker.check(f"mastered.{table}", load_suite(path, columns), key=next(iter(columns)))
            record_results(warehouse, results)
            breaches.extend(rule_breaches(results, str(path)))
            breaches.extend(row_breaches(results, str(path)))
    return breaches
