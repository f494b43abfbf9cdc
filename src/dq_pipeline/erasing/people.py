"""Who is erased: the masters that were asked for, with their records, and the values by which files are searched."""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dq_pipeline.config import Project
from dq_pipeline.warehouse import Warehouse, quoted

ERASED = "[erased]"
# A shorter value is found by chance; so is one that is neither a number, an address, nor of two words.
SHORTEST = 6
_TELLING = re.compile(r"@|(?:\d\D*){7}|\S\s+\S")
# Thousands share a day of birth.
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?")


@dataclass
class Erased:
    """One erasure under way. Its values are personal: it is written to a private file until all is done, and never
    into a certificate.

    `masters` are the ids of the people; `records` the ids of their records; `rows` source -> keys of their rows;
    `values` what is searched for in texts; `shared` counts those that stay, because other people have them too.
    """

    erasure_id: str
    started_at: str
    entity: str
    masters: tuple[str, ...]
    records: frozenset[str]
    rows: Mapping[str, frozenset[str]]
    values: frozenset[str]
    shared: int
    reason: str = ""
    erased_by: str = ""

    def as_document(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return vars(self) | {
            "masters": sorted(self.masters),
            "records": sorted(self.records),
            "rows": {source: sorted(keys) for source, keys in self.rows.items()},
            "values": sorted(self.values),
        }

    @classmethod
    def from_document(cls, held: dict[str, Any]) -> "Erased":
        """What `as_document` gave."""
        sets = {name: frozenset(held[name]) for name in ("records", "values")}
        rows = {source: frozenset(keys) for source, keys in held["rows"].items()}
        return cls(**(held | sets | {"masters": tuple(held["masters"]), "rows": rows}))

    @property
    def ids(self) -> frozenset[str]:
        """Every id by which a row can be the person's."""
        return self.records | frozenset(self.masters)


def alternatives(values: Iterable[str], ids: Iterable[str] = ()) -> str:
    """A pattern, without regard to case, of any of the values or ids, the longest first.

    RE2 and Python read it alike. An id counts as a whole word only: `orders:1` is not in `orders:12`.
    """
    ordered = sorted(set(values), key=lambda value: (-len(value), value))
    parts = [re.escape(value) for value in ordered] + [rf"\b{re.escape(one)}\b" for one in sorted(set(ids))]
    return f"(?i)(?:{'|'.join(parts)})" if parts else r"\b\B"


def is_telling(value: str) -> bool:
    """Whether a text is the person's beyond chance."""
    return len(value) >= SHORTEST and _TELLING.search(value) is not None and not _DATE.fullmatch(value)


def spellings(value: str) -> set[str]:
    """How a value may stand in HTML, JSON and addresses."""
    return {
        value,
        html.escape(value),
        html.escape(value, quote=False),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value),
        quote(value, safe=""),
        html.escape(value, quote=False).replace("'", "&#39;").replace('"', "&#34;"),
    }


def masters_of(reader: Warehouse, entity: str, ids: Iterable[str]) -> dict[str, str]:
    """Id that was asked for -> the id in use for it; only ids that have records."""
    found: dict[str, str] = {}
    for asked in ids:
        query = """select distinct xref.master_id from identity.xref as xref
            where xref.entity = ? and (xref.master_id = ? or xref.master_id in (
                select current_id from identity.resolve where entity = ? and master_id = ?))"""
        for (master,) in reader.rows(query, [entity, asked, entity, asked]):
            found[asked] = str(master)
    return found


def records_of(reader: Warehouse, entity: str, master: str) -> list[tuple[str, str, str]]:
    """Source, source key and record id of a master's records, those that are away or in quarantine tonight too."""
    query = """select source, source_key, record_id from identity.xref where entity = $1 and master_id = $2"""
    if reader.has("identity.known_records"):
        query += """ union
            select split_part(record_id, ':', 1), substr(record_id, strpos(record_id, ':') + 1), record_id
            from identity.known_records where entity = $1 and master_id = $2"""
    found = reader.rows(f"{query} order by all", [entity, master])
    return [(str(source), str(key), str(record)) for source, key, record in found]


def golden_values(reader: Warehouse, project: Project, entity: str, masters: Iterable[str]) -> set[str]:
    """What the published file says of the masters in personal columns, and what lost against it."""
    personal, values = project.personal_columns(), set[str]()
    table = f"master.{entity}"
    columns = [name for name in reader.columns(table) if name in personal]
    key = next(iter(reader.columns(table)))
    for master in masters:
        for column in columns:
            query = f"select cast({quoted(column)} as varchar) from {table} where {quoted(key)} = ?"
            values |= {str(value) for (value,) in reader.rows(query, [master]) if value}
        query = """select field, value, losing_values from identity.provenance where entity = ? and master_id = ?"""
        for name, value, losing in reader.rows(query, [entity, master]):
            if name in personal:
                values |= {str(one) for one in (value, *(losing or ())) if one}
    return values


def golden_of_others(reader: Warehouse, project: Project, erased: Erased) -> set[str]:
    """Those of the values that the published file says of other masters too."""
    personal, shared = project.personal_columns(), set[str]()
    table = f"master.{erased.entity}"
    columns = list(reader.columns(table))
    for column in [name for name in columns if name in personal]:
        query = f"""select distinct value from (select unnest(?::varchar[]) as value) as asked
            join {table} as golden on contains(lower(cast(golden.{quoted(column)} as varchar)), lower(value))
            where golden.{quoted(columns[0])} not in (select unnest(?::varchar[]))"""
        shared |= {str(row[0]) for row in reader.rows(query, [sorted(erased.values), list(erased.masters)])}
    return shared
