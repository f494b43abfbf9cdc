"""Every anomaly fires where a source is unlike its history and keeps still where it is not, small and large."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config.scoring import Anomalies
from dq_pipeline.config.source import Source
from dq_pipeline.scorecard.anomalies import find_anomalies
from dq_pipeline.scorecard.profiling import build_profiles
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse

SIZES = [1_000, 100_000]
DAY = date(2026, 11, 20)
CONTRACT = {
    "name": "s",
    "title": "A source",
    "owner": "sales",
    "touchpoint": "web",
    "touchpoint_column": "channel",
    "location": {"path": "s.csv"},
    "key": ["id"],
    "freshness": {"column": "made_at", "max_age_days": 30},
    "columns": {"id": None, "channel": None, "city": None, "zip": None, "amount": "decimal", "made_at": "timestamp"},
}
AGE = "cast(hash(range) % 300 as integer)"
CHANNEL = "case range % 10 when 0 then 'store' when 1 then 'phone' else 'web' end"
# A usual night: three channels, 50 cities of like frequency, 2 % without a city, newest row of the day before.
USUAL = {
    "channel": CHANNEL,
    "city": "case when range % 50 = 49 then null else 'city ' || (range % 30) end",
    "zip": "cast(10000 + range % 700 as varchar)",
    "amount": "10 + cast(hash(range + 5) % 990 as integer)",
    "made_at": f"run_date() - 1 - {AGE}",
}


def project(**anomalies: Any) -> Any:
    """As much of a project as profiles and anomalies look at."""
    settings = SimpleNamespace(anomalies=Anomalies(**anomalies))
    return SimpleNamespace(sources=[Source.model_validate(CONTRACT)], settings=settings)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse(threads=1)
    load_macros(warehouse)
    yield warehouse
    warehouse.close()


def look(
    warehouse: Warehouse, day: date, rows: int, previous: Path | None, like: Any = None, **changed: str
) -> list[tuple[Any, ...]]:
    """Make a night of `rows` rows, some columns changed, and return its alarms: kind, column, touchpoint."""
    set_run_values(warehouse, f"{day}-1", day)
    columns = ", ".join(f"{expression} as {name}" for name, expression in {**USUAL, **changed}.items())
    made = f"select 's:' || range as record_id, cast(range as varchar) as id, {columns} from range({rows})"
    warehouse.build("validated.s", made)
    warehouse.build("raw.s", "select * from validated.s")
    build_profiles(warehouse, like or project(), previous)
    find_anomalies(warehouse, like or project(), previous)
    return warehouse.rows("select kind, column_name, touchpoint from scored.anomalies order by all")


def publish(warehouse: Warehouse, path: Path) -> Path:
    path.unlink(missing_ok=True)
    warehouse.attach(path, "release", read_only=False)
    warehouse.execute("create schema release.quality")
    for table in ("profile_history", "touchpoint_history", "anomalies"):
        warehouse.execute(f"create table release.quality.{table} as select * from scored.{table}")
    warehouse.detach("release")
    return path


def history(warehouse: Warehouse, folder: Path, rows: int, nights: int) -> Path | None:
    """So many usual nights before DAY, of a row more or less, in which nothing was unusual."""
    path = None
    for ago in range(nights, 0, -1):
        found = look(warehouse, DAY - timedelta(ago), rows + rows // 100 * (ago % 3), path)
        assert found == []
        path = publish(warehouse, folder / f"{ago % 2}.duckdb")
    return path


EMPTIED = "case when range % 5 > 0 then 'x' || range % 700 end"
FIRES = {
    "half of it": (0.5, {}, [("volume", "", None)]),
    "twice as much": (2, {}, [("volume", "", None)]),
    "a tenth of it, and old": (0.1, {"made_at": "run_date() - 20"}, [("volume", "", None)]),
    "nothing new for nine days": (
        1,
        {"made_at": "run_date() - 9 - cast(hash(range) % 300 as integer)"},
        [("freshness", "", None)],
    ),
    "a fifth without a zip": (
        1,
        {"zip": "case when range % 5 > 0 then 'x' || range % 700 end"},
        [("null_rate", "zip", None)],
    ),
    "city and zip lost in the same rows": (
        1,
        {
            "city": "case when range % 5 > 0 then 'city ' || (range % 30) end",
            "zip": "case when range % 5 > 0 then cast(10000 + range % 700 as varchar) end",
        },
        [("null_rate", "zip", None)],
    ),
    "all of one city": (1, {"city": "case when range % 50 <> 49 then 'city 1' end"}, [("distribution", "city", None)]),
    "ten times the amounts": (
        1,
        {"amount": "10 * (10 + cast(hash(range + 5) % 990 as integer))"},
        [("distribution", "amount", None)],
    ),
    "one zip in twenty": (1, {"zip": "cast(10000 + range % 35 as varchar)"}, [("distinct_count", "zip", None)]),
    "a new channel": (
        1,
        {"channel": f"if(range % 100 = 5, 'app', {CHANNEL})"},
        [("touchpoint_new", "channel", "app")],
    ),
    "a silent channel": (
        1,
        {"channel": "case when range % 10 = 1 then 'phone' else 'web' end"},
        [("touchpoint_silent", "channel", "store")],
    ),
    "a channel with old rows only": (
        1,
        {"made_at": f"run_date() - if(range % 10 = 0, 60, 1 + {AGE})"},
        [("touchpoint_silent", "channel", "store")],
    ),
}
QUIET = {
    "as ever": (1, {}),
    "a tenth less": (0.9, {}),
    "a tenth more": (1.1, {}),
    "one day older": (1, {"made_at": "run_date() - 2 - cast(hash(range) % 300 as integer)"}),
    "half a percent more without a city": (
        1,
        {"city": "case when range % 40 = 39 then null else 'city ' || (range % 30) end"},
    ),
    "amounts a little higher": (1, {"amount": "11 + cast(hash(range + 5) % 1000 as integer)"}),
    "two rows of a new channel": (1, {"channel": f"if(range in (5, 6), 'app', {CHANNEL})"}),
}


@pytest.mark.parametrize("rows", SIZES)
def test_what_is_unlike_a_sources_history_is_an_alarm_and_what_is_like_it_none(
    warehouse: Warehouse, tmp_path: Path, rows: int
) -> None:
    before = history(warehouse, tmp_path, rows, nights=5)
    for case, (share, changed, alarms) in FIRES.items():
        assert look(warehouse, DAY, round(rows * share), before, **changed) == alarms, case
    for case, (share, changed) in QUIET.items():
        assert look(warehouse, DAY, round(rows * share), before, **changed) == [], case


@pytest.mark.parametrize("nights", [0, 1, 2])
def test_a_short_history_says_nothing(warehouse: Warehouse, tmp_path: Path, nights: int) -> None:
    before = history(warehouse, tmp_path, 1_000, nights)
    assert look(warehouse, DAY, 500, before) == []
    # Three nights are enough, or two where the project says so.
    if nights == 2:
        assert look(warehouse, DAY, 500, before, project(least_nights=2)) == [("volume", "", None)]


def test_small_counts_say_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    before = history(warehouse, tmp_path, 15, 5)
    assert look(warehouse, DAY, 5, before, zip="null", channel="'web'") == []


def test_what_the_project_ignores_is_no_alarm(warehouse: Warehouse, tmp_path: Path) -> None:
    before = history(warehouse, tmp_path, 1_000, 3)
    assert look(warehouse, DAY, 1_000, before, project(ignore=("s.city",)), zip=EMPTIED) == [("null_rate", "zip", None)]
    assert look(warehouse, DAY, 1_000, before, project(ignore=("s.zip",)), zip=EMPTIED) == []
    assert look(warehouse, DAY, 500, before, project(ignore=("s",))) == []


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize(
    ("ago", "share", "fires"), [(0, 1, False), (0, 0.3, True), (-1, 0.3, False), (-1, 1, True), (-2, 0.3, False)]
)
def test_weekends_are_held_against_weekends(
    warehouse: Warehouse, tmp_path: Path, rows: int, ago: int, share: float, fires: bool
) -> None:
    """DAY is a Friday; on Saturdays and Sundays a third of the rows comes, for six weeks now."""
    before = history(warehouse, tmp_path, rows, 1)
    assert before is not None
    warehouse.attach(before, "release", read_only=False)
    warehouse.execute(
        f"""create or replace table release.quality.profile_history as
        select night::date || '-1' as run_id, night::date as run_date, source, column_name,
            case when dayofweek(night) in (0, 6) then rows * 3 // 10 else rows end as rows,
            nulls, distinct_values, age_days, binned_by, bins
        from release.quality.profile_history
        cross join range(date '{DAY - timedelta(42)}', date '{DAY}', interval 1 day) as nights(night)
        where column_name = ''"""
    )
    warehouse.detach("release")
    found = look(warehouse, DAY - timedelta(ago), round(rows * share), before)
    assert (("volume", "", None) in found) == fires


def test_an_alarm_says_since_when_and_a_second_run_of_the_night_changes_nothing(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    before = history(warehouse, tmp_path, 1_000, 4)
    query = "select since, observed, expected, low, high, nights, severity, message from scored.anomalies"
    look(warehouse, DAY, 500, before)
    message = "500 rows; 808 to 1212 are usual"
    first = [(DAY, 500, 1010, 808, 1212, 4, "critical", message)]
    assert warehouse.rows(query) == first
    tonight = publish(warehouse, tmp_path / "tonight.duckdb")
    look(warehouse, DAY, 500, tonight)
    assert warehouse.rows(query) == first
    assert warehouse.value("select count(*) from scored.profile_history where column_name = ''") == 5
    look(warehouse, DAY + timedelta(1), 500, tonight)
    assert warehouse.rows("select since, nights from scored.anomalies") == [(DAY, 5)]
