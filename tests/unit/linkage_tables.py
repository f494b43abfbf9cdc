"""Hand-made tables of a linkage, as the link stage leaves them, for the tests of evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

from dq_pipeline.config.entity import Entity
from dq_pipeline.warehouse import Warehouse, literal

_SAME = {"first_name": "first", "last_name": "last", "birth": "born", "mail": "email", "telephone": "phone"}
PERSON = Entity.model_validate(
    {
        "name": "person",
        "title": "Person",
        "id_prefix": "PER",
        "sources": ["crm", "shop"],
        "linkage": {
            "deterministic": [{"name": "states_account", "sql": "l.account = r.record_id"}],
            "blocking": [["email"], ["born"]],
            "comparisons": [
                {"name": name, "columns": [column], "levels": [{"label": "same", "sql": f"{column}_l = {column}_r"}]}
                for name, column in _SAME.items()
            ],
            "training": {"prior_rules": [["first", "last", "email"]]},
        },
        "golden": {"fields": [{"name": "first"}]},
    }
)

_COLUMNS = {
    "input": "record_id varchar, source varchar, source_key varchar, system varchar, first varchar, last varchar, "
    "born varchar, email varchar, phone varchar, account varchar",
    "profiles": "record_id varchar, profile_id varchar, profile_no bigint",
    "scored": "l bigint, r bigint, rule bigint, match_weight double",
    "edges": "record_id_l varchar, record_id_r varchar, match_weight double, match_probability double, "
    "match_reason varchar, strong varchar, conflict varchar, decision varchar",
    "merges": "cluster_l varchar, cluster_r varchar, round integer, match_weight double, reason varchar",
    "clusters": "record_id varchar, cluster_id varchar",
    "review": "record_id_l varchar, record_id_r varchar, match_weight double, match_probability double, reason varchar",
    "confusable": "record_id_l varchar, record_id_r varchar, kind varchar",
    "judgements": "record_id_l varchar, record_id_r varchar, judgement varchar, status varchar",
}


def linked(entity: str, warehouse: Warehouse | None = None, **tables: Sequence[Mapping[str, Any]]) -> Warehouse:
    """A warehouse with all tables of an entity's linkage; columns that a row leaves out are null."""
    warehouse = warehouse or Warehouse()
    for name, columns in _COLUMNS.items():
        table = f"linked.{entity}_{name}"
        warehouse.execute(f"create or replace table {table} ({columns})")
        for row in tables.get(name, ()):
            values = ", ".join(literal(value) for value in row.values())
            warehouse.execute(f"insert into {table} ({', '.join(row)}) values ({values})")
    return warehouse


def made_truth(warehouse: Warehouse, truth: Mapping[str, str]) -> str:
    """The table linked.truth (record_id, entity_id); returns its name."""
    warehouse.execute("create or replace table linked.truth (record_id varchar, entity_id varchar)")
    for record, entity in truth.items():
        warehouse.execute("insert into linked.truth values (?, ?)", [record, entity])
    return "linked.truth"
