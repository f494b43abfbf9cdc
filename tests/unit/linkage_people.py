"""A small entity of persons and a record table of them, for the tests of linkage."""

from collections.abc import Iterable
from typing import Any

from dq_pipeline.config.entity import Entity
from dq_pipeline.warehouse import Warehouse

COLUMNS = ("record_id", "first", "last", "born", "email", "phone", "account")
PERSON: dict[str, Any] = {
    "name": "person",
    "title": "Person",
    "id_prefix": "PER",
    "sources": ["crm"],
    "linkage": {
        "deterministic": [
            {"name": "states_account", "sql": "l.account = r.record_id and l.last = r.last"},
        ],
        "blocking": [["email"], ["phone"], ["first", "last"], ["born"]],
        "comparisons": [
            {
                "name": "first_name",
                "columns": ["first"],
                "term_frequency": "first",
                "disagree_at_most": 0.05,
                "levels": [
                    {"label": "same", "sql": "first_l = first_r"},
                    {"label": "close", "sql": "jaro_winkler_similarity(first_l, first_r) >= 0.9"},
                ],
            },
            {
                "name": "last_name",
                "columns": ["last"],
                "term_frequency": "last",
                "disagree_at_most": 0.1,
                "levels": [{"label": "same", "sql": "last_l = last_r"}],
            },
            {
                "name": "birth",
                "columns": ["born"],
                "strong": True,
                "levels": [{"label": "same", "sql": "born_l = born_r"}],
            },
            {
                "name": "mail",
                "columns": ["email"],
                "strong": True,
                "levels": [{"label": "same", "sql": "email_l = email_r"}],
            },
            {
                "name": "telephone",
                "columns": ["phone"],
                "strong": True,
                "levels": [{"label": "same", "sql": "phone_l = phone_r"}],
            },
        ],
        "related": [{"name": "household", "shares": {"last_name": 1, "telephone": 0.5}}],
        "shield": {"odds": 4},
        "compare_all_pairs": 0,
        "conflicts": [
            {"name": "birth", "sql": "born_l <> born_r"},
            {"name": "first_name", "sql": "jaro_winkler_similarity(first_l, first_r) < 0.7"},
        ],
        "training": {"prior_rules": [["first", "last", "email"], ["first", "last", "born"]], "recall": 0.8},
    },
    "golden": {"fields": [{"name": "first"}]},
}
FIRST = ("anna", "berta", "carl", "dora", "emil", "frida", "gustav", "hanna", "igor", "jutta", "konrad", "lena")
LAST = ("ash", "brook", "crane", "dale", "elm", "frost", "glen", "heath", "ives", "jarvis", "kent", "lowe", "marsh")


def person(**linkage: Any) -> Entity:
    """The entity, with parts of its linkage replaced."""
    return Entity.model_validate(PERSON | {"linkage": PERSON["linkage"] | linkage})


def people(size: int, copies: int = 2) -> list[tuple[str | None, ...]]:
    """`size` different persons of one family name or another, each with `copies` records that differ a little."""
    rows: list[tuple[str | None, ...]] = []
    for number in range(size):
        first, last = FIRST[number % 12], LAST[number % 13]
        born = f"19{40 + number % 50}-0{1 + number % 9}-{10 + number % 17}"
        for copy in range(copies):
            email = None if copy % 3 == 2 else f"{first}{number}@x.com"
            phone = None if copy % 3 == 1 else f"555{number:07d}"
            spelled = first + "a" if copy == 1 and number % 10 == 0 else first
            rows.append((f"crm:{number:05d}-{copy}", spelled, last, born, email, phone, None))
    return rows


def warehouse_of(rows: Iterable[tuple[str | None, ...]]) -> Warehouse:
    """A warehouse in memory whose standardized.person has these rows, in this order."""
    warehouse = Warehouse(threads=2)
    columns = ", ".join(f"{column} varchar" for column in COLUMNS)
    warehouse.execute(f"create table standardized.person ({columns})")
    lists = [list(values) for values in zip(*rows, strict=True)]
    if lists:
        warehouse.execute(f"insert into standardized.person select {', '.join('unnest(?)' for _ in lists)}", lists)
    return warehouse


def clusters(warehouse: Warehouse) -> dict[str, str]:
    """Record -> cluster, as linked.person_clusters says."""
    return dict(warehouse.rows("select record_id, cluster_id from linked.person_clusters order by record_id"))
