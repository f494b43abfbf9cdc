"""Whatever the nights bring, ids keep their promise: random clusterings, night after night."""

import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dq_pipeline.config import Entity
from dq_pipeline.mastering.identity import assign_ids
from dq_pipeline.sql import set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.unit.test_identity import DAY, thing

RECORDS = [f"s:{letter}" for letter in "abcdefgh"]
# A night: for each record the number of its cluster, or None where the extract does not hold it.
NIGHT = st.fixed_dictionaries({record: st.one_of(st.none(), st.integers(0, 4)) for record in RECORDS}).filter(
    lambda night: any(cluster is not None for cluster in night.values())
)
Clusters = dict[str, int | None]
Ids = dict[str, str]


def run_night(entity: Entity, number: int, night: Clusters, previous: Path | None, folder: Path) -> tuple[Path, Ids]:
    """One night's ids, and the published file that the next night reads."""
    warehouse = Warehouse()
    path = folder / f"night{number}.duckdb"
    try:
        set_run_values(warehouse, f"run-{number}", DAY.replace(day=number + 1))
        members: dict[int, list[str]] = {}
        for record, cluster in night.items():
            if cluster is not None:
                members.setdefault(cluster, []).append(record)
        named = {record: min(group) for group in members.values() for record in group}
        warehouse.execute("create table standardized.thing (record_id varchar, source varchar, source_key varchar)")
        warehouse.execute(
            """create table linked.thing_clusters (record_id varchar, cluster_id varchar, match_reason varchar,
                match_probability double)"""
        )
        for record, cluster_id in named.items():
            warehouse.execute("insert into standardized.thing values (?, 's', ?)", [record, record[2:]])
            warehouse.execute("insert into linked.thing_clusters values (?, ?, 'test', 1.0)", [record, cluster_id])
        assign_ids(warehouse, [entity], previous)
        warehouse.attach(path, "release", read_only=False)
        warehouse.execute("create schema release.identity")
        for table in ("known_records", "id_history", "redirects", "xref"):
            warehouse.execute(f"create table release.identity.{table} as select * from mastered.{table}")
        warehouse.detach("release")
        return path, dict(warehouse.rows("select record_id, master_id from mastered.xref"))
    finally:
        warehouse.close()


def look_up(path: Path, query: str) -> dict[str, str]:
    reader = Warehouse(path, read_only=True)
    try:
        return dict(reader.rows(query))
    finally:
        reader.close()


# Shrinking is left out: each example builds several databases, and the failing nights are short as they are.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(st.lists(NIGHT, min_size=2, max_size=4))
def test_ids_keep_their_promise(nights: list[Clusters]) -> None:
    entity = thing()
    with tempfile.TemporaryDirectory() as name:
        folder, previous = Path(name), None
        given_out: set[str] = set()
        before: Ids = {}
        for number, night in enumerate(nights):
            previous, ids = run_night(entity, number, night, previous, folder)
            check_one_night(night, ids)
            leads_to = look_up(previous, "select master_id, current_id from identity.redirects")
            check_promise(before, ids, given_out, leads_to)
            given_out |= set(ids.values())
            remembered = look_up(previous, "select record_id, master_id from identity.known_records")
            for record, master_id in before.items():
                # A record that is away keeps its id, or the one that its master was merged into.
                assert record in ids or remembered[record] in {master_id, leads_to[master_id]}
            before = remembered


def check_one_night(night: Clusters, ids: Ids) -> None:
    """Every record has one id, and two records have the same id if and only if they are in one cluster."""
    assert set(ids) == {record for record, cluster in night.items() if cluster is not None}
    for one in ids:
        for other in ids:
            assert (ids[one] == ids[other]) == (night[one] == night[other])


def check_promise(before: Ids, ids: Ids, given_out: set[str], leads_to: dict[str, str]) -> None:
    """A cluster with known records takes no new id while one of theirs is free; each id ever given out leads on."""
    alive = set(ids.values())
    assert given_out | alive <= set(leads_to)
    for master_id, current in leads_to.items():
        assert current is None or current in alive
        assert master_id not in alive or current == master_id
    clusters: dict[str, set[str]] = {}
    for record, master_id in ids.items():
        clusters.setdefault(master_id, set()).add(record)
    for master_id, records in clusters.items():
        known = {before[record] for record in records if record in before}
        if master_id not in given_out:
            assert known <= alive, "a new id although one of its own was free"


@settings(max_examples=15, deadline=None, phases=PHASES)
@given(NIGHT)
def test_the_same_clusters_again_change_nothing(night: Clusters) -> None:
    entity = thing()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, ids = run_night(entity, 0, night, None, folder)
        renamed = dict(zip(night, night.values(), strict=True))
        second, again = run_night(entity, 1, renamed, first, folder)
        assert ids == again
        reader = Warehouse(second, read_only=True)
        try:
            assert reader.rows("select distinct event, run_id from identity.id_history") == [("created", "run-0")]
        finally:
            reader.close()
