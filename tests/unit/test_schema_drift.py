"""Columns that are not as the contract says: told by name, judged by the source's policy, never taken for others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dq_pipeline.config import Source
from dq_pipeline.extracts import land_in_place
from dq_pipeline.extracts.drift import PROFILES, found_type, name_similarity, yaml_name
from dq_pipeline.extracts.landing import Landed
from dq_pipeline.quality.quarantine import validate_source
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse
from tests.unit.landing_case import DAY, UNPARSED, contract

COLUMNS = {"id": None, "email": {"personal": True}, "quantity": "integer", "placed": "date"}
ROWS = [
    (f"R{number}", f"p{number}@x.example", str(number % 7), f"2026-11-{number % 28 + 1:02}") for number in range(40)
]
HEADER = ("id", "email", "quantity", "placed")


@pytest.fixture(scope="module")
def shared() -> Iterator[Warehouse]:
    held = Warehouse(threads=1)
    load_macros(held)
    set_run_values(held, "2026-11-20-1", DAY)
    yield held
    held.close()


@pytest.fixture
def warehouse(shared: Warehouse) -> Iterator[Warehouse]:
    yield shared
    for schema in ("raw", "validated", "quarantined", "scored"):
        for table in shared.tables(schema):
            shared.execute(f"drop table {schema}.{table}")


def write(folder: Path, header: tuple[str, ...], rows: Any = ROWS, name: str = "x.csv") -> None:
    lines = [",".join(header), *(",".join(row) for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def land(warehouse: Warehouse, folder: Path, source: Source) -> Landed:
    warehouse.execute(f"create or replace table raw.unparsed ({UNPARSED})")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return land_in_place(warehouse, source, folder, DAY, scratch)


def remember(warehouse: Warehouse, folder: Path, source: Source) -> None:
    """Figures of a night before, as quality.profile_history has them."""
    from dq_pipeline.scorecard.profiling import _FIGURES, _profile_source

    write(folder, HEADER)
    land(warehouse, folder, source)
    validate_source(warehouse, None, source)
    warehouse.execute(f"create or replace table scored.profile ({_FIGURES})")
    _profile_source(warehouse, source, dict.fromkeys(source.columns))
    warehouse.build(PROFILES, f"select 'r' as run_id, date '{DAY}' - 1 as run_date, * from scored.profile")


def told(found: Landed, policy: str = "warn") -> list[str]:
    return [change.told(policy).partition("; ")[0] for change in found.changes]


def test_strict_is_one_error_that_names_every_column(tmp_path: Path, warehouse: Warehouse) -> None:
    source = contract(COLUMNS)
    remember(warehouse, tmp_path, source)
    write(tmp_path, ("id", "e_mail", "quantity", "vip"))
    found = land(warehouse, tmp_path, source)
    [breach] = found.breaches
    assert breach.gate == "changed_shape"
    assert breach.where.endswith("x.csv, line 1")
    assert "(missing: email, placed; new: e_mail, vip; perhaps renamed: email → e_mail (" in breach.message
    assert "names alike by 100%, contents by 100%" in breach.message
    assert "sources/s.yml" in breach.remedy
    assert not found.is_complete
    assert {(change.kind, change.column, change.effect) for change in found.changes} == {
        ("missing", "email", "refused"), ("missing", "placed", "refused"), ("new", "e_mail", "refused"),
        ("new", "vip", "refused"), ("renamed", "email", "proposed"),
    }  # fmt: skip


def test_strict_names_a_column_of_another_type(tmp_path: Path, warehouse: Warehouse) -> None:
    write(tmp_path, HEADER, [(key, email, "many", "20/11/2026") for key, email, *_ in ROWS])
    found = land(warehouse, tmp_path, contract(COLUMNS))
    [breach] = found.breaches
    assert breach.gate == "changed_shape"
    assert "quantity, declared integer, reads as text; placed, declared date, reads as date" in breach.message
    lines = {change.column: change.proposal for change in found.changes}
    assert lines == {"quantity": "quantity: text", "placed": "placed: {type: date, formats: ['%d/%m/%Y']}"}


def test_a_few_wrong_values_are_no_other_type(tmp_path: Path, warehouse: Warehouse) -> None:
    for wrong, changes in ((20, 0), (21, 1)):
        rows = [(key, email, "x" if number < wrong else "1", day) for number, (key, email, _, day) in enumerate(ROWS)]
        write(tmp_path, HEADER, rows)
        assert len(land(warehouse, tmp_path, contract(COLUMNS, drift="warn")).changes) == changes
    write(tmp_path, HEADER, [(key, email, "x", day) for key, email, _, day in ROWS[:19]])
    assert land(warehouse, tmp_path, contract(COLUMNS)).breaches == ()


def test_warn_goes_on_without_what_is_new_and_with_what_is_missing_empty(tmp_path: Path, warehouse: Warehouse) -> None:
    write(tmp_path, ("id", "vip", "quantity", "placed"))
    found = land(warehouse, tmp_path, contract(COLUMNS, drift="warn"))
    assert found.breaches == ()
    assert found.rows == len(ROWS)
    assert list(warehouse.columns("raw.s"))[:5] == ["id", "email", "quantity", "placed", "record_id"]
    assert warehouse.rows("select count(email), count(quantity) from raw.s") == [(0, 40)]
    assert told(found) == ["s: column email is missing (drift: warn)", "s: column vip is new (drift: warn)"]
    assert (
        found.changes[0]
        .told("warn")
        .endswith("it is empty tonight; under `columns` of sources/s.yml: email: {type: text, optional: true}")
    )
    assert "it is left out" in found.changes[1].told("warn")


@pytest.mark.parametrize("policy", ["warn", "evolve"])
def test_no_policy_goes_on_without_the_key(tmp_path: Path, warehouse: Warehouse, policy: str) -> None:
    write(tmp_path, ("Id", *HEADER[1:]))
    [breach] = land(warehouse, tmp_path, contract(COLUMNS, drift=policy)).breaches
    assert "missing: id; new: Id; perhaps renamed: id → Id" in breach.message


@pytest.mark.parametrize("policy", ["strict", "warn", "evolve"])
def test_a_person_in_place_of_the_header_is_not_told(tmp_path: Path, warehouse: Warehouse, policy: str) -> None:
    write(tmp_path, ROWS[0])
    [breach] = land(warehouse, tmp_path, contract(COLUMNS, drift=policy)).breaches
    assert breach.message.endswith("(missing: id, email, quantity, placed; new: 4 of other names; is line 1 a header?)")


def test_evolve_carries_what_is_new_and_changes_no_id(tmp_path: Path, warehouse: Warehouse) -> None:
    rows = [("", *row[1:]) if number % 5 == 0 else row for number, row in enumerate(ROWS)]
    write(tmp_path, HEADER, rows)
    land(warehouse, tmp_path, contract(COLUMNS, drift="evolve"))
    before = warehouse.rows("select record_id from raw.s order by line_number")
    write(tmp_path, (*HEADER, "loyalty tier", "points"), [(*row, "gold", str(place)) for place, row in enumerate(rows)])
    source = contract(COLUMNS, drift="evolve")
    found = land(warehouse, tmp_path, source)
    assert found.breaches == ()
    assert warehouse.rows("select record_id from raw.s order by line_number") == before
    validate_source(warehouse, None, source, carried=["loyalty tier", "points"])
    query = 'select distinct "loyalty tier", points from validated.s where line_number = 3'
    assert warehouse.rows(query) == [("gold", "1")]
    assert [change.effect for change in found.changes] == ["carried", "carried"]
    assert "it is carried to validated.s" in found.changes[0].told("evolve")


def test_what_is_proposed_makes_the_contract_fit(tmp_path: Path, warehouse: Warehouse) -> None:
    source = contract(COLUMNS, drift="evolve")
    remember(warehouse, tmp_path, source)
    write(tmp_path, ("id", "customer_email", "quantity", "placed", "vip: yes"), [(*row, "1") for row in ROWS])
    found = land(warehouse, tmp_path, source)
    lines = [change.proposal or "" for change in found.changes if change.kind in {"new", "renamed"}]
    accepted = yaml.safe_load("\n".join(lines))
    assert accepted == {
        "customer_email": "text",
        "vip: yes": "integer",
        "email": {"type": "text", "from": "customer_email"},
    }
    del accepted["customer_email"]
    again = land(warehouse, tmp_path, contract(COLUMNS | accepted))
    assert (again.breaches, again.changes) == ((), ())


def test_alike_names_of_other_contents_are_no_rename(tmp_path: Path, warehouse: Warehouse) -> None:
    source = contract(COLUMNS, drift="warn")
    remember(warehouse, tmp_path, source)
    write(tmp_path, ("id", "email_sent", "quantity", "placed"), [(key, "y", *rest) for key, _, *rest in ROWS])
    found = land(warehouse, tmp_path, source)
    assert [change.kind for change in found.changes] == ["missing", "new"]


def test_alike_contents_of_other_names_are_no_rename(tmp_path: Path, warehouse: Warehouse) -> None:
    source = contract(COLUMNS, drift="warn")
    remember(warehouse, tmp_path, source)
    write(tmp_path, ("id", "email", "zz", "placed"))
    assert [change.kind for change in land(warehouse, tmp_path, source).changes] == ["missing", "new"]


def test_each_column_is_in_one_rename_and_the_best_is_taken(tmp_path: Path, warehouse: Warehouse) -> None:
    source = contract(COLUMNS, drift="warn")
    remember(warehouse, tmp_path, source)
    rows = [(key, email, "none", quantity, day) for key, email, quantity, day in ROWS]
    write(tmp_path, ("id", "email_address", "email_status", "quantity", "placed"), rows)
    renames = [change for change in land(warehouse, tmp_path, source).changes if change.kind == "renamed"]
    assert [(change.column, change.found_name) for change in renames] == [("email", "email_address")]


def test_without_a_night_before_types_and_names_decide(tmp_path: Path, warehouse: Warehouse) -> None:
    write(tmp_path, ("id", "E-Mail", "qty", "date_placed"))
    found = land(warehouse, tmp_path, contract(COLUMNS, drift="warn"))
    renames = {change.column: (change.found_name, change.content_similarity) for change in found.changes[6:]}
    assert renames == {"email": ("E-Mail", None), "placed": ("date_placed", 1.0), "quantity": ("qty", 1.0)}
    assert "contents unknown" in next(
        change for change in found.changes if change.column == "email" and change.found_name
    ).told("warn")


def test_files_of_one_source_may_differ(tmp_path: Path, warehouse: Warehouse) -> None:
    write(tmp_path, HEADER, ROWS[:20], "x1.csv")
    write(tmp_path, (*HEADER, "tier"), [(*row, "gold") for row in ROWS[20:30]], "x2.csv")
    write(tmp_path, ("tier", *HEADER[:3]), [("iron", *row[:3]) for row in ROWS[30:]], "x3.csv")
    source = contract(COLUMNS, drift="evolve", location={"path": "x?.csv", "pick": "all"})
    found = land(warehouse, tmp_path, source)
    assert found.rows == 40
    query = "select tier, count(*), count(placed) from raw.s group by tier order by tier nulls first"
    assert warehouse.rows(query) == [(None, 20, 20), ("gold", 10, 10), ("iron", 10, 0)]
    assert {(change.file, change.kind, change.column) for change in found.changes} == {
        ("x2.csv", "new", "tier"), ("x3.csv", "new", "tier"), ("x3.csv", "missing", "placed"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["record_id", "EMAIL", "", "source_file", "x" * 101])
def test_a_name_that_is_taken_or_none_is_left_out(tmp_path: Path, warehouse: Warehouse, name: str) -> None:
    write(tmp_path, (*HEADER, name), [(*row, "v") for row in ROWS])
    found = land(warehouse, tmp_path, contract(COLUMNS, drift="evolve"))
    assert found.breaches == ()
    assert [change.effect for change in found.changes] == ["left_out"]
    assert warehouse.rows("select count(email) from raw.s") == [(40,)]


def test_columns_that_the_contract_leaves_out_are_no_news(tmp_path: Path, warehouse: Warehouse) -> None:
    write(tmp_path, (*HEADER, "more"), [(*row, "v") for row in ROWS])
    for policy in ("strict", "warn", "evolve"):
        found = land(warehouse, tmp_path, contract(COLUMNS, drift=policy, extra_columns="ignore"))
        assert (found.breaches, found.changes) == ((), ())
        assert "more" not in warehouse.columns("raw.s")


@pytest.mark.parametrize(
    ("left", "right", "least", "most"),
    [
        ("email", "e_mail", 1, 1),
        ("postalCode", "postal_code", 1, 1),
        ("teléfono", "TELEFONO", 1, 1),
        ("email", "email_address", 0.9, 0.9),
        ("phone", "telephone", 0.7, 0.8),
        ("city", "unit_price", 0, 0.45),
        ("", "a", 0, 0),
        ("###", "a", 0, 0),
    ],
)
def test_how_alike_names_are(left: str, right: str, least: float, most: float) -> None:
    assert least <= name_similarity(left, right) <= most
    assert name_similarity(left, right) == name_similarity(right, left)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (["1", "2", "-7"], "integer"),
        (["1.5", "2"], "decimal"),
        (["yes", "no", "Y"], "boolean"),
        (["2026-11-20", "2026-01-02"], "date"),
        (["2026-11-20 10:00:00", "2026-01-02"], "timestamp"),
        (["20.11.2026", "02.01.2026"], "{type: date, formats: ['%d.%m.%Y']}"),
        (["11/20/2026", "01/02/2026"], "{type: date, formats: ['%m/%d/%Y']}"),
        (["1", "b"], "text"),
        ([None, ""], "text"),
    ],
)
def test_what_a_column_reads_as(warehouse: Warehouse, values: list[str | None], written: str) -> None:
    warehouse.execute("create table raw.t (v varchar)")
    for value in values:
        warehouse.execute("insert into raw.t values (?)", [value])
    assert found_type(warehouse, "raw.t", "v")[1] == written


@pytest.mark.parametrize("name", ["a", "a b", "it's", "a: b", "# a", "", "no", "é", "1", "[x]", '"q"', "null", "y"])
def test_any_name_is_written_so_that_yaml_reads_it_again(name: str) -> None:
    assert list(yaml.safe_load(f"{yaml_name(name)}: text")) == [name]


def test_a_change_is_one_row_with_its_first_and_its_last_night(warehouse: Warehouse) -> None:
    columns = "source varchar, change varchar, column_name varchar, found_name varchar, declared_type varchar, "
    columns += "found_type varchar, name_similarity double, content_similarity double, policy varchar, effect varchar, "
    columns += "proposal varchar, source_file varchar"
    warehouse.execute(f"create table raw.schema_changes ({columns})")
    seen = "first_seen date, last_seen date, run_id varchar"
    warehouse.execute(f"create table scored.schema_changes_before ({columns}, {seen})")
    values = "'new', 'v', 'v', null, 'text', null, null, 'warn', 'left_out', 'v: text'"
    for source, file in (("s", "a.csv"), ("s", "b.csv"), ("t", "c.csv")):
        warehouse.execute(f"insert into raw.schema_changes values ('{source}', {values}, '{file}')")
    for source, first, last in (("s", "2026-11-01", "2026-11-19"), ("u", "2026-10-01", "2026-10-02")):
        dates = f"'{first}', '{last}', 'r'"
        warehouse.execute(f"insert into scored.schema_changes_before values ('{source}', {values}, 'o.csv', {dates})")
    warehouse.build("scored.found", engine_select("published", "schema_changes"))
    query = "select source, first_seen::varchar, last_seen::varchar, source_file from scored.found order by source"
    found = warehouse.rows(query)
    assert found == [
        ("s", "2026-11-01", "2026-11-20", "b.csv"),
        ("t", "2026-11-20", "2026-11-20", "c.csv"),
        ("u", "2026-10-01", "2026-10-02", "o.csv"),
    ]
