"""Who keeps an id, by the written rule: tables of cases."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from dq_pipeline.config import Entity, load_project
from dq_pipeline.mastering.identity import assign_ids
from dq_pipeline.publishing import in_published_names
from dq_pipeline.sql import set_run_values
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT

DAY = date(2026, 11, 1)
TONIGHT = date(2026, 11, 20)


def thing() -> Entity:
    """An entity of the least that an entity needs."""
    comparison = {"name": "a", "columns": ["a"], "levels": [{"sql": "a_l = a_r", "label": "same"}]}
    linkage = {
        "blocking": [["a"]],
        "comparisons": [comparison, {**comparison, "name": "b"}],
        "training": {"prior_rules": [["a"]]},
    }
    return Entity.model_validate(
        {
            "name": "thing",
            "title": "Thing",
            "id_prefix": "THG",
            "sources": ["s"],
            "linkage": linkage,
            "golden": {"fields": [{"name": "a"}]},
        }
    )


def resolve(
    tmp_path: Path,
    clusters: Sequence[str],
    known: Mapping[str, str] | None = None,
    born: Mapping[str, date] | None = None,
    history: Sequence[tuple[str, str, str | None]] = (),
    previous: Path | None = None,
) -> Warehouse:
    """Tonight's ids. `clusters` are words whose letters are records; `known` maps letters to their ids of before.

    Or `previous` is the published file of the night before.
    """
    before = previous or night_before(tmp_path, known or {}, born or {}, history)
    warehouse = Warehouse()
    set_run_values(warehouse, "tonight", TONIGHT)
    warehouse.execute("create table standardized.thing (record_id varchar, source varchar, source_key varchar)")
    warehouse.execute(
        """create table linked.thing_clusters (record_id varchar, cluster_id varchar, match_reason varchar,
            match_probability double)"""
    )
    for word in clusters:
        for letter in word:
            warehouse.execute("insert into standardized.thing values (?, 's', ?)", [f"s:{letter}", letter])
            warehouse.execute(
                "insert into linked.thing_clusters values (?, ?, 'test', 1.0)", [f"s:{letter}", f"s:{min(word)}"]
            )
    assign_ids(warehouse, [thing()], before)
    return warehouse


def publish(warehouse: Warehouse, tmp_path: Path) -> Path:
    """What the next night reads of this one."""
    path = tmp_path / f"night{len(list(tmp_path.iterdir()))}.duckdb"
    warehouse.attach(path, "release", read_only=False)
    warehouse.execute("create schema release.identity")
    for table in ("known_records", "id_history"):
        warehouse.execute(f"create table release.identity.{table} as select * from mastered.{table}")
    warehouse.detach("release")
    return path


def night_before(
    tmp_path: Path,
    known: Mapping[str, str],
    born: Mapping[str, date],
    history: Sequence[tuple[str, str, str | None]],
) -> Path:
    """A published file in which records have these ids."""
    previous = tmp_path / f"previous{len(list(tmp_path.iterdir()))}.duckdb"
    before = Warehouse(previous)
    before.execute("create schema identity")
    before.execute(
        """create table identity.known_records (entity varchar, record_id varchar, master_id varchar, first_seen date,
            last_seen date, is_live boolean)"""
    )
    before.execute(
        """create table identity.id_history (entity varchar, master_id varchar, event varchar, into_master_id varchar,
            run_id varchar, run_date date)"""
    )
    for letter, master_id in known.items():
        before.execute(
            "insert into identity.known_records values ('thing', ?, ?, ?, ?, true)",
            [f"s:{letter}", master_id, DAY, DAY],
        )
    for master_id in dict.fromkeys(known.values()):
        created = born.get(master_id, DAY)
        before.execute(
            "insert into identity.id_history values ('thing', ?, 'created', null, 'r0', ?)", [master_id, created]
        )
    for master_id, event, into in history:
        before.execute(
            "insert into identity.id_history values ('thing', ?, ?, ?, 'r1', ?)", [master_id, event, into, DAY]
        )
    before.close()
    return previous


def ids(warehouse: Warehouse) -> dict[str, str]:
    return {
        record.removeprefix("s:"): found
        for record, found in warehouse.rows("select record_id, master_id from mastered.xref")
    }


def events(warehouse: Warehouse) -> list[tuple[str, str, str | None]]:
    return warehouse.rows("select event, master_id, into_master_id from mastered.id_events order by all")  # type: ignore[return-value]


OLD, NEW = date(2026, 1, 1), date(2026, 6, 1)


@pytest.mark.parametrize(
    ("clusters", "known", "born", "kept"),
    [
        pytest.param(["ab"], {"a": "X", "b": "X"}, {}, {"ab": "X"}, id="one known id is kept"),
        pytest.param(["abc"], {"a": "X"}, {}, {"abc": "X"}, id="new records join a known master"),
        pytest.param(
            ["abc"], {"a": "Y", "b": "X", "c": "X"}, {"Y": OLD, "X": NEW}, {"abc": "Y"}, id="the oldest id stays"
        ),
        pytest.param(["abc"], {"a": "Y", "b": "X", "c": "X"}, {}, {"abc": "X"}, id="equally old: most records"),
        pytest.param(["ab"], {"a": "Y", "b": "X"}, {}, {"ab": "X"}, id="equal in all: the smallest"),
        pytest.param(
            ["ab", "c"], {"a": "X", "b": "X", "c": "X"}, {}, {"ab": "X"}, id="split: the largest part keeps it"
        ),
        pytest.param(
            ["ad", "bc"], {"a": "X", "b": "X"}, {}, {"ad": "X"}, id="split in equal parts: the oldest record's"
        ),
        pytest.param(
            ["ac", "bd"],
            {"a": "X", "b": "X", "c": "Y", "d": "Y"},
            {"X": OLD, "Y": NEW},
            {"ac": "X", "bd": "Y"},
            id="who loses the first choice gets the second",
        ),
        pytest.param(
            ["abx", "cy"],
            {"a": "X", "b": "X", "c": "X", "x": "Y", "y": "Z"},
            {"X": OLD},
            {"abx": "X", "cy": "Z"},
            id="a loser keeps an id of its own that is free",
        ),
    ],
)
def test_who_keeps_an_id(
    tmp_path: Path, clusters: list[str], known: dict[str, str], born: dict[str, date], kept: dict[str, str]
) -> None:
    found = ids(resolve(tmp_path, clusters, known, born))
    for word, master_id in kept.items():
        assert {found[letter] for letter in word} == {master_id}
    for word in clusters:
        if word not in kept:
            assert found[word[0]] not in known.values()
    assert len({found[word[0]] for word in clusters}) == len(clusters)


def test_first_night_makes_ids_from_the_smallest_record(tmp_path: Path) -> None:
    one, other = ids(resolve(tmp_path, ["ab", "c"])), ids(resolve(tmp_path, ["c", "ab"]))
    assert one == other
    assert one["a"] == one["b"] != one["c"]
    assert all(found.startswith("THG-") and len(found) == 20 for found in one.values())


def test_a_merge_is_recorded_and_redirected(tmp_path: Path) -> None:
    warehouse = resolve(tmp_path, ["ab"], {"a": "X", "b": "Y"}, {"X": OLD, "Y": NEW})
    assert events(warehouse) == [("merged", "Y", "X")]
    assert dict(warehouse.rows("select master_id, current_id from mastered.redirects")) == {"X": "X", "Y": "X"}


def test_a_chain_of_merges_leads_to_the_last(tmp_path: Path) -> None:
    warehouse = resolve(
        tmp_path,
        ["ab"],
        {"a": "X", "b": "Y"},
        {"X": OLD, "Y": NEW},
        history=[("W", "created", None), ("W", "merged", "Y")],
    )
    assert warehouse.value("select current_id from mastered.redirects where master_id = 'W'") == "X"


def test_a_split_names_the_part_that_went(tmp_path: Path) -> None:
    warehouse = resolve(tmp_path, ["ab", "c"], {"a": "X", "b": "X", "c": "X"})
    new = ids(warehouse)["c"]
    assert events(warehouse) == [("created", new, None), ("split", "X", new)]


def test_a_master_that_is_away_is_retired_and_its_record_remembered(tmp_path: Path) -> None:
    warehouse = resolve(tmp_path, ["a"], {"a": "X", "b": "Y"})
    assert events(warehouse) == [("retired", "Y", None)]
    assert warehouse.rows("select master_id, is_live from mastered.known_records where record_id = 's:b'") == [
        ("Y", False)
    ]
    assert warehouse.value("select current_id from mastered.redirects where master_id = 'Y'") is None


def test_records_away_follow_a_merge(tmp_path: Path) -> None:
    warehouse = resolve(tmp_path, ["ab"], {"a": "X", "b": "Y", "c": "Y"}, {"X": OLD, "Y": NEW})
    assert warehouse.value("select master_id from mastered.known_records where record_id = 's:c'") == "X"


def test_a_retired_id_is_never_given_to_somebody_else(tmp_path: Path) -> None:
    first = ids(resolve(tmp_path, ["a"]))["a"]
    warehouse = resolve(tmp_path, ["a", "b"], {"b": first})
    found = ids(warehouse)
    assert found["b"] == first
    assert found["a"] != first


def test_an_id_retired_before_leads_on_when_its_records_come_back_as_part_of_another(tmp_path: Path) -> None:
    """Y was retired when its record b went away; tonight b is back, and is one with a."""
    first = resolve(tmp_path, ["a"], {"a": "X", "b": "Y"}, {"X": OLD, "Y": NEW})
    assert first.rows("select current_id, is_live from mastered.resolve where master_id = 'Y'") == [("Y", False)]
    previous = publish(first, tmp_path)
    second = resolve(tmp_path, ["ab"], previous=previous)
    assert events(second) == [("merged", "Y", "X")]
    assert second.rows("select current_id, is_live from mastered.resolve where master_id = 'Y'") == [("X", True)]


def test_records_that_leave_for_another_known_master_are_written_down(tmp_path: Path) -> None:
    warehouse = resolve(tmp_path, ["a", "bc"], {"a": "X", "b": "X", "c": "Y"}, {"X": NEW, "Y": OLD})
    assert ids(warehouse) == {"a": "X", "b": "Y", "c": "Y"}
    assert events(warehouse) == [("split", "X", "Y")]


def test_a_merge_undone_gives_a_new_id_and_the_old_one_still_leads_to_the_survivor(tmp_path: Path) -> None:
    merged = publish(resolve(tmp_path, ["ab"], {"a": "X", "b": "Y"}, {"X": OLD, "Y": NEW}), tmp_path)
    parted = resolve(tmp_path, ["a", "b"], previous=merged)
    found = ids(parted)
    assert found["a"] == "X"
    assert found["b"] not in {"X", "Y"}
    assert events(parted) == [("created", found["b"], None), ("split", "X", found["b"])]
    leads = dict(parted.rows("select master_id, current_id from mastered.resolve"))
    assert leads == {"X": "X", "Y": "X", found["b"]: found["b"]}


def test_the_view_of_where_ids_lead_is_published(tmp_path: Path) -> None:
    warehouse = resolve(tmp_path, ["ab"], {"a": "X", "b": "Y", "c": "Z"}, {"X": OLD, "Y": NEW, "Z": NEW})
    select = in_published_names(engine_select("mastered", "resolve"), load_project(CHECKOUT))
    warehouse.execute("create schema identity")
    warehouse.execute("create table identity.redirects as select * from mastered.redirects")
    warehouse.execute(f"create view identity.resolve as {select}")
    found = warehouse.rows("select master_id, current_id, is_live from identity.resolve order by all")
    assert found == [("X", "X", True), ("Y", "X", True), ("Z", "Z", False)]


def test_a_source_that_is_missing_for_a_night_changes_no_id(tmp_path: Path) -> None:
    known = {"a": "X", "b": "X", "c": "Y", "d": "Z"}
    night = publish(resolve(tmp_path, ["a"], known), tmp_path)
    assert ids(resolve(tmp_path, ["ab", "c", "d"], previous=night)) == known
