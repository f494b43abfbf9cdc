"""Whatever the nights bring, ids keep their promise: random clusterings, night after night.

Records come and go, clusters merge, split and are dealt anew, a whole source is missing for a night. A record is its
source and key: one whose key is renamed is another record to everybody.
"""

import random
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dq_pipeline.config import Entity
from dq_pipeline.mastering.identity import assign_ids
from dq_pipeline.sql import set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.unit.test_identity import DAY, thing

RECORDS = [f"{source}:{letter}" for source in "st" for letter in "abcd"]
# A night: for each record the number of its cluster, or None where the extract does not hold it.
NIGHT = st.fixed_dictionaries({record: st.one_of(st.none(), st.integers(0, 4)) for record in RECORDS}).filter(
    lambda night: any(cluster is not None for cluster in night.values())
)
Clusters = dict[str, int | None]
Ids = dict[str, str]
PUBLISHED = ("known_records", "id_history", "redirects", "xref", "resolve")


@dataclass(frozen=True)
class Night:
    """What a night published: its file, the ids of its records, of all records ever seen, and where each id leads."""

    path: Path
    ids: Ids
    known: Ids
    leads_to: Ids
    live: set[str]
    events: set[tuple[str, str, str | None]]


def run_night(
    entity: Entity,
    number: int,
    night: Clusters,
    previous: Path | None,
    folder: Path,
    order: random.Random | None = None,
) -> Night:
    """One night's ids, and the published file that the next night reads. `order` shuffles the rows."""
    warehouse = Warehouse(threads=1)
    path = folder / f"night{number}{'-shuffled' if order else ''}.duckdb"
    try:
        set_run_values(warehouse, f"run-{number}", DAY.replace(day=number + 1))
        fill(warehouse, night, order)
        assign_ids(warehouse, [entity], previous)
        warehouse.attach(path, "release", read_only=False)
        warehouse.execute("create schema release.identity")
        for table in PUBLISHED:
            warehouse.execute(f"create table release.identity.{table} as select * from mastered.{table}")
        warehouse.detach("release")
        resolved = warehouse.rows("select master_id, current_id, is_live from mastered.resolve")
        return Night(
            path,
            dict(warehouse.rows("select record_id, master_id from mastered.xref")),
            dict(warehouse.rows("select record_id, master_id from mastered.known_records")),
            {master_id: current for master_id, current, _ in resolved},
            {current for _, current, is_live in resolved if is_live},
            set(warehouse.rows("select event, master_id, into_master_id from mastered.id_events")),
        )
    finally:
        warehouse.close()


def fill(warehouse: Warehouse, night: Clusters, order: random.Random | None) -> None:
    """The tables that ids are given by."""
    members: dict[int, list[str]] = {}
    for record, cluster in night.items():
        if cluster is not None:
            members.setdefault(cluster, []).append(record)
    named = [(record, min(group)) for group in members.values() for record in group]
    if order:
        order.shuffle(named)
    warehouse.execute("create table standardized.thing (record_id varchar, source varchar, source_key varchar)")
    warehouse.execute(
        """create table linked.thing_clusters (record_id varchar, cluster_id varchar, match_reason varchar,
            match_probability double)"""
    )
    if named:
        records = ", ".join(f"('{record}', '{record[0]}', '{record[2:]}')" for record, _ in named)
        clusters = ", ".join(f"('{record}', '{cluster_id}', 'test', 1.0)" for record, cluster_id in named)
        warehouse.execute(f"insert into standardized.thing values {records}")
        warehouse.execute(f"insert into linked.thing_clusters values {clusters}")


# Shrinking is left out: each example builds several databases, and the failing nights are short as they are.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(st.lists(NIGHT, min_size=2, max_size=5), st.integers(0, 1_000_000))
def test_ids_keep_their_promise(nights: list[Clusters], seed: int) -> None:
    entity, order = thing(), random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder, before = Path(name), None
        given_out: set[str] = set()
        for number, night in enumerate(nights):
            previous = before.path if before else None
            tonight = run_night(entity, number, night, previous, folder)
            check_one_night(night, tonight)
            check_promise(before, tonight, given_out)
            check_history(before, tonight)
            if number == len(nights) - 1:
                shuffled = run_night(entity, number, night, previous, folder, order)
                assert (shuffled.ids, shuffled.known, shuffled.leads_to, shuffled.events) == (
                    tonight.ids, tonight.known, tonight.leads_to, tonight.events,
                )  # fmt: skip
            given_out |= set(tonight.ids.values())
            before = tonight


def check_one_night(night: Clusters, tonight: Night) -> None:
    """Every record has one id, and two records have the same id if and only if they are in one cluster."""
    ids = tonight.ids
    assert set(ids) == {record for record, cluster in night.items() if cluster is not None}
    for one in ids:
        for other in ids:
            assert (ids[one] == ids[other]) == (night[one] == night[other])


def check_promise(before: Night | None, tonight: Night, given_out: set[str]) -> None:
    """A cluster with known records takes no new id while one of theirs is free; each id ever given out leads on."""
    alive, known_before = set(tonight.ids.values()), before.known if before else {}
    assert set(tonight.leads_to) == given_out | alive
    assert tonight.live == alive
    for master_id, current in tonight.leads_to.items():
        assert tonight.leads_to[current] == current, "an id leads to one that leads on"
        assert master_id not in alive or current == master_id
    clusters: dict[str, set[str]] = defaultdict(set)
    for record, master_id in tonight.ids.items():
        clusters[master_id].add(record)
    for master_id, records in clusters.items():
        known = {known_before[record] for record in records if record in known_before}
        assert master_id in known or master_id not in given_out, "an id that was somebody else's"
        if known and master_id not in known:
            assert known <= alive, "a new id although one of its own was free"
    for record, master_id in known_before.items():
        # A record that is away keeps its id, or the one that its master was merged into.
        if record not in tonight.ids:
            assert tonight.known[record] == tonight.leads_to[master_id]
    for master_id in tonight.known.values():
        assert tonight.leads_to[master_id] == master_id, "a record is remembered under an id that is gone"


def check_history(before: Night | None, tonight: Night) -> None:
    """What happened to each id is written down, and nothing else."""
    alive = set(tonight.ids.values())
    known, live = (before.known, before.live) if before else ({}, set())
    moved = {(known[record], master_id) for record, master_id in tonight.ids.items() if record in known}
    ended = {one for one in set(known.values()) - alive if one in live or any(old == one for old, _ in moved)}
    assert {one for event, one, _ in tonight.events if event == "created"} == alive - live
    merged = {(one, into) for event, one, into in tonight.events if event == "merged"}
    retired = {one for event, one, _ in tonight.events if event == "retired"}
    split = {(one, into) for event, one, into in tonight.events if event == "split"}
    assert {one for one, _ in merged} | retired == ended
    assert not {one for one, _ in merged} & retired
    assert merged | split == {(old, new) for old, new in moved if old != new}
    assert not merged & split
    assert all(tonight.leads_to[one] == into for one, into in merged)


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(NIGHT)
def test_the_same_clusters_again_change_nothing(night: Clusters) -> None:
    entity = thing()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = run_night(entity, 0, night, None, folder)
        second = run_night(entity, 1, dict(zip(night, night.values(), strict=True)), first.path, folder)
        assert first.ids == second.ids
        reader = Warehouse(second.path, read_only=True)
        try:
            assert reader.rows("select distinct event, run_id from identity.id_history") == [("created", "run-0")]
        finally:
            reader.close()


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(NIGHT, st.sampled_from("st"))
def test_a_source_that_is_missing_for_a_night_changes_no_id(night: Clusters, missing: str) -> None:
    entity = thing()
    held: Clusters = {record: None if record.startswith(missing) else cluster for record, cluster in night.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = run_night(entity, 0, night, None, folder)
        second = run_night(entity, 1, held, first.path, folder)
        third = run_night(entity, 2, night, second.path, folder)
        assert third.ids == first.ids
        assert all(second.ids[record] == first.ids[record] for record in second.ids)
        assert {event for event, _, _ in second.events} <= {"retired"}
        assert {event for event, _, _ in third.events} <= {"created"}
        assert second.leads_to == first.leads_to == third.leads_to


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(NIGHT, NIGHT)
def test_a_source_that_is_added_changes_no_id_of_the_others(night: Clusters, more: Clusters) -> None:
    """The newcomers join clusters or make their own; what was apart stays apart."""
    entity = thing()
    first_source: Clusters = {record: cluster if record[0] == "s" else None for record, cluster in night.items()}
    joined: Clusters = {record: night[record] if record[0] == "s" else more[record] for record in night}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = run_night(entity, 0, first_source, None, folder)
        second = run_night(entity, 1, joined, first.path, folder)
        assert {record: second.ids[record] for record in first.ids} == first.ids
        assert {event for event, _, _ in second.events} <= {"created"}
