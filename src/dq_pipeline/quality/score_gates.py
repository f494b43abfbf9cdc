"""Limits for what a night found out: floors of scores, counts of issues, and what is unlike a source's own history."""

from dq_pipeline.config import Project
from dq_pipeline.config.base import DIMENSIONS
from dq_pipeline.errors import Breach
from dq_pipeline.warehouse import Warehouse

_SEVERITIES = ("critical", "warning", "info")
_ORDER = ("overall", *DIMENSIONS)


def score_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No dimension of the whole project, nor the overall score, may be below its floor.

    A floor for which there is no score is a breach: what nobody looked at has not passed.
    """
    floors = project.settings.gates.scores
    if not floors:
        return []
    query = """select case cut when 'overall' then cut else dimension end, score from scored.scorecard
        where cut in ('overall', 'dimension')"""
    scores = dict(warehouse.rows(query))
    breaches = []
    for name, floor in sorted(floors.items(), key=lambda one: _ORDER.index(one[0])):
        score = scores.get(name)
        if score is not None and float(score) >= floor:
            continue
        worst = [] if score is None else _worst(warehouse, name)
        if score is None:
            message = f"there is no score, at least {floor:.2%} is wanted"
        elif worst:
            message = f"the score is {score:.2%}, at least {floor:.2%} is wanted; most fails in {', '.join(worst)}"
        else:
            message = f"the score is {score:.2%}, at least {floor:.2%} is wanted"
        remedy = f"begin with the action plan of the report, or lower `gates.scores.{name}`"
        breaches.append(Breach("score", name, message, remedy))
    return breaches


def _worst(warehouse: Warehouse, dimension: str) -> list[str]:
    """The two sources in which most checks of a dimension, or of all, failed."""
    query = """select source from scored.measures where failed > 0 and ? in (dimension, 'overall')
        group by source order by sum(failed) desc, source limit 2"""
    return [source for (source,) in warehouse.rows(query, [dimension])]


def issue_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """No issue, and no severity of issues, may have more rows than its limit."""
    limits = project.settings.gates.issues
    if not limits:
        return []
    breaches = []
    for name, most in sorted(limits.items()):
        column = "severity" if name in _SEVERITIES else "code"
        query = f"select code, title, rows from scored.issues where {column} = ? order by rows desc, code"
        found = warehouse.rows(query, [name])
        rows = sum(row[2] for row in found)
        if rows > most:
            told = "; ".join(f"{code}: {title} ({count:,})" for code, title, count in found[:3])
            message = f"{rows:,} rows have issues of this {column}, at most {most:,} may: {told}"
            remedy = f"see `dq report` for the rows and their owners, or raise `gates.issues.{name}`"
            breaches.append(Breach("issues", name, message, remedy))
    return breaches


def anomaly_breaches(warehouse: Warehouse, project: Project) -> list[Breach]:
    """The kinds of anomalies that the project names stop the night, from the severity on that it says."""
    breaches = []
    for kind, least in sorted(project.settings.gates.anomalies.items()):
        severities = ["critical"] if least == "critical" else ["critical", "warning"]
        query = """select source, column_name, message from scored.anomalies
            where kind = ? and severity in (select unnest(?)) order by source, column_name, message"""
        for source, column, message in warehouse.rows(query, [kind, severities]):
            where = f"{source}.{column}" if column else source
            remedy = (
                f"ask {project.source(source).owner} whether the extract is whole and new; if it is, take `{kind}` out "
                "of `gates.anomalies` for this night"
            )
            breaches.append(Breach(f"anomaly_{kind}", where, message, remedy))
    return breaches
