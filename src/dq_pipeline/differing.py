"""Two published nights side by side: what happened to which master, which golden values changed, why, and who cares.

The set work is SQL on both files, attached for reading (`sql/diffed`); Python names the nights and reads the answers.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Entity, Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.run import PUBLISHED_FILE
from dq_pipeline.scorecard.masking import is_personal, mask_value
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, literal, quoted

Rows = list[dict[str, Any]]

_STEPS = ("flows", "tallies", "events", "judged", "links", "evidence", "changes")
_CONTENTS = "entity varchar, record_id varchar, content varchar"
_VALUES = """entity varchar, master_id varchar, field varchar, column_name varchar, is_evidence boolean,
    is_date_of_record boolean, value_before varchar, value_after varchar"""
_ORDERS = """"table" varchar, order_id varchar, column_name varchar, master_before varchar, master_after varchar,
    entity varchar, because varchar"""
CAUSES = {
    "record_added": "a record is new",
    "record_removed": "a record is gone from its source",
    "record_quarantined": "its records are kept out by a critical expectation",
    "record_changed": "the source changed a record",
    "judgement": "a steward's judgement",
    "rule": "a rule that is declared otherwise now",
    "model": "the model's weights are new",
    "members": "the master has other records now",
    "evidence": "the thing that it points to got another id",
    "settings": "no record, judgement or weight: thresholds, SQL, versions, or how frequent values are",
}


@dataclass(frozen=True)
class Night:
    """One published file: `name` is `<run_id>/<attempt>`."""

    name: str
    run_date: str
    path: Path


@dataclass(frozen=True)
class Difference:
    """What two nights differ in; every list is whole."""

    before: Night
    after: Night
    entities: Rows
    models: list[str]
    events: Rows
    values: Rows
    orders: Rows

    def document(self) -> dict[str, Any]:
        """The difference as it is printed in JSON."""
        nights = {
            key: {"run": night.name, "run_date": night.run_date}
            for key, night in (("before", self.before), ("after", self.after))
        }
        return nights | {
            "entities": self.entities,
            "models_changed": self.models,
            "events": self.events,
            "values": self.values,
            "orders": self.orders,
            "causes": CAUSES,
        }


def find_night(project: Project, name: str) -> Night:
    """The published file of a run: `current`, `previous` (published before it), a run id, or `<run_id>/<attempt>`.

    Raises ConfigError where there is none.
    """
    nights = _nights(project.output)
    by_name = {night.name: night for night in nights}
    current = archive.published_file(project.output)
    place = next((i for i, night in enumerate(nights) if current and night.path.resolve() == current), None)
    found: Night | None
    if name == "current":
        found = nights[place] if place is not None else None
    elif name == "previous":
        found = nights[place - 1] if place else None
    else:
        found = by_name.get(name) or next((one for one in reversed(nights) if one.name.startswith(f"{name}/")), None)
    if found is None:
        known = ", ".join(by_name) or "none"
        raise ConfigError(f"no published run is called {name!r}", remedy=f"name two of these: {known}")
    return found


def _nights(output: Path) -> list[Night]:
    """Every published attempt whose file is still there, in the order in which they began."""
    found = []
    for manifest in archive.manifests(output):
        path = Path(manifest["directory"]) / PUBLISHED_FILE
        if manifest.get("verdict") == "published" and path.is_file():
            name = f"{manifest['run_id']}/{path.parent.name}"
            found.append(Night(name, str(manifest["run_date"]), path))
    return found


def difference(
    project: Project, before: Night, after: Night, *, entity: str | None = None, unmasked: bool = False
) -> Difference:
    """What differs between two nights, for one entity or for all. Personal values are masked unless `unmasked`."""
    entities = [project.entity(entity)] if entity else list(project.entities)
    with _both(before, after) as warehouse:
        _compare(warehouse, entities)
        orders = _touched_orders(warehouse, entities)
        chosen = ", ".join(literal(one.name) for one in entities) or "null"
        values = warehouse.records(
            f"""select entity, master_id, field, column_name as "column", value_before, value_after, record_before,
                record_after, rule_before, rule_after, cause
            from diffed.golden_values where entity in ({chosen})
            order by entity, field, "column", master_id"""
        )
        return Difference(
            before,
            after,
            _summary(warehouse, entities),
            [str(row[0]) for row in warehouse.rows("select entity from diffed.models order by entity")],
            _events(warehouse, chosen),
            values if unmasked else [_masked(row, project.personal_columns()) for row in values],
            orders,
        )


@contextmanager
def _both(before: Night, after: Night) -> Iterator[Warehouse]:
    """A warehouse in memory with both files attached as `earlier` and `later`, for reading."""
    warehouse = Warehouse()
    try:
        warehouse.execute("create schema diffed")
        # A file of an older version does not say what its records said.
        warehouse.recall(before.path, "diffed.contents_before", "identity.record_contents", _CONTENTS)
        warehouse.recall(after.path, "diffed.contents_after", "identity.record_contents", _CONTENTS)
        warehouse.attach(before.path, "earlier")
        warehouse.attach(after.path, "later")
        yield warehouse
    finally:
        warehouse.close()


def _compare(warehouse: Warehouse, entities: Sequence[Entity]) -> None:
    """Build the tables of `diffed`, down to what each event and each golden value is due to."""
    for step in ("records", "models"):
        warehouse.build(f"diffed.{step}", engine_select("diffed", step))
    warehouse.execute("create table diffed.rules (entity varchar, rule varchar)")
    for entity in entities:
        for rule in entity.linkage.deterministic:
            warehouse.execute("insert into diffed.rules values (?, ?)", [entity.name, rule.name])
    for step in _STEPS:
        warehouse.build(f"diffed.{step}", engine_select("diffed", step))
    warehouse.execute(f"create table diffed.changed_values ({_VALUES})")
    for entity in entities:
        for select in _changed_values(warehouse, entity):
            warehouse.execute(f"insert into diffed.changed_values {select}")
    for step in ("golden_values", "touched"):
        warehouse.build(f"diffed.{step}", engine_select("diffed", step))


def _changed_values(warehouse: Warehouse, entity: Entity) -> Iterator[str]:
    """One SELECT for each golden column that both files have: masters of both nights whose value differs."""
    table, key = f"master.{entity.name}", entity.id_column
    common = set(_columns(warehouse, "earlier", table)) & set(_columns(warehouse, "later", table))
    if key not in common:
        return
    evidence = {one.column for one in entity.evidence}
    for field in entity.golden.fields:
        for column in field.taken():
            if column not in common or column == key:
                continue
            yield f"""select
    {literal(entity.name)}, old.{key}, {literal(field.name)}, {literal(column)}, {literal(column in evidence)},
    {literal(column == entity.golden.dated_by)}, cast(old.{quoted(column)} as varchar),
    cast(new.{quoted(column)} as varchar)
from earlier.{table} as old
join later.{table} as new on new.{key} = old.{key}
where cast(old.{quoted(column)} as varchar) is distinct from cast(new.{quoted(column)} as varchar)"""


def _columns(warehouse: Warehouse, catalog: str, table: str) -> list[str]:
    schema, name = table.split(".")
    query = """select column_name from information_schema.columns
        where table_catalog = ? and table_schema = ? and table_name = ? order by ordinal_position"""
    return [str(row[0]) for row in warehouse.rows(query, [catalog, schema, name])]


def order_tables(warehouse: Warehouse, entities: Sequence[Entity]) -> list[tuple[str, str, str]]:
    """(table, column, entity) of every column of `master` by which an order belongs to a master.

    The engine knows no source by name: a table of orders is one whose rows are orders (its first column is `order_id`)
    and that says how far they are (`status`); the columns are those named like an entity's id, with a role before it
    (`ship_to_address_id`). One that begins with `source_` holds a source's own key.
    """
    query = """select distinct table_name from information_schema.columns
        where table_catalog = 'later' and table_schema = 'master' and column_name = 'status' order by table_name"""
    found = []
    for (table,) in warehouse.rows(query):
        columns = _columns(warehouse, "later", f"master.{table}")
        if columns[0] != "order_id":
            continue
        for entity in entities:
            ids = [
                one
                for one in columns
                if one == entity.id_column or (one.endswith(f"_{entity.id_column}") and not one.startswith("source_"))
            ]
            found += [(str(table), column, entity.name) for column in ids]
    return found


def _touched_orders(warehouse: Warehouse, entities: Sequence[Entity]) -> Rows:
    """Open orders of masters that are not what they were, and those that belong to another master now."""
    warehouse.execute(f"create table diffed.orders ({_ORDERS})")
    for table, column, entity in order_tables(warehouse, entities):
        known = column in _columns(warehouse, "earlier", f"master.{table}")
        join = f"left join earlier.master.{table} as old on old.order_id = new.order_id" if known else ""
        before = f"old.{column}" if known else "cast(null as varchar)"
        warehouse.execute(
            f"""insert into diffed.orders
            select {literal(table)}, cast(new.order_id as varchar), {literal(column)}, {before}, new.{column},
                {literal(entity)}, string_agg(distinct touched.what || ' (' || touched.cause || ')', ', '
                    order by touched.what || ' (' || touched.cause || ')')
            from later.master.{table} as new
            {join}
            join diffed.touched
                on touched.entity = {literal(entity)}
                and touched.master_id = new.{column}
            where new.status = 'open'
            group by all"""
        )
    return warehouse.records('select * from diffed.orders order by "table", order_id, column_name')


def _summary(warehouse: Warehouse, entities: Sequence[Entity]) -> Rows:
    """The figures of each entity."""
    rows = []
    for entity in entities:
        counts = dict(
            warehouse.rows("select event, count(*) from diffed.events where entity = ? group by event", [entity.name])
        )
        masters = [
            warehouse.value(
                f"select count(distinct master_id) from {night}.identity.xref where entity = ?", [entity.name]
            )
            for night in ("earlier", "later")
        ]
        causes = warehouse.rows(
            """select cause, count(*) from (
                select cause from diffed.changes where entity = $1
                union all select cause from diffed.golden_values where entity = $1
            ) as found group by cause order by count(*) desc, cause""",
            [entity.name],
        )
        events = {event: counts.get(event, 0) for event in ("created", "retired", "merged", "split", "moved")}
        values = warehouse.value("select count(*) from diffed.golden_values where entity = ?", [entity.name])
        rows.append(
            {"entity": entity.name, "masters_before": masters[0], "masters_after": masters[1]}
            | events
            | {"values": values, "causes": dict(causes)}
        )
    return rows


def _events(warehouse: Warehouse, chosen: str) -> Rows:
    """Every event with its records; created masters last, for there are many and they need no explanation."""
    return warehouse.records(
        f"""with members as (
            select entity, master_before, master_after, list_sort(list(record_id)) as members
            from diffed.records
            group by entity, master_before, master_after
        )
        select changes.entity, changes.event, changes.master_id, changes.into_master_id, changes.records,
            members.members, changes.cause, changes.record_id_l, changes.record_id_r, changes.reason,
            changes.match_weight, changes.other_weight, changes.other_decision
        from diffed.changes
        join members
            on members.entity = changes.entity
            and members.master_before is not distinct from changes.master_id
            and members.master_after is not distinct from changes.into_master_id
        where changes.entity in ({chosen})
        order by changes.entity, list_position(['merged', 'split', 'moved', 'retired', 'created'], changes.event),
            changes.master_id, changes.into_master_id"""
    )


def _masked(row: dict[str, Any], personal: frozenset[str]) -> dict[str, Any]:
    column = str(row["column"])
    if not is_personal(column, personal):
        return row
    return row | {side: mask_value(column, row[side], personal) for side in ("value_before", "value_after")}
