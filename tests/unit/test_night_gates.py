"""Gates on quarantine, volume, records, scores, issues and anomalies: each fires, and keeps still, at two sizes."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from dq_pipeline.config import Gates
from dq_pipeline.quality.gates import quarantine_breaches, records_lost_breaches, volume_breaches
from dq_pipeline.quality.score_gates import anomaly_breaches, issue_breaches, score_breaches
from dq_pipeline.warehouse import Warehouse

SIZES = [1_000, 100_000]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    yield warehouse
    warehouse.close()


def project(**gates: Any) -> Any:
    """As much of a project as gates look at."""
    owners = {"s": "sales", "t": "support"}
    return SimpleNamespace(
        source=lambda name: SimpleNamespace(name=name, owner=owners[name]),
        settings=SimpleNamespace(gates=Gates.model_validate(gates)),
    )


def kept_out(warehouse: Warehouse, rows: int, **sources: int) -> None:
    """Two sources of `rows` rows, of which so many are in quarantine."""
    warehouse.build("raw.sources", f"select unnest(['s', 't']) as source, {rows} as rows_read")
    parts = [f"select '{name}' as source, range as id from range({count})" for name, count in sources.items()]
    warehouse.build("quarantined.rows", " union all ".join(parts))


QUARANTINE: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"quarantine_share": 0.04}, []),
    ({"quarantine_share": 0.039}, ["quarantine_share s"]),
    ({"quarantine_share": 0.039, "sources": {"s": {"quarantine_share": 0.05}}}, []),
    ({"sources": {"t": {"quarantine_share": 0.005}}}, ["quarantine_share t"]),
    ({"quarantine_rows": 40}, []),
    ({"quarantine_rows": 39}, ["quarantine_rows s"]),
    ({"quarantine_rows": 9}, ["quarantine_rows s", "quarantine_rows t"]),
    ({"quarantine_rows": 9, "sources": {"s": {"quarantine_rows": 40}}}, ["quarantine_rows t"]),
    ({"quarantine_rows": 40, "sources": {"t": {"quarantine_rows": 0}}}, ["quarantine_rows t"]),
    ({"quarantine_share_in_all": 0.025, "quarantine_rows_in_all": 50}, []),
    ({"quarantine_share_in_all": 0.024}, ["quarantine_share_in_all all sources"]),
    ({"quarantine_rows_in_all": 49}, ["quarantine_rows_in_all all sources"]),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("gates", "fired"), QUARANTINE)
def test_quarantine_count_and_share(warehouse: Warehouse, rows: int, gates: dict[str, Any], fired: list[str]) -> None:
    # Of s 4 %, of t 1 %, of all 2.5 %; counts are written for 1,000 rows.
    times = rows // 1_000
    kept_out(warehouse, rows, s=40 * times, t=10 * times)
    scaled = {name: value * times if name.startswith("quarantine_rows") else value for name, value in gates.items()}
    scaled["sources"] = {
        name: {limit: value * times if limit == "quarantine_rows" else value for limit, value in own.items()}
        for name, own in gates.get("sources", {}).items()
    }
    found = quarantine_breaches(warehouse, project(**scaled))
    assert [f"{breach.gate} {breach.where}" for breach in found] == fired
    for breach in found:
        own = f"sources.{breach.where}." if breach.where in gates.get("sources", {}) else ""
        assert f"`gates.{own}{breach.gate}`" in breach.remedy


def published(folder: Path, **rows: int) -> Path:
    """A published file that says how many rows each source had."""
    path = folder / "before.duckdb"
    warehouse = Warehouse(threads=1)
    warehouse.attach(path, "release", read_only=False)
    warehouse.execute("create schema release.ops")
    values = ", ".join(f"('{name}', {count})" for name, count in rows.items())
    warehouse.execute(f"create table release.ops.sources as select * from (values {values}) as t(source, rows_read)")
    warehouse.detach("release")
    warehouse.close()
    return path


VOLUME: list[tuple[dict[str, Any], float, list[str]]] = [
    ({}, 1.0, []),
    ({}, 0.7, []),
    ({}, 0.69, ["volume_drop"]),
    ({}, 0.5, ["volume_drop"]),
    ({}, 0.0, ["volume_drop"]),
    ({}, 9.0, []),
    ({"volume_drop": 1}, 0.0, []),
    ({"volume_drop": 0.5}, 0.5, []),
    ({"volume_rise": 0.5}, 1.5, []),
    ({"volume_rise": 0.5}, 1.51, ["volume_rise"]),
    ({"sources": {"s": {"volume_drop": 0.6}}}, 0.5, []),
    ({"sources": {"s": {"volume_drop": 0.1}}}, 0.89, ["volume_drop"]),
    ({"volume_rows": 100_000}, 0.5, []),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("gates", "share", "fired"), VOLUME)
def test_volume(
    warehouse: Warehouse, tmp_path: Path, rows: int, gates: dict[str, Any], share: float, fired: list[str]
) -> None:
    tonight = round(rows * share)
    warehouse.build("raw.sources", f"select * from (values ('s', {tonight}), ('t', {rows})) as t(source, rows_read)")
    found = volume_breaches(warehouse, project(**gates), published(tmp_path, s=rows, t=rows))
    assert [(breach.gate, breach.where) for breach in found] == [(gate, "s") for gate in fired]
    if fired:
        assert f"{tonight:,} rows, {rows:,} in the last published night" in found[0].message
        assert "ask sales" in found[0].remedy
        assert f"`gates.sources.s.{fired[0]}`" in found[0].remedy


def test_volume_is_quiet_in_the_first_night_for_new_sources_and_for_few_rows(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.build("raw.sources", "select * from (values ('s', 1), ('t', 5)) as t(source, rows_read)")
    assert volume_breaches(warehouse, project(), None) == []
    assert volume_breaches(warehouse, project(), published(tmp_path, s=20, away=900)) == []


LOST: list[tuple[dict[str, Any], float, bool]] = [
    ({}, 0.3, False),
    ({}, 0.31, True),
    ({}, 1.0, True),
    ({"records_lost": 1}, 1.0, False),
]
LOST += [
    ({"sources": {"s": {"records_lost": 0.5}}}, 0.5, False),
    ({"sources": {"s": {"records_lost": 0.1}}}, 0.11, True),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("gates", "share", "fires"), LOST)
def test_records_lost(warehouse: Warehouse, rows: int, gates: dict[str, Any], share: float, fires: bool) -> None:
    # As many rows as the night before, but other ones; each record means a customer and an address.
    lost = round(rows * share)
    warehouse.build("raw.sources", "select 's' as source")
    warehouse.build(
        "mastered.known_before",
        f"""select entity, 's:' || range as record_id, true as is_live
            from range({rows}), (select unnest(['customer', 'address']) as entity)
        union all select 'customer', 's:old' || range, false from range({rows})
        union all select 'customer', 'gone_source:' || range, true from range({rows})""",
    )
    warehouse.build(
        "mastered.xref",
        f"""select entity, 's:' || (range + {lost}) as record_id
        from range({rows}), (select unnest(['customer', 'address']) as entity)""",
    )
    found = records_lost_breaches(warehouse, project(**gates))
    assert [(breach.gate, breach.where) for breach in found] == ([("records_lost", "s")] if fires else [])
    if found:
        assert f"{lost:,} of the {rows:,} records" in found[0].message


SCORES: list[tuple[dict[str, float], list[str]]] = [
    ({}, []),
    ({"validity": 0.95, "accuracy": 0.9, "overall": 0.93}, []),
    ({"validity": 0.951}, ["validity"]),
    ({"overall": 0.94, "accuracy": 0.91}, ["overall", "accuracy"]),
    ({"timeliness": 0.0}, ["timeliness"]),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("floors", "fired"), SCORES)
def test_score_floors(warehouse: Warehouse, rows: int, floors: dict[str, float], fired: list[str]) -> None:
    warehouse.build(
        "scored.measures",
        f"""select 'validity' as dimension, if(range < 10, 's', 't') as source, {rows // 20} as failed
        from range(20)""",
    )
    # Cuts by source, entity, touchpoint and owner are no score of the whole.
    warehouse.build(
        "scored.scorecard",
        """select * from (values
            ('overall', 'all', 0.93), ('dimension', 'validity', 0.95), ('dimension', 'accuracy', 0.9),
            ('source', 'all', 0.1), ('owner', 'validity', 0.1), ('part', 'validity', 0.1)
        ) as t(cut, dimension, score)""",
    )
    found = score_breaches(warehouse, project(scores=floors))
    assert [breach.where for breach in found] == fired
    if fired == ["validity"]:
        assert found[0].message == "the score is 95.00%, at least 95.10% is wanted; most fails in s, t"
    if fired == ["timeliness"]:
        assert "there is no score" in found[0].message


ISSUES: list[tuple[dict[str, int], list[str]]] = [
    ({}, []),
    ({"O01": 100, "critical": 150, "warning": 0, "info": 0, "X99": 0}, []),
    ({"O01": 99}, ["O01"]),
    ({"critical": 149, "O02": 50}, ["critical"]),
    ({"critical": 0, "O01": 0, "O02": 0}, ["O01", "O02", "critical"]),
]


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(("limits", "fired"), ISSUES)
def test_issue_counts(warehouse: Warehouse, rows: int, limits: dict[str, int], fired: list[str]) -> None:
    times = rows // 1_000
    warehouse.build(
        "scored.issues",
        f"""select code, 'It is wrong' as title, 'critical' as severity, count(*) as rows
        from (select if(range < {100 * times}, 'O01', 'O02') as code from range({150 * times})) group by code""",
    )
    found = issue_breaches(warehouse, project(issues={name: most * times for name, most in limits.items()}))
    assert [(breach.gate, breach.where) for breach in found] == [("issues", name) for name in fired]
    if fired == ["critical"]:
        assert f"O01: It is wrong ({100 * times:,}); O02" in found[0].message


ANOMALIES: list[tuple[dict[str, str], list[str]]] = [
    ({}, []),
    ({"freshness": "warning"}, []),
    ({"volume": "critical"}, ["s"]),
    ({"volume": "warning"}, ["s", "t"]),
    ({"null_rate": "critical"}, []),
    ({"null_rate": "warning", "volume": "critical"}, ["s.email", "s"]),
]


@pytest.mark.parametrize(("kinds", "fired"), ANOMALIES)
def test_anomalies(warehouse: Warehouse, kinds: dict[str, str], fired: list[str]) -> None:
    warehouse.build(
        "scored.anomalies",
        """select * from (values
            ('volume', 's', '', 'critical', 'few rows'), ('volume', 't', '', 'warning', 'many rows'),
            ('null_rate', 's', 'email', 'warning', 'empty')) as t(kind, source, column_name, severity, message)""",
    )
    found = anomaly_breaches(warehouse, project(anomalies=kinds))
    assert [breach.where for breach in found] == fired
    assert {breach.gate.removeprefix("anomaly_") for breach in found} <= set(kinds)


@pytest.mark.parametrize(
    "gates",
    [{"scores": {"beauty": 0.5}}, {"scores": {"validity": 95}}, {"anomalies": {"volume": "info"}}, {"volum": 1}],
)
def test_a_gate_that_could_not_fire_is_an_error(gates: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Gates.model_validate(gates)
