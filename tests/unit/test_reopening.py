"""Judgements whose records changed since: opened again with the columns, in force until answered, never for nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dq_pipeline.config import Entity
from dq_pipeline.linkage import Judgement, prepare
from dq_pipeline.linkage.judgements import build_judgements
from dq_pipeline.linkage.reopening import material_columns, remember_marks, reopen_judgements
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse
from tests.unit.linkage_people import person, warehouse_of

ANNA: tuple[str | None, ...] = ("a", "anna", "quirk", "1970-01-01", "a@q.com", None, None)
OTTO: tuple[str | None, ...] = ("b", "otto", "zimt", "1930-05-05", None, "99", None)
SAME = ("a", "b", "same", "2026-11-01")
Row = tuple[str | None, ...]


def night(
    folder: Path,
    rows: Sequence[Row],
    judged: Sequence[tuple[str, str, str, str]],
    previous: Path | None = None,
    queue: Sequence[tuple[str, str]] = (),
    entity: Entity | None = None,
) -> tuple[list[tuple[str, str | None]], Path]:
    """Status and changed columns of each judgement, and the published file that the next night reads."""
    entity = entity or person()
    warehouse = warehouse_of(rows)
    try:
        prepare(warehouse, entity)
        given = [Judgement(*one[:3], "ann", one[3], "", line) for line, one in enumerate(judged, start=2)]
        build_judgements(warehouse, entity, given)
        reopen_judgements(warehouse, [entity], previous)
        found = warehouse.rows("select status, changed from linked.person_judgements order by line")
        again = reopen_judgements(warehouse, [entity], previous)
        assert again == {"linked.person_judgements": len(given)}
        assert warehouse.rows("select status, changed from linked.person_judgements order by line") == found
        pairs = [f"('person', '{left}', '{right}', 1)" for left, right in queue] or ["(null, null, null, null)"]
        named = "given(entity, record_id_l, record_id_r, priority)"
        warehouse.build("mastered.review_queue", f"select * from (values {', '.join(pairs)}) as {named}")
        remember_marks(warehouse, [entity], "mastered.review_queue")
        path = folder / f"night{len(list(folder.iterdir()))}.duckdb"
        warehouse.attach(path, "release", read_only=False)
        warehouse.execute("create schema release.identity")
        select = engine_select("mastered", "judged_marks")
        warehouse.execute(f"create table release.identity.judged_marks as {select}")
        warehouse.detach("release")
        return found, path
    finally:
        warehouse.close()


def changed(row: Row, **values: str | None) -> Row:
    names = ("record_id", "first", "last", "born", "email", "phone", "account")
    return tuple(values.get(name, value) for name, value in zip(names, row, strict=True))


CHANGES = [
    pytest.param({}, None, id="nothing"),
    pytest.param({"first": "anne", "born": "1971-01-01"}, "first,born", id="name and birth date"),
    pytest.param({"phone": "55"}, "phone", id="a value that is new"),
    pytest.param({"email": None}, None, id="a value that is lost"),
    pytest.param({"email": None, "last": "new"}, "last", id="one lost and one changed"),
    pytest.param({"account": "c9"}, None, id="a column that nobody compares"),
]


@pytest.mark.parametrize(("values", "columns"), CHANGES)
def test_a_judgement_is_opened_again_where_what_was_compared_changed(
    tmp_path: Path, values: dict[str, str | None], columns: str | None
) -> None:
    first, published = night(tmp_path, [ANNA, OTTO], [SAME])
    assert first == [("applied", None)]
    second, published = night(tmp_path, [changed(ANNA, **values), OTTO], [SAME], published)
    assert second == [("reopened", columns) if columns else ("applied", None)]
    third, _ = night(tmp_path, [changed(ANNA, **values), OTTO], [SAME], published)
    assert third == second, "a question that nobody answered is asked again"
    back, _ = night(tmp_path, [ANNA, OTTO], [SAME], published)
    assert back == [("applied", None)], "what is as it was judged is no question"


def test_a_later_judgement_is_the_answer(tmp_path: Path) -> None:
    _, published = night(tmp_path, [ANNA, OTTO], [SAME])
    moved = changed(ANNA, first="anne")
    asked, published = night(tmp_path, [moved, OTTO], [SAME], published, queue=[("a", "b")])
    assert asked == [("reopened", "first")]
    answer = ("a", "b", "same", "2026-11-02")
    answered, published = night(tmp_path, [moved, OTTO], [SAME, answer], published)
    assert answered == [("superseded", None), ("applied", None)]
    assert night(tmp_path, [ANNA, OTTO], [SAME, answer], published)[0][1] == ("reopened", "first")


def test_what_the_steward_saw_counts_not_the_night_after(tmp_path: Path) -> None:
    """The pair was exported from the queue of the first night; its record changed before the second applied it."""
    _, published = night(tmp_path, [ANNA, OTTO], [], queue=[("a", "b")])
    assert night(tmp_path, [changed(ANNA, first="anne"), OTTO], [SAME], published)[0] == [("reopened", "first")]
    _, published = night(tmp_path, [ANNA, OTTO], [])
    assert night(tmp_path, [changed(ANNA, first="anne"), OTTO], [SAME], published)[0] == [("applied", None)]


def test_a_record_that_was_away_is_judged_by_what_it_was(tmp_path: Path) -> None:
    _, published = night(tmp_path, [ANNA, OTTO], [SAME])
    away, published = night(tmp_path, [OTTO], [SAME], published)
    assert away == [("record_missing", None)]
    assert night(tmp_path, [ANNA, OTTO], [SAME], published)[0] == [("applied", None)]
    assert night(tmp_path, [changed(ANNA, last="x"), OTTO], [SAME], published)[0] == [("reopened", "last")]


@pytest.mark.parametrize("kind", ["different", "unsure"])
def test_only_what_decides_is_opened_again(tmp_path: Path, kind: str) -> None:
    judged = ("a", "b", kind, "2026-11-01")
    _, published = night(tmp_path, [ANNA, OTTO], [judged])
    found, _ = night(tmp_path, [changed(ANNA, first="x"), OTTO], [judged], published)
    assert found == [("reopened", "first") if kind == "different" else ("unsure", None)]


def test_a_column_that_was_not_looked_at_then_is_not_held_against_it(tmp_path: Path) -> None:
    fewer = [one.model_dump() for one in person().linkage.comparisons if one.name != "last_name"]
    small = person(comparisons=fewer, related=[])
    _, published = night(tmp_path, [ANNA, OTTO], [SAME], entity=small)
    moved = changed(ANNA, last="new")
    found, published = night(tmp_path, [moved, OTTO], [SAME], published)
    assert found == [("applied", None)]
    assert night(tmp_path, [ANNA, OTTO], [SAME], published)[0] == [("reopened", "last")]


def test_no_value_is_kept(tmp_path: Path) -> None:
    _, published = night(tmp_path, [ANNA, OTTO], [SAME], queue=[("a", "b")])
    reader = Warehouse(published, read_only=True)
    marks = reader.rows("select distinct mark from identity.judged_marks order by all")
    assert reader.value("select count(*) from identity.judged_marks where judgement_id is null") == 10
    reader.close()
    assert marks[0] == ("",)
    assert all(len(mark) == 8 for (mark,) in marks[1:])


def test_material_are_the_columns_that_comparisons_and_conflicts_look_at() -> None:
    warehouse = warehouse_of([ANNA])
    prepare(warehouse, person())
    assert [one.name for one in material_columns(warehouse, person())] == ["first", "last", "born", "email", "phone"]
    warehouse.close()


def test_evidence_stands_for_what_the_entity_before_compares() -> None:
    """An id of an address changes with its neighbors' records; its street does not."""
    street = {"name": "street", "columns": ["street"], "levels": [{"label": "same", "sql": "street_l = street_r"}]}
    compared = [street, person().linkage.comparisons[-1].model_dump()]
    home = Entity.model_validate(person(comparisons=compared, related=[]).model_dump() | {"name": "home"})
    apart = [{"name": "apart", "sql": "home_id_l <> home_id_r and first_l <> first_r"}]
    evidence = {"evidence": [{"entity": "home", "column": "home_id"}]}
    entity = Entity.model_validate(person(conflicts=apart).model_dump() | evidence)
    warehouse = warehouse_of([ANNA])
    warehouse.execute("create table standardized.home as select *, 'main street' as street from standardized.person")
    warehouse.execute("create table linked.home_clusters as select record_id, 'h' as cluster_id from standardized.home")
    warehouse.execute("create table linked.home_input as select * from standardized.home")
    prepare(warehouse, entity)
    names = [one.name for one in material_columns(warehouse, entity, [home])]
    assert names == ["first", "last", "born", "email", "phone", "home.street"]
    warehouse.close()
